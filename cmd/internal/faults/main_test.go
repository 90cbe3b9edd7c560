// Package faults proves what a server promises when something breaks: it runs
// the real programs against real files and sockets, and kills, fills, cuts and
// floods. What needs root or other programs stands behind the build tag "real";
// its tests are named so too, and fail where something is missing.
package faults

import (
	"flag"
	"runtime"
	"strconv"
	"testing"

	"github.com/twinctl/twin/fixtures/programs"
)

// TestMain builds the programs once and puts them first in PATH. They are
// built without the race detector, whatever the tests are: memory and times
// shall be those of the real ones.
func TestMain(m *testing.M) {
	built, remove, err := programs.First()
	if err == nil {
		defer func() { _ = remove() }()
		err = built()
	}
	if err != nil {
		panic(err)
	}
	// Most of them wait for what takes its seconds, so more may run than there
	// are processors.
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(max(6, runtime.GOMAXPROCS(0)))); err != nil {
		panic(err)
	}
	m.Run()
}
