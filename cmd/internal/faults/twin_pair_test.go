package faults

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/fill"
)

// Twins are two servers, each of which reaches the other on a road of the test.
type twins struct {
	t        *testing.T
	a, b     *server
	toA, toB *road
}

// newTwins makes two paired servers of these [[feed]] sections; they are not
// started.
func newTwins(t *testing.T, feeds ...string) *twins {
	t.Helper()
	return newTwinsAt(t, t.TempDir(), feeds...)
}

// newTwinsAt does the same with the second one's data in a directory of one's own.
func newTwinsAt(t *testing.T, dir string, feeds ...string) *twins {
	t.Helper()
	w := &twins{
		t: t,
		a: &server{t: t, name: "cms-a", data: filepath.Join(t.TempDir(), "data"), ssh: ownAddress()},
		b: &server{t: t, name: "cms-b", data: filepath.Join(dir, "data"), ssh: ownAddress()},
	}
	w.a.install("primary", feeds...)
	w.b.install("secondary", feeds...)
	w.toA, w.toB = newRoad(t, w.a.ssh), newRoad(t, w.b.ssh)
	ctl(t, "pair", "accept", w.a.line(w.toA), "--yes", "--config", w.b.config)
	ctl(t, "pair", "accept", w.b.line(w.toB), "--yes", "--config", w.a.config)
	return w
}

// ownAddress returns one of this machine that no other server has, also while
// it is not listened on.
func ownAddress() string {
	return fmt.Sprintf("127.%d.%d.%d:2222", 1+rand.N(250), rand.N(250), 1+rand.N(250))
}

// line returns by what the other server knows this one.
func (s *server) line(way *road) string {
	s.t.Helper()
	return strings.TrimSpace(string(ctl(s.t, "pair", "show", "--address", "twin@"+way.Addr().String(), "--config", s.config)))
}

// start starts both, and waits until each is content with the other and hears
// all its feeds.
func (w *twins) start() {
	w.t.Helper()
	w.a.start()
	w.b.start()
	w.well()
}

func (w *twins) well() {
	w.t.Helper()
	for _, s := range []*server{w.a, w.b} {
		eventually(w.t, s.name+" hears its feeds and its twin", s.well)
	}
}

func (s *server) well() bool {
	doc := s.seen()
	return doc.Twin.State == "ok" &&
		!slices.ContainsFunc(doc.Feeds, func(f node.FeedDocument) bool { return f.State != "live" })
}

// stop stops both.
func (w *twins) stop() {
	w.t.Helper()
	w.a.stop()
	w.b.stop()
}

// open tells whether something is missing of a feed that may still come.
func (s *server) open(feed string) bool {
	return slices.ContainsFunc(s.gaps(feed), func(g history.Gap) bool { return g.State == history.GapOpen && g.To != nil })
}

// equal demands that both hold the same, as far as both have closed it.
func (w *twins) equal() {
	w.t.Helper()
	for _, s := range []*server{w.a, w.b} {
		out, exit, said := tryCtl(w.t, "compare", "--json", "--config", s.config)
		if exit != 0 {
			w.t.Errorf("compare on %s: exit status %d: %s%s", s.name, exit, out, said)
		}
	}
}

// fill has the server fill, and returns what it did; nil beside another exit
// status than 0.
func (s *server) fill(args ...string) (*filled, int, string) {
	s.t.Helper()
	out, exit, said := tryCtl(s.t, append([]string{"fill", "--json", "--config", s.config}, args...)...)
	if exit != 0 {
		return nil, exit, said
	}
	done := decode[filled](s.t, out)
	return &done, exit, said
}

// A filled is what a fill did on this server, and on the twin if both did.
type filled struct {
	fill.Result
	Twin *fill.Result
}

func (f *filled) added() (n int64) {
	for _, r := range f.Feeds {
		n += r.Added
	}
	return n
}

// nothingLeft demands that another fill adds nothing.
func (w *twins) nothingLeft() {
	w.t.Helper()
	for _, s := range []*server{w.a, w.b} {
		done, exit, said := s.fill()
		if exit != 0 || done.added() != 0 {
			w.t.Errorf("a second fill on %s: exit status %d, %+v %s", s.name, exit, done, said)
		}
	}
}

// hasAll waits until both hold every line that was said, and demands that each
// holds it once, and nothing else.
func (w *twins) hasAll(feed string, said []string) {
	w.t.Helper()
	for _, s := range []*server{w.a, w.b} {
		has := int64(0)
		defer func() {
			if has < int64(len(said)) {
				w.t.Logf("%s has %d of %d lines, its gaps are %+v", s.name, has, len(said), s.gaps(feed))
				s.lacks(feed, said)
			}
		}()
		eventually(w.t, s.name+" has every line", func() bool {
			has = s.feed(feed).Records
			return has >= int64(len(said))
		})
	}
	w.stop()
	rows := [2][]shown{w.a.export(feed), w.b.export(feed)}
	for i, s := range []*server{w.a, w.b} {
		if diff := cmp.Diff(said, inOrder(rows[i])); diff != "" {
			w.t.Errorf("%s: the lines said (-) are not what is stored (+):\n%.2000s", s.name, diff)
		}
	}
	if !slices.Equal(rows[0], rows[1]) {
		w.t.Error("the histories are not equal in key order")
	}
}

// lacks says which lines are missing.
func (s *server) lacks(feed string, said []string) {
	s.t.Helper()
	held := map[string]bool{}
	for _, r := range s.export(feed) {
		held[r.Raw] = true
	}
	for _, line := range said {
		if !held[line] {
			s.t.Logf("%s lacks %s of %s", s.name, line[:40], timeOf(line).UTC().Format("15:04:05.000000"))
		}
	}
}

// hearing starts twins, and has the hall that both hear say so many lines a second.
func hearing(t *testing.T, rate int64) (*twins, *hall) {
	t.Helper()
	calls := newHall(t)
	w := newTwins(t, calls.section("calls"))
	w.start()
	calls.rate.Store(rate)
	return w, calls
}

// undisturbed demands that a server never lost its feed since it was started.
func (s *server) undisturbed(feed string) {
	s.t.Helper()
	if n := s.metric("twin_source_sessions_total", feed); n != 1 {
		s.t.Errorf("%s: feed %s has had %v sessions", s.name, feed, n)
	}
}
