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
	if s.follower, err = newFollower(src, s.start, feed.NewVoice(s.q, nil)); err != nil {
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

// lately sets the file system's time to a minute from now.
func (s *site) lately() { s.now = time.Now().Add(time.Minute) }

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

// during does something when the line that ends with suffix was read and is
// about to be told, once.
func (s *site) during(suffix string, do func()) {
	format, done := s.follower.format, false
	s.follower.format = func(raw []byte) (record.Instant, error) {
		if !done && strings.HasSuffix(string(raw), suffix) {
			done = true
			do()
		}
		return format(raw)
	}
}

func (s *site) ends() []feed.Reason {
	var all []feed.Reason
	for _, m := range s.marks {
		if m.What == feed.EndMark {
			all = append(all, m.Reason)
		}
	}
	return all
}
