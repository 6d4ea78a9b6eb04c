#!/bin/bash
# How Cloud Foundry starts a process of a staged app: `launch.sh COMMAND`, as the user of the app.
#
# It follows the platform's own launcher: the scripts of `profile.d`, those of the app, then the command in a shell
# that it replaces.
set -u
cd /home/vcap || exit 1
export HOME=/home/vcap/app TMPDIR=/home/vcap/tmp DEPS_DIR=/home/vcap/deps USER=vcap LANG=en_US.UTF-8
export VCAP_APP_HOST=0.0.0.0 VCAP_APP_PORT=8080 INSTANCE_INDEX=0
exec bash -c '
cd "$1"
if [ -n "$(ls ../profile.d/* 2> /dev/null)" ]; then
  echo "Invoking pre-start scripts."
  for script in ../profile.d/*; do
    source $script
  done
fi
if [ -n "$(ls .profile.d/* 2> /dev/null)" ]; then
  for script in .profile.d/*; do
    source $script
  done
fi
if [ -f .profile ]; then
  source .profile
fi
echo "Invoking start command."
exec bash -c "$2"
' bash app "$1"
