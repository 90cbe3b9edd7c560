// Package faults proves what a server promises when something breaks: it runs
// the real programs against real files and sockets, and kills, fills, cuts and
// floods. What needs root or other programs stands behind the build tag "real";
// its tests are named so too, and fail where something is missing.
package faults

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
)

// TestMain builds the programs once and puts them first in PATH. They are
// built without the race detector, whatever the tests are: memory and times
// shall be those of the real ones. What only a debugger reads is left out, for
// linking it takes as long again.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "twin-faults-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", dir+"/",
		"github.com/twinctl/twin/cmd/twind", "github.com/twinctl/twin/cmd/twinctl")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v: %s", err, out))
	}
	if err := os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
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
