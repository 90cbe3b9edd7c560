package task

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/await"
)

// TestMain makes this program the twinctl of its tests, and the twind that
// one of them kills.
func TestMain(m *testing.M) {
	if len(os.Args) > 5 && os.Args[1] == KeepVerb {
		grace, err := time.ParseDuration(os.Args[3])
		if err != nil {
			panic(err)
		}
		os.Exit(Keeper{Orders: os.Stdin, Grace: grace, Out: os.Stderr}.Run(os.Args[5:]))
	}
	if len(os.Args) == 4 && os.Args[1] == "twind" {
		r := Runner{Twinctl: os.Args[0], Dir: os.Args[2]}
		t, err := Parse(os.Args[3])
		if err != nil {
			panic(err)
		}
		if o := r.Run(context.Background(), Job{Run: 1, Tasks: []Task{t}}); o.State != OK {
			panic(o.Reason)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A rig runs jobs in a directory of its own.
type rig struct {
	*testing.T
	Runner
	dir string
}

func newRig(t *testing.T) *rig {
	dir := t.TempDir()
	return &rig{t, Runner{Twinctl: os.Args[0], Config: "/etc/twin/twin.toml", Dir: filepath.Join(dir, "runs")}, dir}
}

// script writes a program and returns its file.
func (r *rig) script(name, text string) string {
	r.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncd "+r.dir+"\n"+text), 0o700); err != nil {
		r.Fatal(err)
	}
	return path
}

// tasks are exec tasks of the scripts' text.
func (r *rig) tasks(texts ...string) []Task {
	r.Helper()
	all := make([]Task, len(texts))
	for i, text := range texts {
		t, err := Parse("exec " + r.script("task"+strconv.Itoa(i), text))
		if err != nil {
			r.Fatal(err)
		}
		all[i] = t
	}
	return all
}

// said is what a job said, whole.
func (r *rig) said(o Outcome) string {
	r.Helper()
	text, err := os.ReadFile(filepath.Join(r.Dir, o.Output))
	if err != nil {
		r.Fatal(err)
	}
	return string(text)
}

// pids reads the numbers that processes wrote into a file, once there are n.
func (r *rig) pids(file string, n int) []int {
	r.Helper()
	var words []string
	await.Until(r, fmt.Sprintf("%d processes in %s", n, file), func() bool {
		text, _ := os.ReadFile(filepath.Join(r.dir, file))
		words = strings.Fields(string(text))
		return len(words) == n && bytes.HasSuffix(text, []byte("\n"))
	})
	all := make([]int, n)
	for i, w := range words {
		pid, err := strconv.Atoi(w)
		if err != nil {
			r.Fatal(err)
		}
		all[i] = pid
	}
	return all
}

// runs reports whether a process is there and has not ended.
func runs(pid int) bool {
	_, there := parentOf(pid)
	return there && syscall.Kill(pid, 0) == nil
}

// left returns those that run.
func left(pids []int) (all []int) {
	for _, pid := range pids {
		if runs(pid) {
			all = append(all, pid)
		}
	}
	return all
}

// Run runs a job; without it the test's own method would be meant as well.
func (r *rig) Run(ctx context.Context, job Job) Outcome { return r.Runner.Run(ctx, job) }
