#!/bin/bash
# How Cloud Foundry stages an app with classic buildpacks: `stage.sh SKIP_DETECT BUILDPACK_DIR…`, as the user of the app.
#
# It follows the platform's own builder: which program of which buildpack is called with which directories, what is
# kept, and with which code a staging fails (222 nobody detects, 223 the last buildpack fails, 225 an earlier one does).
set -u
umask 0022
cd /home/vcap || exit 1
skip_detect=$1
shift
contents=$(mktemp -d /tmp/contentsXXXXXXXX)
mkdir -p "$contents/deps" "$contents/profile.d" /tmp/cache/final

index=0
if [ "$skip_detect" = true ]; then
  while [ $# -gt 1 ]; do
    mkdir -p "$contents/deps/$index" "/tmp/cache/$(basename "$1")"
    "$1/bin/supply" /tmp/app "/tmp/cache/$(basename "$1")" "$contents/deps" $index || exit 225
    index=$((index + 1))
    shift
  done
  final=$1
else
  final=
  for buildpack in "$@"; do
    if name=$("$buildpack/bin/detect" /tmp/app); then
      final=$buildpack
      echo "detected: $name"
      break
    fi
  done
  [ -n "$final" ] || exit 222
fi

mkdir -p "$contents/deps/$index"
"$final/bin/supply" /tmp/app /tmp/cache/final "$contents/deps" $index || exit 223
"$final/bin/finalize" /tmp/app /tmp/cache/final "$contents/deps" $index "$contents/profile.d" || exit 223
"$final/bin/release" /tmp/app > /tmp/release.yml || exit 224
if [ -L /tmp/app ] || [ ! -d /tmp/app ]; then
  echo "the directory of the app is none any more"
  exit 1
fi

cp -a /tmp/app "$contents/app"
mkdir -p "$contents/tmp" "$contents/logs"
tar czf /tmp/droplet.tgz -C "$contents" .
tar czf /tmp/cache.tgz -C /tmp/cache .
