#!/bin/sh
# What a commit must pass beside the tests. Each line says what is wrong and
# where; the first that fails ends it.
set -eu

go=${GO:-go}

step() { echo "== $1"; }
fail() {
	echo "check: $1" >&2
	exit 1
}

step "format"
unformatted=$(find . -name '*.go' -not -path './.*' -exec gofmt -l {} +)
[ -z "$unformatted" ] || fail "gofmt -w would change:
$unformatted"

step "vet"
"$go" vet ./...
"$go" vet -tags real ./...

step "modules"
"$go" mod tidy -diff || fail "go.mod or go.sum is not tidy: run go mod tidy"
"$go" mod verify

step "build"
"$go" build ./...

step "floors"
"$go" test ./cmd/internal/floors

step "scripts"
for script in scripts/*.sh scripts/*/*.sh; do
	sh -n "$script" || fail "$script does not parse"
done
bash -n .ci/run || fail ".ci/run does not parse"

step "help"
for target in build test race test-real lint fuzz bench demo dist check clean help; do
	make -s help | grep -q "^$target " || fail "make help does not tell of $target"
done
