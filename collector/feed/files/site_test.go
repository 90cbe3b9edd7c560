package files

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

// began is the upstream's time in these tests; it must not lie far ahead of ours.
var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// A site is a directory that is written and read, and what was stored of it.
type site struct {
	t       testing.TB
	dir     string
	options options
	common  feed.Options
	now     time.Time // of the file system
	storage feed.Storage

	r      *reader
	q      *feed.Queue
	cancel context.CancelFunc
	format func(feed.Format) feed.Format // around the one of queue_log

	mu       sync.Mutex
	life     *life // of the reader
	stored   []record.Record
	keys     map[record.Key]bool
	twice    int
	rejected []string
	reasons  []feed.Reason // of these
	marks    []feed.Mark
	start    feed.Start // for the next reader
}

// life is one run of a reader.
type life struct {
	q    *feed.Queue
	over bool // what is told from now on is not stored
}

// newSite makes a site; edit may change its options, and gets its own root.
func newSite(t testing.TB, edit func(o *options, root string)) *site {
	t.Helper()
	root := t.TempDir()
	s := &site{
		t: t, dir: filepath.Join(root, "in"), now: time.Unix(began, 0), storage: local{},
		keys: make(map[record.Key]bool), format: func(f feed.Format) feed.Format { return f },
	}
	s.must(os.Mkdir(s.dir, 0o700))
	own, ok := Kind().Options().(*options)
	if !ok {
		t.Fatal("not the options of this kind")
	}
	s.options = *own
	s.common = feed.Options{Format: "queue_log", FrameLimit: 256, QueueLimit: feed.DefaultQueueLimit}
	s.options.Dir, s.options.Late, s.options.Age = s.dir, "1m", "0s"
	if edit != nil {
		edit(&s.options, root)
	}
	for _, dir := range []string{s.options.Stage, s.options.Archive, s.options.Error} {
		if dir != "" {
			s.must(os.Mkdir(dir, 0o700))
		}
	}
	s.restart()
	return s
}

// archiving is an edit for newSite: files are staged and archived.
func archiving(o *options, root string) {
	o.After, o.Stage, o.Archive, o.Error = archive, root+"/stage", root+"/archive", root+"/error"
}

// deleting is an edit for newSite: files are removed.
func deleting(o *options, root string) { o.After, o.Error = remove, root+"/error" }

// restart is a crash: what was not stored is forgotten.
func (s *site) restart() {
	s.t.Helper()
	if s.r != nil {
		s.cancel()
		s.r.close()
	}
	format, err := feed.NewFormat(s.common)
	s.must(err)
	set, err := s.options.settle()
	s.must(err)
	src := &source{settings: set, options: s.common, format: s.format(format), log: slog.New(slog.DiscardHandler)}
	src.storage = func(context.Context) (feed.Storage, error) { return s.storage, nil }
	s.die()
	wake := make(chan struct{}, 1)
	q := feed.NewQueue(s.common, Kind(), func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	s.q, s.cancel = q, cancel
	lives := &life{q: q}
	s.life = lives
	s.r, err = newReader(src, s.start, feed.NewVoice(q, ctx.Done()))
	s.must(err)
	go func() {
		for {
			select {
			case <-wake:
				s.store(lives)
			case <-ctx.Done():
				return
			}
		}
	}()
	s.t.Cleanup(cancel)
}

// die ends the run: nothing of it is stored any more.
func (s *site) die() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life != nil {
		s.life.over = true
	}
}

// store commits what the reader has told.
func (s *site) store(l *life) {
	b, ok := l.q.Take()
	if !ok {
		return
	}
	defer l.q.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.over {
		return
	}
	for _, r := range b.Records {
		if s.keys[r.Key] {
			s.twice++
			continue
		}
		s.keys[r.Key] = true
		r.Raw = bytes.Clone(r.Raw) // it is the queue's again after Done
		s.stored = append(s.stored, r)
	}
	if b.Position != nil {
		s.start.Position = b.Position
	}
	for _, r := range b.Quarantine {
		s.rejected = append(s.rejected, strings.ReplaceAll(r.Text, filepath.Dir(s.dir)+"/", ""))
		s.reasons = append(s.reasons, r.Reason)
	}
	for _, m := range b.Marks {
		s.marks = append(s.marks, m)
		if m.Begin != nil && !m.Begin.Continues || m.What == feed.ProofMark {
			s.start.CoveredUntil = max(s.start.CoveredUntil, m.From, m.Until)
		}
	}
}

// sweep looks once, and stores what was told.
func (s *site) sweep() {
	s.t.Helper()
	_, err := s.r.sweep(context.Background())
	s.must(err)
	s.drain()
}

func (s *site) drain() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), await.Most)
	defer cancel()
	s.must(s.q.Drain(ctx))
}

// write makes or appends to a file, changed a second after the last one.
func (s *site) write(name, text string) {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	s.must(err)
	_, err = f.WriteString(text)
	s.must(err)
	s.must(f.Close())
	s.tick(name)
}

func (s *site) tick(name string) {
	s.t.Helper()
	s.now = s.now.Add(time.Second)
	s.must(os.Chtimes(filepath.Join(s.dir, name), s.now, s.now))
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
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.stored {
		_, text, _ := strings.Cut(string(r.Raw), "|")
		all = append(all, fmt.Sprintf("%d %s#%d", r.At.Time().Unix()-began, text, r.N))
	}
	return all
}

// want compares what was stored, and that nothing came twice.
func (s *site) want(said ...string) {
	s.t.Helper()
	if diff := cmp.Diff(said, s.said()); diff != "" {
		s.t.Errorf("records (-want +got):\n%s", diff)
	}
	if s.twice != 0 {
		s.t.Errorf("%d records came twice", s.twice)
	}
}

// wantRejected compares why something is not stored.
func (s *site) wantRejected(texts ...string) {
	s.t.Helper()
	if diff := cmp.Diff(texts, s.rejected); diff != "" {
		s.t.Errorf("rejected (-want +got):\n%s", diff)
	}
}

// names returns what lies in a directory.
func (s *site) names(dir string) []string {
	s.t.Helper()
	entries, err := os.ReadDir(dir)
	s.must(err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	slices.Sort(all)
	return all
}

func (s *site) wantNames(dir string, names ...string) {
	s.t.Helper()
	if diff := cmp.Diff(names, s.names(dir)); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", filepath.Base(dir), diff)
	}
}

func (s *site) content(path string) string {
	s.t.Helper()
	text, err := os.ReadFile(path)
	s.must(err)
	return string(text)
}

// begins returns how the sessions began.
func (s *site) begins() (all []string) {
	for _, m := range s.marks {
		switch {
		case m.What != feed.BeginMark:
		case m.Begin.Continues:
			all = append(all, "continues")
		default:
			all = append(all, fmt.Sprintf("from %d", m.Begin.From.Time().Unix()-began))
		}
	}
	return all
}
