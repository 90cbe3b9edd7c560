#!/bin/sh
# Starts a systemd unit while this server is primary, and stops it when it is not.
#   follow-role.sh FILE UNIT    FILE is role.file of twin.toml
# It may be called at any time, as often as one likes.
set -eu

file=${1:?usage: follow-role.sh FILE UNIT}
unit=${2:?usage: follow-role.sh FILE UNIT}

# role prints the first word: primary, secondary or held. No file: none of them.
role() {
	word=none
	if [ -r "$file" ]; then read -r word _ <"$file" || :; fi
	echo "$word"
}

# What changes while this is at work does not call it again.
before=
while now=$(role) && [ "$now" != "$before" ]; do
	if [ "$now" = primary ]; then
		systemctl start "$unit"
	else
		systemctl stop "$unit"
	fi
	before=$now
done
