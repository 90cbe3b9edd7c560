package history

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
)

// tick is the time between two things that the model's upstream says: four a day.
const tick = 6 * record.Hour

// A pair is a model of an upstream that says one thing at each tick, and of two
// twins that hear it or not.
type pair struct {
	t     *rapid.T
	name  string
	now   record.Instant // nothing was said yet at it
	said  []record.Record
	twins [2]*ear
	calm  bool // no fill is cut any more
}

// An ear is one twin's hearing, and what it is known to have held so far.
type ear struct {
	h         *DB
	listening bool
	covered   record.Instant
	retained  record.Instant
}

// speak lets a tick pass: whoever listens hears it, unless it is rejected.
func (p *pair) speak() {
	r := record.New(p.now, 0, fmt.Appendf(nil, "at %d", p.now))
	p.said = append(p.said, r)
	p.now += tick
	for _, e := range p.twins {
		if !e.listening {
			continue
		}
		b := feed.Batch{Records: []record.Record{r}}
		if rapid.IntRange(0, 5).Draw(p.t, "reject") == 0 {
			b = feed.Batch{Marks: []feed.Mark{hole(r.At-tick, r.At+tick, feed.Rejected)}, Rejected: 1}
		}
		if rapid.Bool().Draw(p.t, "prove") {
			b.Marks = append(b.Marks, proof(p.now))
		}
		commit(p.t, e.h, p.name, b)
	}
}

// turn ends a twin's session in one way or another, or begins the next.
func (p *pair) turn(e *ear) {
	switch {
	case !e.listening:
		commit(p.t, e.h, p.name, feed.Batch{Marks: []feed.Mark{begin(feed.Session{From: p.now})}})
	case rapid.Bool().Draw(p.t, "crash"):
		start(p.t, e.h, p.name)
	default:
		commit(p.t, e.h, p.name, feed.Batch{Marks: []feed.Mark{end(feed.Mute)}})
	}
	e.listening = !e.listening
}

// fill copies what is missing in one from the other. The world goes on meanwhile.
func (p *pair) fill(into, from *ear, meanwhile func()) (added int) {
	ctx := context.Background()
	extent, err := from.h.Extent(ctx, p.name)
	p.check(err)
	for _, at := range []record.Instant{extent.First, extent.HeardFrom} {
		p.check(into.h.Reach(ctx, p.name, at))
	}
	asked, err := into.h.OpenGaps(ctx, p.name, true)
	p.check(err)
	heard, err := from.h.Heard(ctx, p.name, always)
	p.check(err)
	meanwhile()
	for i, span := range asked {
		var rows []Row
		for after := (*record.Key)(nil); ; after = &rows[len(rows)-1].Key {
			rows, err = from.h.Page(ctx, p.name, span, after, 20)
			p.check(err)
			if len(rows) == 0 {
				break
			}
			done, err := into.h.Merge(ctx, p.name, rows)
			p.check(err)
			added += done.Added
		}
		if !p.calm && rapid.IntRange(0, 9).Draw(p.t, "cut") == 9 {
			asked = asked[:i+1]
			break
		}
	}
	meanwhile()
	_, err = into.h.Settle(ctx, p.name, Testimony{asked, heard, extent.CoveredUntil})
	p.check(err)
	return added
}

// drop makes both agree on what is the same, and one of them drop.
func (p *pair) drop(e *ear) {
	ctx := context.Background()
	const day = 24 * time.Hour
	slots, err := p.twins[0].h.Tallies(ctx, p.name, always, day)
	p.check(err)
	for _, s := range slots {
		ok, err := p.twins[1].h.Agree(ctx, p.name, s.Start, s.Tally)
		p.check(err)
		if ok {
			_, err = p.twins[0].h.Agree(ctx, p.name, s.Start, s.Tally)
			p.check(err)
		}
	}
	_, _ = e.h.Drop(ctx, p.name, p.now-record.Day, false) // as far as they agree
}

func (p *pair) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// prove holds what each twin claims against what was said.
func (p *pair) prove() {
	p.t.Helper()
	ctx := context.Background()
	for i, e := range p.twins {
		x, err := e.h.Extent(ctx, p.name)
		p.check(err)
		heard, err := e.h.Heard(ctx, p.name, always)
		p.check(err)
		if x.CoveredUntil < e.covered || x.RetainedFrom < e.retained {
			p.t.Fatalf("twin %d: covered until or retained from went back: %+v", i, x)
		}
		e.covered, e.retained = x.CoveredUntil, x.RetainedFrom
		if n := len(heard); n > 0 && (heard[0].From < e.retained || heard[n-1].To > e.covered) {
			p.t.Fatalf("twin %d: heard %v, kept from %s, covered until %s", i, heard, e.retained, e.covered)
		}
		held := records(p.t, e.h, Range{Feed: p.name})
		for _, r := range p.said {
			if in(r.At, heard) && !slices.ContainsFunc(held, func(o record.Record) bool { return o.Key == r.Key }) {
				p.t.Fatalf("twin %d claims to have heard %s, and does not hold it", i, r.At)
			}
		}
		for _, g := range gaps(p.t, e.h, p.name) {
			if g.To == nil && g.State != GapOpen {
				p.t.Fatalf("twin %d: a gap that lasts is %s", i, g.State)
			}
		}
	}
}

// quiet lets both hear, and fills both ways: once is enough.
func (p *pair) quiet() {
	for _, e := range p.twins {
		if !e.listening {
			p.turn(e)
		}
	}
	p.now += 10 // a session that begins at once leaves the instant of its beginning as a gap
	for _, e := range p.twins {
		commit(p.t, e.h, p.name, feed.Batch{Marks: []feed.Mark{proof(p.now)}})
	}
	p.calm = true
	p.fill(p.twins[0], p.twins[1], func() {})
	p.fill(p.twins[1], p.twins[0], func() {})
	p.prove()
	for i, e := range p.twins {
		if v, err := e.h.Verify(context.Background(), p.name, func(Progress) {}); err != nil || !v.Sound() {
			p.t.Fatalf("twin %d: %+v, %v", i, v, err)
		}
		if n := p.fill(e, p.twins[1-i], func() {}); n != 0 {
			p.t.Fatalf("one more fill added %d to twin %d", n, i)
		}
		for _, g := range gaps(p.t, e.h, p.name) {
			if g.State == GapOpen {
				p.t.Fatalf("twin %d: still open: %+v", i, g)
			}
		}
	}
}

// equal demands that both hold the same of what both keep, and that one heard
// exactly what the other did.
func (p *pair) equal() {
	ctx := context.Background()
	kept := record.Span{From: max(p.twins[0].retained, p.twins[1].retained), To: maxInstant}
	var tallies [2][]Slot
	var heard [2][]record.Span
	for i, e := range p.twins {
		var err error
		tallies[i], err = e.h.Tallies(ctx, p.name, kept, 5*time.Minute)
		p.check(err)
		heard[i], err = e.h.Heard(ctx, p.name, kept)
		p.check(err)
	}
	if !slices.Equal(tallies[0], tallies[1]) {
		p.t.Fatalf("one holds\n%v\nthe other\n%v", tallies[0], tallies[1])
	}
	if !slices.Equal(heard[0], heard[1]) {
		p.t.Fatalf("one heard\n%v\nthe other\n%v", heard[0], heard[1])
	}
}

// Two twins hear and do not hear, crash, reject, fill from each other, cut
// short and while both go on, and drop what they agree on. Whatever either
// claims to have heard it holds, at every time; in the end both hold the same,
// and no gap is open.
func TestNothingIsSilentlyLost(t *testing.T) { nothingIsLost(t, 25) }

func nothingIsLost(t *testing.T, histories int) {
	t.Helper()
	dbs := [2]*DB{open(t), open(t)}
	runs := 0
	defer draws.Percent(histories)()
	rapid.Check(t, func(t *rapid.T) {
		runs++
		p := &pair{t: t, name: fmt.Sprintf("feed %d", runs), now: monday, twins: [2]*ear{{h: dbs[0]}, {h: dbs[1]}}}
		for _, e := range p.twins {
			start(t, e.h, p.name)
		}
		which := rapid.IntRange(0, 1)
		live := func() {
			for range rapid.IntRange(0, 2).Draw(t, "meanwhile") {
				if rapid.Bool().Draw(t, "speak") {
					p.speak()
				} else {
					p.turn(p.twins[which.Draw(t, "twin")])
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"speak": func(*rapid.T) { p.speak() },
			"turn":  func(*rapid.T) { p.turn(p.twins[which.Draw(t, "twin")]) },
			"fill": func(*rapid.T) {
				i := which.Draw(t, "twin")
				p.fill(p.twins[i], p.twins[1-i], live)
			},
			"drop": func(*rapid.T) { p.drop(p.twins[which.Draw(t, "twin")]) },
			"":     func(*rapid.T) { p.prove() },
		})
		p.quiet()
		p.equal()
	})
}
