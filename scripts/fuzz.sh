#!/bin/sh
# Runs every fuzz target of the module, one after the other: go test takes one
# at a time.
#   scripts/fuzz.sh [TIME]      how long each runs; 10s unless said
set -eu

time=${1:-10s}
go=${GO:-go}
found=0

packages=$("$go" list ./...)
for package in $packages; do
	listed=$("$go" test -list '^Fuzz' "$package")
	for target in $(echo "$listed" | grep '^Fuzz' || true); do
		found=$((found + 1))
		echo "== $package $target"
		"$go" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
	done
done

if [ "$found" = 0 ]; then
	echo "fuzz: no target found" >&2
	exit 1
fi
echo "fuzz: $found targets, $time each"
