package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinctl/twin/cmd/internal/freeport"
	"github.com/twinctl/twin/fixtures/draws"
	"github.com/twinctl/twin/fixtures/programs"
)

var update = flag.Bool("update", false, "write what the scripts compare with")

// built has twinctl and twind in PATH.
var built func() error

// TestMain makes a guest a command of the scripts, and puts the programs, as
// they are installed, where they will find them.
func TestMain(m *testing.M) {
	tests := tests{m, func() error { return nil }}
	if filepath.Base(os.Args[0]) != "guest" {
		var raced []string
		if draws.Raced {
			raced = []string{"-race"}
		}
		var err error
		if built, tests.clear, err = programs.First(raced...); err != nil {
			panic(err)
		}
		// The scripts mostly wait, so more may run than there are processors.
		flag.Parse()
		if err := flag.Set("test.parallel", strconv.Itoa(max(6, runtime.GOMAXPROCS(0)))); err != nil {
			panic(err)
		}
		// What these start would else ignore it too, where the tests are run by nohup.
		if signal.Ignored(syscall.SIGHUP) {
			signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
		}
	}
	testscript.Main(tests, map[string]func(){"guest": func() { os.Exit(guest()) }})
}

// tests clear up behind themselves: who runs them exits.
type tests struct {
	*testing.M

	clear func() error
}

func (t tests) Run() int {
	defer func() { _ = t.clear() }()
	return t.M.Run()
}

// withPrograms has twinctl and twind in PATH.
func withPrograms(t *testing.T) {
	t.Helper()
	if err := built(); err != nil {
		t.Fatal(err)
	}
}

func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scripts(t, "testdata/script"))
}

// scripts says how those of a directory are run.
func scripts(t *testing.T, dir string) testscript.Params {
	t.Helper()
	withPrograms(t)
	fixtures, err := filepath.Abs("../../fixtures/asterisk")
	if err != nil {
		t.Fatal(err)
	}
	return testscript.Params{
		Dir:                 dir,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", "atexit_sleep_ms=0") // else each program waits a second for late reports
			e.Setenv("GOGC", "400")                 // most end before they have 16 MiB, and need collect nothing
			e.Setenv("FIXTURES", fixtures)
			e.Values[crewKey{}] = &crew{}
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			case "sftp": // can be served
				return sftpServer() != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: scriptWords(),
	}
}

// scriptWords are what scripts know beside what testscript does.
func scriptWords() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":       exits,
		"freeport":    freePorts,
		"start":       start,
		"end":         end,
		"ends":        ends,
		"kill9":       kill9,
		"hangup":      hangup,
		"freeze":      freeze,
		"thaw":        thaw,
		"locked":      locked,
		"killpid":     killpid,
		"says":        says,
		"waitfor":     waitfor,
		"eventually":  eventually,
		"keys":        keys,
		"field":       field,
		"lines":       lines,
		"postoffice":  postoffice,
		"relp":        relp,
		"callfile":    callfile,
		"sameset":     sameset,
		"distinct":    distinct,
		"append":      appendText,
		"rot":         rot,
		"line":        line,
		"expand":      expand,
		"inert":       inertText,
		"heard":       heard,
		"seen":        seen,
		"ledger":      ledger,
		"misfit":      misfit,
		"later":       later,
		"gate":        gate,
		"hostkey":     hostkey,
		"sftpd":       sftpd,
		"pin":         pin,
		"fingerprint": fingerprint,
		"ui":          ui,
	}
}

// exits N COMMAND ARG... runs the command and demands that exit status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		got = ended.ExitCode()
	case err != nil:
		ts.Fatalf("%v: %v", args[1:], err)
	}
	if got != want {
		ts.Fatalf("%v: exit status %d, want %d", args[1:], got, want)
	}
}

// freeport NAME... sets each variable to a port that nobody listens on.
func freePorts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: freeport NAME...")
	}
	for _, name := range args {
		l, err := freeport.Listen(context.Background())
		ts.Check(err)
		defer l.Close() // together, so that all differ
		_, port, err := net.SplitHostPort(l.Addr().String())
		ts.Check(err)
		ts.Setenv(name, port)
	}
}

// append FILE TEXT writes a text, quoted as in Go, to the end of a file.
func appendText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: append FILE TEXT")
	}
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	ts.Check(err)
	_, err = f.WriteString(text)
	ts.Check(err)
	ts.Check(f.Close())
}

// rot FILE OLD NEW changes bytes where they stand, as a disk might.
func rot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 || len(args[1]) != len(args[2]) {
		ts.Fatalf("usage: rot FILE OLD NEW, as long as OLD")
	}
	before := ts.ReadFile(args[0])
	after := strings.Replace(before, args[1], args[2], 1)
	if after == before {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o600))
}

// line N FILE writes the N-th line of the file to a file named "line".
func line(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: line N FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	all := strings.SplitAfter(ts.ReadFile(args[1]), "\n")
	if n < 1 || n >= len(all) {
		ts.Fatalf("%s has no line %d", args[1], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs("line"), []byte(all[n-1]), 0o600))
}

// expand FILE... puts the values of the variables that a file names, as $PORT,
// in their places.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: expand FILE...")
	}
	for _, file := range args {
		text := os.Expand(ts.ReadFile(file), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o600))
	}
}
