package engine

import (
	"testing"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable"
)

// A pair is two servers, and what they tell each other of their runs.
type pair struct {
	t     testing.TB
	a, b  *server
	epoch int64
}

// newPair makes two servers of the same timetables, of which a is the primary.
func newPair(t testing.TB, list ...timetable.Timetable) *pair {
	t.Helper()
	p := &pair{t: t, a: newServer(t, "cms-a", node.Primary), b: newServer(t, "cms-b", node.Secondary), epoch: 1}
	for _, s := range p.both() {
		s.list = list
		twin := p.b
		if s == p.b {
			twin = p.a
		}
		there, err := twin.db.Self(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = s.db.SetPair(t.Context(), func(self node.Self, _ *node.Pair) (node.Pairing, error) {
			return node.Pairing{Pair: node.Pair{Pair: "P", Server: there.Server, Name: there.Name}, Epoch: self.Epoch, Seen: self.EpochSeen}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *pair) both() []*server { return []*server{p.a, p.b} }

func (p *pair) close() {
	for _, s := range p.both() {
		if err := s.db.Close(); err != nil {
			p.t.Error(err)
		}
	}
}

// next returns an epoch that was never used.
func (p *pair) next() int64 {
	p.epoch++
	return p.epoch
}

// tell carries what changed in each ledger to the other server.
func (p *pair) tell() {
	p.t.Helper()
	for _, way := range [][2]*server{{p.a, p.b}, {p.b, p.a}} {
		from, to := way[0], way[1]
		self, err := from.db.Self(p.t.Context())
		if err != nil {
			p.t.Fatal(err)
		}
		for more := true; more; {
			told, err := to.db.RunsTold(p.t.Context())
			if err != nil {
				p.t.Fatal(err)
			}
			page, err := from.db.RunChanges(p.t.Context(), told.Through, 500)
			if err == nil {
				err = to.db.KeepTwinRuns(p.t.Context(), self.Server, page)
			}
			if err != nil {
				p.t.Fatal(err)
			}
			more = len(page.Rows) == 500
		}
	}
}
