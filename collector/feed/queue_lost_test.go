package feed

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

// What is lost is a hole of the stretch that was said, however much of it is
// proven before or after; a flood makes one mark.
func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(DefaultQueueLimit, Kind{})
		now := record.At(time.Now())
		at := func(seconds int) record.Instant { return now.Add(time.Duration(seconds) * time.Second) }
		lost := func(from, to int) { d.Lost(Overrun, "lost", record.Span{From: at(from), To: at(to)}) }
		lost(-20, -19) // nobody hears
		d.Begin(Session{From: at(-10), Several: true}, "here")
		d.Proof(at(-5))
		lost(-5, -3)
		lost(-5, -1)
		lost(-5, -2)
		d.Proof(at(-1))
		lost(-1, 0)
		d.Reject(Overrun, "rejected", nil, nil) // begins a hole that is longer
		lost(-1, 0)
		b, _ := d.wait(t)
		hole := func(from, to record.Instant) Mark {
			return Mark{What: HoleMark, From: from, Until: to, Reason: Overrun}
		}
		want := []Mark{
			{What: ProofMark, Until: at(-5)},
			hole(at(-5), at(-1)),
			{What: ProofMark, Until: at(-1)},
			hole(at(-1), at(0)),
			hole(at(-1), at(1)),
		}
		if len(b.Marks) == 0 || b.Marks[0].What != BeginMark {
			t.Fatalf("marks %+v", b.Marks)
		}
		if diff := cmp.Diff(want, b.Marks[1:]); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if b.Rejected != 7 || len(b.Quarantine) != 7 || b.Quarantine[0].Text != "lost" || d.Told() != 7 {
			t.Errorf("%d rejected, %d told: %+v", b.Rejected, d.Told(), b.Quarantine)
		}
	})
}
