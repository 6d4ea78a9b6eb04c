#!/bin/sh
# Completes a base image of the local profile; mmdebstrap calls it on the host, with the image's root as $1.
# CNB_UID is the user that builds or runs apps; the group is 1000 in both images.
set -eu
root=$1

echo "cnb:x:1000:" >> "$root/etc/group"
echo "cnb:x:${CNB_UID}:1000::/home/cnb:/bin/sh" >> "$root/etc/passwd"
# Without these the password tools call the files inconsistent.
if [ -f "$root/etc/shadow" ]; then echo 'cnb:!:19000:0:99999:7:::' >> "$root/etc/shadow"; fi
if [ -f "$root/etc/gshadow" ]; then echo 'cnb:!::' >> "$root/etc/gshadow"; fi
mkdir -p "$root/home/cnb"
chown "${CNB_UID}:1000" "$root/home/cnb"

# What this machine's administrator trusts, builds and apps trust as well: a proxy that inspects TLS, an own registry.
for file in /usr/local/share/ca-certificates/*.crt; do
  if [ -e "$file" ]; then
    install -D -m 644 "$file" "$root/usr/local/share/ca-certificates/$(basename "$file")"
  fi
done
chroot "$root" update-ca-certificates > /dev/null
