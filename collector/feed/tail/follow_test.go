package tail

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// began is the upstream's time in these tests; it must not lie far ahead of ours.
var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// A site is a file that is written and followed, and what was stored of it.
type site struct {
	t    testing.TB
	path string
	now  time.Time // of the file system

	follower *follower
	q        *feed.Queue
	stored   []record.Record
	keys     map[record.Key]bool
	twice    int
	rejected []string
	marks    []feed.Mark
	start    feed.Start // for the next follower
}

func newSite(t testing.TB) *site {
	s := &site{t: t, path: filepath.Join(t.TempDir(), "queue_log"), now: time.Unix(began, 0), keys: make(map[record.Key]bool)}
	s.restart()
	return s
}

// restart is a crash: what was not stored is forgotten.
func (s *site) restart() {
	s.t.Helper()
	if s.follower != nil {
		s.follower.close()
	}
	format, err := feed.NewFormat(feed.Options{Format: "queue_log"})
	if err != nil {
		s.t.Fatal(err)
	}
	options := feed.Options{FrameLimit: 256, QueueLimit: feed.DefaultQueueLimit}
	s.q = feed.NewQueue(options, Kind(), func() {})
	src := &source{path: s.path, limit: options.FrameLimit, format: format, log: slog.New(slog.DiscardHandler)}
	if s.follower, err = newFollower(src, s.start, s.q); err != nil {
		s.t.Fatal(err)
	}
}

// poll lets the follower read all that there is.
func (s *site) poll() {
	s.t.Helper()
	if err := s.follower.poll(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// store commits what the follower has told.
func (s *site) store() {
	b, ok := s.q.Take()
	if !ok {
		return
	}
	defer s.q.Done()
	for _, r := range b.Records {
		if s.keys[r.Key] {
			s.twice++
		}
		s.keys[r.Key] = true
		r.Raw = bytes.Clone(r.Raw) // it is the queue's again after Done
		s.stored = append(s.stored, r)
	}
	if b.Position != nil {
		s.start.Position = b.Position
	}
	for _, r := range b.Quarantine {
		s.rejected = append(s.rejected, r.Text)
	}
	for _, m := range b.Marks {
		s.marks = append(s.marks, m)
		if m.Begin != nil && !m.Begin.Continues || m.What == feed.ProofMark {
			s.start.CoveredUntil = max(s.start.CoveredUntil, m.From, m.Until)
		}
	}
}

func (s *site) collect() {
	s.t.Helper()
	s.poll()
	s.store()
}

// write appends to the file at the path, which it makes if there is none.
func (s *site) write(text string) {
	s.t.Helper()
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	s.must(err)
	_, err = f.WriteString(text)
	s.must(err)
	s.must(f.Close())
	s.tick(s.path)
}

// tick sets the file's time of change, a second after the last change of any.
func (s *site) tick(path string) {
	s.t.Helper()
	s.now = s.now.Add(time.Second)
	s.must(os.Chtimes(path, s.now, s.now))
}

// shift makes room for a rotated file: .1 becomes .2, and so on.
func (s *site) shift() {
	s.t.Helper()
	for n := 20; n > 0; n-- {
		err := os.Rename(s.rotated(n), s.rotated(n+1))
		if err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
	}
}

func (s *site) rotated(n int) string { return fmt.Sprintf("%s.%d", s.path, n) }

func (s *site) rename() {
	s.t.Helper()
	s.shift()
	s.must(os.Rename(s.path, s.rotated(1)))
}

func (s *site) copyAndCut() {
	s.t.Helper()
	s.shift()
	content, err := os.ReadFile(s.path)
	s.must(err)
	s.must(os.WriteFile(s.rotated(1), content, 0o600))
	s.tick(s.rotated(1))
	s.must(os.Truncate(s.path, 0))
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func line(second int64, text string) string { return fmt.Sprintf("%d|%s\n", began+second, text) }

// said returns the stored records as "second text#n".
func (s *site) said() []string {
	var all []string
	for _, r := range s.stored {
		_, text, _ := strings.Cut(string(r.Raw), "|")
		all = append(all, fmt.Sprintf("%d %s#%d", r.At.Time().Unix()-began, text, r.N))
	}
	return all
}

// begins returns how the sessions began: "from" a second of the upstream's,
// "from now" or "continues".
func (s *site) begins() []string {
	var all []string
	for _, m := range s.marks {
		switch {
		case m.What != feed.BeginMark:
		case m.Begin.Continues:
			all = append(all, "continues")
		case time.Since(m.From.Time()) < time.Minute:
			all = append(all, "from now")
		default:
			all = append(all, fmt.Sprintf("from %d", m.Begin.From.Time().Unix()-began))
		}
	}
	return all
}

func (s *site) want(said, begins []string) {
	s.t.Helper()
	if diff := cmp.Diff(said, s.said()); diff != "" {
		s.t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(begins, s.begins()); diff != "" {
		s.t.Errorf("sessions (-want +got):\n%s", diff)
	}
	if s.twice != 0 {
		s.t.Errorf("%d records came twice", s.twice)
	}
}

func TestFollow(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(*site)
		said   []string
		begins []string
	}{
		"a file that grows": {
			func(s *site) { s.write(line(1, "a")); s.collect(); s.write(line(2, "b")); s.collect() },
			[]string{"1 a#0", "2 b#0"},
			[]string{"from 1"},
		},
		"identical lines": {
			func(s *site) { s.write(line(1, "a") + line(1, "a") + line(1, "b") + line(1, "a")); s.collect() },
			[]string{"1 a#0", "1 a#1", "1 b#0", "1 a#2"},
			[]string{"from 1"},
		},
		"identical lines over a crash": {
			func(s *site) {
				s.write(line(1, "a") + line(1, "a"))
				s.collect()
				s.write(line(1, "a"))
				s.poll()
				s.restart()
				s.write(line(1, "a"))
				s.collect()
			},
			[]string{"1 a#0", "1 a#1", "1 a#2", "1 a#3"},
			[]string{"from 1", "continues"},
		},
		"carriage returns, NUL bytes and empty lines": {
			func(s *site) {
				s.write("\x00\x00" + strings.ReplaceAll(line(1, "a"), "\n", "\r\n") + "\r\n\n")
				s.collect()
			},
			[]string{"1 a#0"},
			[]string{"from 1"},
		},
		"half a line waits": {
			func(s *site) {
				s.write(line(1, "a") + "17")
				s.collect()
				s.restart()
				s.collect()
				s.write(line(2, "b")[2:])
				s.collect()
			},
			[]string{"1 a#0", "2 b#0"},
			[]string{"from 1", "continues"},
		},
		"renamed": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.write(line(2, "b"))
				s.rename()
				s.write(line(3, "c"))
				s.collect()
			},
			[]string{"1 a#0", "2 b#0", "3 c#0"},
			[]string{"from 1"},
		},
		"renamed, and written on until the new file has a line": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.rename()
				s.write("")
				s.collect()
				old, err := os.OpenFile(s.rotated(1), os.O_APPEND|os.O_WRONLY, 0)
				s.must(err)
				_, err = old.WriteString(line(2, "b"))
				s.must(err)
				s.must(old.Close())
				s.collect()
				s.write(line(3, "c"))
				s.collect()
			},
			[]string{"1 a#0", "2 b#0", "3 c#0"},
			[]string{"from 1"},
		},
		"renamed three times while nobody looked": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.write(line(2, "b"))
				s.restart()
				for n := range int64(3) {
					s.rename()
					s.write(line(3+n, "c"))
				}
				s.collect()
			},
			[]string{"1 a#0", "2 b#0", "3 c#0", "4 c#0", "5 c#0"},
			[]string{"from 1", "continues"},
		},
		"copied and cut": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.write(line(2, "b"))
				s.copyAndCut()
				s.collect()
				s.write(line(3, "a longer one than before"))
				s.collect()
			},
			[]string{"1 a#0", "2 b#0", "3 a longer one than before#0"},
			[]string{"from 1"},
		},
		"copied and cut twice while nobody looked": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.write(line(2, "b"))
				s.copyAndCut()
				s.write(line(3, "c") + line(3, "c") + line(3, "c"))
				s.copyAndCut()
				s.write(line(4, "d"))
				s.restart()
				s.collect()
			},
			[]string{"1 a#0", "2 b#0", "3 c#0", "3 c#1", "3 c#2", "4 d#0"},
			[]string{"from 1", "continues"},
		},
		"cut without a copy, and grown again": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.must(os.Truncate(s.path, 0))
				s.write(line(5, "b") + line(6, "c"))
				s.collect() // looks twice before it gives up
				s.collect()
			},
			[]string{"1 a#0", "5 b#0", "6 c#0"},
			[]string{"from 1", "from now"},
		},
		"gone while nobody looked": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.restart()
				s.must(os.Remove(s.path))
				s.write(line(5, "b"))
				s.collect()
				s.collect()
			},
			[]string{"1 a#0", "5 b#0"},
			[]string{"from 1", "from now"},
		},
		"other logs of a like name": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.rename()
				for _, name := range []string{"-error", ".1.gz", "er", ".lock"} {
					s.must(os.WriteFile(s.path+name, []byte(line(2, "no")), 0o600))
				}
				s.write(line(3, "c"))
				s.collect()
			},
			[]string{"1 a#0", "3 c#0"},
			[]string{"from 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			c.do(s)
			s.want(c.said, c.begins)
			if len(s.rejected) > 0 {
				t.Errorf("rejected: %q", s.rejected)
			}
		})
	}
}

func TestFollowRejects(t *testing.T) {
	s := newSite(t)
	s.write("no time\n" + line(1, "a") + strings.Repeat("x", 257) + "\n" + line(2, "b"))
	s.collect()
	s.restart()
	s.write("half")
	s.collect()
	s.rename()
	s.write(line(3, "c"))
	s.collect()
	s.restart()
	s.collect()
	s.want([]string{"1 a#0", "2 b#0", "3 c#0"}, []string{"from 1", "continues", "continues"})
	var got []string
	for _, text := range s.rejected {
		got = append(got, strings.TrimPrefix(text, s.path))
	}
	want := []string{
		`, byte 0: no "|": not a line of queue_log`,
		", byte 21: line is longer than frame_limit = 256",
		": was left in the middle of its last line",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
}
