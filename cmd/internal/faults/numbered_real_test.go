//go:build real

package faults

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
)

// A teller appends numbered lines to a file that another program follows and
// sends on.
type teller struct {
	script
	t    *testing.T
	file *os.File
}

func newTeller(t *testing.T) *teller {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "said.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &teller{t: t, file: file}
}

// tell appends n lines.
func (f *teller) tell(n int) {
	f.t.Helper()
	if _, err := f.file.WriteString(f.next(n)); err != nil {
		f.t.Fatal(err)
	}
}

// counted returns how often a server holds each number.
func (s *server) counted(feed string, number func(raw string) int) map[int]int {
	s.t.Helper()
	held := map[int]int{}
	for _, r := range s.export(feed) {
		held[number(r.Raw)]++
	}
	return held
}

// awaitNumber waits until a server holds a number.
func (s *server) awaitNumber(feed string, n int, number func(raw string) int) {
	s.t.Helper()
	eventually(s.t, s.name+" has the last of "+feed, func() bool { return s.counted(feed, number)[n] > 0 })
}

// noneTwice demands that a server holds no number twice, and none that was never
// said. Number -1 is of what else a program says.
func (s *server) noneTwice(feed string, said []string, number func(raw string) int) {
	s.t.Helper()
	for n, times := range s.counted(feed, number) {
		if n != -1 && (times > 1 || n < 1 || n > len(said)) {
			s.t.Errorf("%s: feed %s holds number %d %d times", s.name, feed, n, times)
		}
	}
}

// account demands that each line that a server lacks of what was said is of a
// time that is in its gaps. It returns the numbers of these.
func (s *server) account(feed string, said []string, number func(raw string) int) (lacks []int) {
	s.t.Helper()
	held, gaps := s.counted(feed, number), s.gaps(feed)
	for i, line := range said {
		if held[i+1] > 0 {
			continue
		}
		lacks = append(lacks, i+1)
		if at := timeOf(line); !inGaps(gaps, at) {
			s.t.Errorf("%s: feed %s lacks number %d of %s, and no gap says so: %+v", s.name, feed, i+1, at.UTC(), gaps)
		}
	}
	return lacks
}

func inGaps(gaps []history.Gap, at time.Time) bool {
	return slices.ContainsFunc(gaps, func(g history.Gap) bool {
		return !at.Before(g.From.Time()) && (g.To == nil || !at.After(g.To.Time()))
	})
}
