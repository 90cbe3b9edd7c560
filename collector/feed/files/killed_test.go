package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// without is a storage in which one file may not be read.
type without struct {
	feed.Storage
	name string
}

func (w without) Open(ctx context.Context, file string) (feed.File, error) {
	if path.Base(file) == w.name {
		return nil, fs.ErrPermission
	}
	return w.Storage.Open(ctx, file)
}

// errKilled is what a killed process gets from all that it still asks for.
var errKilled = errors.New("killed")

// A mortal storage is one of a process that is killed when it has taken so many
// steps; what it does in the last one is done, and not known.
type mortal struct {
	feed.Storage
	left int
	kill func()
}

func (m *mortal) step(do func() error) error {
	if m.left <= 0 {
		return errKilled
	}
	err := do()
	if m.left--; m.left == 0 {
		m.kill()
		return errKilled
	}
	return err
}

func (m *mortal) List(ctx context.Context, dir string, each func(fs.FileInfo) error) error {
	return m.step(func() error { return m.Storage.List(ctx, dir, each) })
}

func (m *mortal) Open(ctx context.Context, file string) (f feed.File, err error) {
	err = m.step(func() (err error) { f, err = m.Storage.Open(ctx, file); return err })
	return f, err
}

func (m *mortal) Rename(ctx context.Context, from, to string) error {
	return m.step(func() error { return m.Storage.Rename(ctx, from, to) })
}

func (m *mortal) Remove(ctx context.Context, file string) error {
	return m.step(func() error { return m.Storage.Remove(ctx, file) })
}

func (m *mortal) Create(ctx context.Context, file string, text []byte) error {
	return m.step(func() error { return m.Storage.Create(ctx, file, text) })
}

// Killed at each step, also between any two records: in the end everything is
// stored once, nothing was read twice, and each file is where it belongs, whole.
func TestKilledAtEachStep(t *testing.T) {
	for name, edit := range map[string]func(*options, string){"leave": nil, "archive": archiving, "delete": deleting} {
		t.Run(name, func(t *testing.T) {
			steps := 0
			for at := 1; ; at++ {
				if !killedAt(t, edit, at) {
					break
				}
				steps++
			}
			if steps < 10 {
				t.Errorf("it took %d steps: too few to be all", steps)
			}
		})
	}
}

// killedAt kills at one step; false if there is no such step.
func killedAt(t *testing.T, edit func(*options, string), at int) bool {
	s := newSite(t, edit)
	s.write("a", line(1, "a")+line(1, "a")+line(2, "b"))
	s.write("bad", line(3, "c")+"what\n"+line(4, "d"))
	s.write("c", line(5, "e"))
	killed := false
	ctx, cancel := context.WithCancel(t.Context())
	m := &mortal{Storage: local{}, left: at, kill: func() {
		killed = true
		s.die()
		cancel()
	}}
	s.storage = m
	s.format = func(f feed.Format) feed.Format {
		return func(raw []byte) (record.Instant, error) {
			if m.left > 0 {
				_ = m.step(func() error { s.q.Flush(); return nil })
			}
			return f(raw)
		}
	}
	s.restart()
	_, _ = s.r.sweep(ctx)
	_ = s.q.Drain(ctx)
	cancel()
	s.storage, s.format = local{}, func(f feed.Format) feed.Format { return f }
	s.restart()
	s.sweep()
	s.sweep()
	said := s.said()
	slices.Sort(said)
	want := []string{"1 a#0", "1 a#1", "2 b#0", "3 c#0", "4 d#0", "5 e#0"}
	if diff := cmp.Diff(want, said); diff != "" || s.twice != 0 {
		t.Errorf("killed at step %d: %d came twice; records (-want +got):\n%s", at, s.twice, diff)
	}
	s.rightPlaces(fmt.Sprintf("killed at step %d", at))
	return killed
}

// rightPlaces holds that each file is where it belongs.
func (s *site) rightPlaces(when string) {
	s.t.Helper()
	want := map[string][]string{s.dir: {"a", "bad", "c"}}
	switch s.options.After {
	case archive:
		want = map[string][]string{s.dir: nil, s.options.Stage: nil, s.options.Archive: {"a", "c"}, s.options.Error: {"bad", "bad.reason"}}
	case remove:
		want = map[string][]string{s.dir: nil, s.options.Error: {"bad", "bad.reason"}}
	}
	for dir, names := range want {
		got := slices.DeleteFunc(s.names(dir), func(name string) bool {
			return strings.HasSuffix(name, ".reason") && !slices.Contains(names, name) // of a move that was cut short
		})
		if dir == s.options.Error && slices.Contains(got, "bad.1") { // its note was written, and the move was not made
			got = []string{"bad", "bad.reason"}
		}
		if diff := cmp.Diff(names, got); diff != "" {
			s.t.Errorf("%s: %s (-want +got):\n%s", when, dir, diff)
		}
	}
	if dir := s.options.Archive; dir != "" {
		if text, err := os.ReadFile(dir + "/a"); err != nil || string(text) != line(1, "a")+line(1, "a")+line(2, "b") {
			s.t.Errorf("%s: archived %q, %v", when, text, err)
		}
	}
}
