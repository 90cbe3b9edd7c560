#!/bin/sh
# Every test under the race detector, in random order. The detector itself ends a
# program now and then in which testing/synctest goes through many timers
# (https://go.dev/issue/78156, "ThreadSanitizer: CHECK failed"), without a word
# about the test: packages of which nothing else was said are tested once more.
set -eu

go=${GO:-go}
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# Many tests wait for what takes its seconds: more packages than processors are
# tested at once. And each program that a test runs would else stay for a second
# after its end, for reports that come late.
export GORACE="${GORACE:-atexit_sleep_ms=100}"
tests() { "$go" test -p 4 -vet=off -race -shuffle=on -timeout 20m "$@" 2>&1 || echo "race: go test: status $?"; }

tests ./... | tee "$said"
case $(tail -n 1 "$said") in
"race: go test: status "*) ;;
*) exit 0 ;;
esac

# Of what failed: the packages in which only the detector did, or a line that says
# that there was more.
again=$(awk -F '\t' '
	/^ThreadSanitizer: CHECK failed/ { detector = 1; next }
	/^ok/ || /^\?/ { detector = failed = 0; next }
	/^FAIL\t/ { print (detector && !failed && $2 !~ / /) ? $2 : "other"; detector = failed = 0; next }
	/^(--- FAIL|panic:|WARNING: DATA RACE|fatal error:)/ { failed = 1 }
' "$said")
case "
$again
" in
*"
other
"* | "

") exit 1 ;;
esac
echo "race: the detector failed; once more: $(echo "$again" | tr '\n' ' ')"
# shellcheck disable=SC2086 # one word a package
"$go" test -vet=off -race -shuffle=on -timeout 20m $again
