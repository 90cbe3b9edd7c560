package feed

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

const lateness = 10 * time.Second

// A side is a session of several deliveries, proven each second as a source
// would; what it told is kept.
type side struct {
	*desk
	holes  []record.Span
	marks  int            // that tell of holes
	proven record.Instant // as told
}

// begin opens a session; one that continues hears all since it was proven.
func (s *side) begin() {
	from := s.proven
	if from == 0 {
		from = record.At(time.Now().Add(-lateness))
	}
	s.Begin(Session{From: from, Continues: s.proven != 0, Several: true}, "here")
	s.proven = from
}

// pass lets time go by.
func (s *side) pass(d time.Duration) {
	for d > 0 {
		step := min(d, time.Second)
		<-time.After(step)
		d -= step
		s.Proof(record.At(time.Now().Add(-lateness)))
	}
}

// take takes what was told.
func (s *side) take() {
	s.Flush()
	synctest.Wait()
	b, ok := s.Take()
	if !ok {
		return
	}
	s.Done()
	for _, m := range b.Marks {
		switch m.What { //nolint:exhaustive // the rest is no matter here
		case HoleMark:
			s.holes = append(s.holes, record.Span{From: m.From, To: m.Until})
			s.marks++
		case ProofMark:
			s.proven = max(s.proven, m.Until)
		}
	}
	s.holes = record.Union(s.holes)
}

// missed tells whether an instant counts as heard.
func (s *side) missed(at record.Instant) bool {
	for _, h := range s.holes {
		if h.From <= at && at < h.To {
			return false
		}
	}
	return at < s.proven
}

// A piece of a delivery.
type piece struct {
	wait  time.Duration // since the one before
	age   time.Duration // when it comes; a clock may be a little ahead
	bad   bool
	dated bool // its time can be read, though it is bad
	take  bool // what was told is taken before it
	again bool // the session ends before it, and another continues
	own   record.Instant
	came  record.Instant
}

func pieces() *rapid.Generator[piece] {
	return rapid.Custom(func(t *rapid.T) piece {
		p := piece{
			wait: time.Duration(rapid.OneOf(rapid.IntRange(0, 3000), rapid.IntRange(0, 40_000)).Draw(t, "wait")) * time.Millisecond,
			age:  time.Duration(rapid.IntRange(-999, int(lateness/time.Millisecond)).Draw(t, "age")) * time.Millisecond,
			bad:  rapid.Bool().Draw(t, "bad"), dated: rapid.Bool().Draw(t, "dated"), take: rapid.Bool().Draw(t, "take"),
			again: rapid.IntRange(0, 9).Draw(t, "again") == 0,
		}
		if p.dated && rapid.Bool().Draw(t, "stale") { // it breaks what late promises, or its clock is ahead
			p.age = time.Duration(rapid.IntRange(-3000, 7200).Draw(t, "stale age")) * time.Second
		}
		return p
	})
}

// tell tells of a piece.
func (s *side) tell(t *testing.T, p *piece) {
	s.pass(p.wait)
	if p.take {
		s.take()
	}
	if p.again {
		s.End(Stopped, nil)
		s.take()
		s.begin()
	}
	p.came = record.At(time.Now())
	p.own = p.came.Add(-p.age)
	switch {
	case p.bad && p.dated:
		s.RejectOf(p.own, Rejection{Reason: Rejected, Text: "bad"}, nil)
	case p.bad:
		s.Reject(Rejected, "bad", nil, nil)
	default:
		s.tellAt(t, p.own, "good")
	}
}

// near tells whether a piece explains why an instant is not heard.
func (p *piece) near(at record.Instant) bool {
	dated := p.dated && at >= p.own-record.Second && at <= p.own+record.Second
	return p.bad && (dated || at >= p.came.Add(-lateness)-record.Second && at <= p.came+2*record.Second)
}

// However records of several deliveries come among each other, the true time of
// whatever was rejected lies in a hole. What lies far from all of them does not,
// and what came after is proven.
func TestWhatIsRejectedLiesInAHole(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(pieces(), 1, 40).Draw(rt, "pieces")
		var wrong []string
		synctest.Test(t, func(t *testing.T) { // whose goroutine is not rapid's
			s := &side{desk: newDesk(1<<20, Kind{})}
			s.begin()
			for i := range all {
				s.tell(t, &all[i])
			}
			s.pass(time.Hour)
			s.take()
			if until := record.At(time.Now().Add(-lateness)); s.proven != until {
				wrong = append(wrong, fmt.Sprintf("proven up to %s, want %s", s.proven, until))
			}
			wrong = append(wrong, s.judge(all)...)
		})
		if len(wrong) > 0 {
			rt.Fatalf("%q", wrong)
		}
	})
}

// judge says what is wrong with the holes.
func (s *side) judge(all []piece) (wrong []string) {
	for _, p := range all {
		if p.bad && s.missed(p.own) {
			wrong = append(wrong, fmt.Sprintf("%s is lost, which came at %s: %v", p.own, p.came, s.holes))
		}
	}
	for _, h := range s.holes {
		for _, at := range []record.Instant{h.From, h.From + (h.To-h.From)/2, h.To - 1} {
			explained := false
			for i := range all {
				explained = explained || all[i].near(at)
			}
			if !explained {
				wrong = append(wrong, fmt.Sprintf("nothing explains the hole at %s: %v", at, s.holes))
			}
		}
	}
	return wrong
}

// Who is rejected each second for an hour has one hole that ends soon after, and
// holds up no proof; what is told does not become more than what is taken.
func TestANoisySenderHasOneHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &side{desk: newDesk(1<<20, Kind{})}
		zero := record.At(time.Now())
		s.begin()
		for n := range 3600 {
			s.pass(time.Second)
			s.tellAt(t, record.At(time.Now()), "good")
			for range 10 {
				s.Reject(Rejected, "bad", nil, nil)
			}
			s.take()
			if want := record.At(time.Now().Add(-lateness)); s.proven != want || s.marks != n+1 {
				t.Fatalf("after %d s proven up to %s, want %s; %d marks", n+1, s.proven, want, s.marks)
			}
		}
		s.pass(time.Minute)
		s.take()
		until := zero + 3602*record.Second
		if len(s.holes) != 1 || s.holes[0].From > zero || s.holes[0].To > until {
			t.Errorf("holes %v, want one up to %s", s.holes, until)
		}
	})
}

// Times that are told alone are told once for each second, and from so many on in
// one stretch; those that an upstream makes up are nobody's.
func TestStrayTimesAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		apart time.Duration
		marks int // beside the hole
	}{
		"of today":   {time.Second, mostStrays},
		"of decades": {24 * time.Hour, bucketsPerMinute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &side{desk: newDesk(1<<20, Kind{})}
				s.begin()
				oldest := record.At(time.Now())
				for i := range 2000 {
					oldest = record.At(time.Now().Add(-time.Minute - time.Duration(i+1)*c.apart))
					s.RejectOf(oldest, Rejection{Reason: Rejected, Text: "bad"}, nil)
				}
				s.take()
				if s.marks != c.marks+1 {
					t.Errorf("%d marks, want %d and the hole", s.marks, c.marks)
				}
				if name == "of today" && s.missed(oldest) {
					t.Errorf("%s is lost", oldest)
				}
			})
		})
	}
}

// What was rejected before the session is in a hole of it, if it hears that time.
func TestWhatWasRejectedBeforeTheSession(t *testing.T) {
	for name, c := range map[string]struct {
		from time.Duration // of the session, after the rejection
		want int
	}{
		"it begins with older records": {-time.Minute, 1},
		"it begins later":              {time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &side{desk: newDesk(1<<20, Kind{})}
				now := time.Now()
				s.Reject(Rejected, "bad", nil, nil)
				s.Begin(Session{From: record.At(now.Add(c.from)), Several: true}, "here")
				s.Proof(record.At(now))
				s.take()
				first := record.At(now.Add(c.from))
				if s.marks != c.want || c.want > 0 && s.missed(first) {
					t.Errorf("holes %v", s.holes)
				}
			})
		})
	}
}

// Proof from after the rejection ends the hole, wherever its beginning is by then;
// neither the first proof does, nor a record.
func TestProofEndsTheHoleOfSeveral(t *testing.T) {
	for name, taken := range map[string]bool{"in the batch that grows": false, "after it was taken": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &side{desk: newDesk(1<<20, Kind{})}
				zero := record.At(time.Now())
				s.begin()
				s.Reject(Rejected, "bad", nil, nil)
				if taken {
					s.take()
				}
				<-time.After(time.Minute)
				s.tellAt(t, zero+30*record.Second, "good")
				s.Proof(zero + 2*record.Second)
				s.Proof(zero + 5*record.Second)
				s.Proof(zero + 50*record.Second)
				s.take()
				want := record.Span{From: zero.Add(-lateness), To: zero + 5*record.Second}
				if len(s.holes) != 1 || s.holes[0] != want {
					t.Errorf("holes %v, want %v", s.holes, want)
				}
			})
		})
	}
}
