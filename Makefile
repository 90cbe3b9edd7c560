# Everything that is done with the sources is a target here; .ci/run only calls
# them. build, test, race, check and demo need Go, a C compiler, make and git,
# and nothing else. `make help` lists the targets from the comments behind them.

SHELL      := /bin/sh
GO         ?= go
VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS    := -X github.com/twinctl/twin/cmd/internal/app.version=$(VERSION)
ARCH       := $(shell $(GO) env GOARCH)
DIST       := twin-$(VERSION)-linux-$(ARCH)
LINT       := $(GO) tool -modfile=scripts/tools/go.mod golangci-lint

DEMO_SECONDS ?= 45
DEMO_FEED    ?= ami
DEMO_SCREEN  ?= auto
FUZZTIME     ?= 10s
BENCHTIME    ?= 1x
BENCH        ?= .

# SQLite is C: there is no build without cgo. What is compiled does not depend
# on where it stands, so that another checkout, and what the tests build, need
# not compile it again.
export CGO_ENABLED := 1
export GOFLAGS     := -trimpath $(GOFLAGS)

.PHONY: build test race test-real lint fuzz bench demo dist check clean help
.DEFAULT_GOAL := build

build: ## build bin/twind and bin/twinctl
	$(GO) build -ldflags "$(LDFLAGS)" -o bin/ ./cmd/twind ./cmd/twinctl

# check has vetted all of it. Many tests wait for what takes its seconds: more
# packages than processors are tested at once.
test: ## every test that needs nothing but Go and a C compiler
	$(GO) test -p 4 -vet=off -timeout 20m ./...

# What races shows in the first cases as in the last: a third of what rapid draws
# will do, where each takes many times as long.
race: export RAPID_CHECKS ?= 33
race: ## every test under the race detector, in random order
	@GO='$(GO)' scripts/race.sh

test-real: ## tests against real programs: power cut, EIO, full disk, systemd, sshd, haproxy, keepalived, tmux (Linux, root, see .ci/run)
	@scripts/need.sh
	$(GO) vet -tags real ./...
	$(GO) test -p 4 -tags real -count=1 -timeout 25m -run Real $$(grep -rl --include='*_test.go' '^func TestReal' . | xargs dirname | sort -u)

# The linter's cache keeps file names relative to the checkout that filled it,
# and would tell another checkout of them: each has a cache of its own.
lint: export GOLANGCI_LINT_CACHE := $(CURDIR)/bin/lint
lint: ## the pinned golangci-lint (the first build of it takes some minutes)
	$(LINT) config verify
	$(LINT) run

fuzz: ## every fuzz target for FUZZTIME each (10s)
	@scripts/fuzz.sh $(FUZZTIME)

bench: ## benchmarks and their yardsticks; BENCH names some, BENCHTIME how long each (1x)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem -timeout 30m ./...

demo: build ## an upstream and two servers that collect it by DEMO_FEED (ami, tail, relp or tail,relp), for DEMO_SECONDS (45); on a terminal then the screen on a pair that lives (DEMO_SCREEN=no: not)
	bin/twinctl demo --feed $(DEMO_FEED) --seconds $(DEMO_SECONDS) --screen $(DEMO_SCREEN)

dist: build ## dist/twin-VERSION-linux-ARCH.tar.gz: programs, unit, scripts, README
	@scripts/dist.sh $(DIST)

check: ## what a commit must pass, beside the tests: format, vet, modules, build, floors, scripts
	@scripts/check.sh

clean: ## remove what was built
	rm -rf bin dist

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
