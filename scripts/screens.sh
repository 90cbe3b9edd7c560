#!/bin/sh
# Draws the screens of a pair that lives for a while into scripts/pictures, for
# README.md. Needs tmux, and the programs built with a version that may be seen:
#   make build VERSION=v1.0 && scripts/screens.sh
set -eu
[ $# -eq 0 ] || { echo "usage: scripts/screens.sh" >&2; exit 2; }

work=$(mktemp -d)
socket=twin-screens-$$
trap 'tmux -L "$socket" kill-server 2>/dev/null || :; kill "$demo" 2>/dev/null || :; wait "$demo" 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM # a shell that a signal ends takes no leave else
demo=
bin/twinctl demo --hold --dir "$work/pair" >"$work/said" 2>&1 &
demo=$!
until grep -q '^ready$' "$work/said"; do
	kill -0 "$demo" || { cat "$work/said" >&2; exit 1; }
	sleep 1
done
export TWIN_CONFIG="$work/pair/cms-a/twin.toml"
add() { bin/twinctl timetable add "$@" --yes >/dev/null; }
add 'nightly backup' --schedule '0 2 * * *' --runs-on both --task 'backup full' --task 'backup prune --keep-daily 7'
add 'quarter sync' --schedule 'every 15m' --task sync
add 'weekly drill' --schedule '0 5 * * sun' --runs-on both --task 'backup drill'
bin/twinctl sync --first --yes >/dev/null
for name in 'nightly backup' 'weekly drill' 'quarter sync'; do
	bin/twinctl timetable run "$name" >/dev/null 2>&1 || echo "the run of $name failed" >&2
done
sleep "${SCREENS_SECONDS:-60}" # until there is something to be seen

tmux -L "$socket" new-session -d -x 120 -y 36 "exec bin/twinctl tui --theme dark"
sleep 12 # the rates of some seconds are drawn
picture() { # NAME KEY...
	name=$1
	shift
	for key; do
		tmux -L "$socket" send-keys "$key"
		sleep 1
	done
	sleep 2
	tmux -L "$socket" capture-pane -e -p | go run ./cmd/internal/picture >"$work/$name.svg"
	mv "$work/$name.svg" "scripts/pictures/$name.svg"
	echo "scripts/pictures/$name.svg"
}
picture history 4
picture timetables 5
picture switch-over 8
picture twins 1
