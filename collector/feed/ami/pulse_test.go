package ami

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

func TestWhatAnswersProve(t *testing.T) {
	for name, c := range map[string]struct{ told, proven []record.Instant }{
		"each the one before":       {[]record.Instant{100, 105, 110}, []record.Instant{0, 100, 105}},
		"nothing of a glitch":       {[]record.Instant{100, 105, 3110, 115, 120}, []record.Instant{0, 100, 105, 0, 115}},
		"nothing when it runs back": {[]record.Instant{3100, 3105, 110, 115, 120}, []record.Instant{0, 3100, 0, 110, 115}},
		"the same again":            {[]record.Instant{100, 100}, []record.Instant{0, 100}},
	} {
		t.Run(name, func(t *testing.T) {
			var p pulse
			var proven []record.Instant
			for i, at := range c.told {
				p.sent("id", time.Now())
				begins, until := p.answered("id", at)
				if begins != (i == 0) {
					t.Errorf("answer %d begins: %t", i, begins)
				}
				proven = append(proven, until)
			}
			if !slices.Equal(proven, c.proven) {
				t.Errorf("proven %d, want %d", proven, c.proven)
			}
		})
	}
}

// Whoever leaves in order has heard everything up to that moment, and proves it.
func TestLeavesWithALastWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		h := newHearing(t, p, nil)
		var left time.Time
		h.during(t, func() {
			pass(9 * time.Second) // four seconds after the last Ping
			p.say(event("Cdr"))
			left = time.Now()
		})
		if took := time.Since(left); took > 100*time.Millisecond {
			t.Errorf("leaving took %s", took)
		}
		proofs := h.mark(feed.ProofMark)
		if n := len(proofs); n == 0 || proofs[n-1].Until != record.At(left) {
			t.Errorf("left at %s, proofs are %+v", record.At(left), proofs)
		}
		if len(h.Records) != 1 {
			t.Errorf("%d records, want the one that came meanwhile", len(h.Records))
		}
		if asked := p.asked(); !slices.Equal(asked[len(asked)-3:], []string{"Ping", "Ping", "Logoff"}) {
			t.Errorf("asked for %q", asked)
		}
	})
}

func TestLeavesAMuteUpstreamSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		h := newHearing(t, p, nil)
		var left time.Time
		h.during(t, func() {
			pass(6 * time.Second)
			p.freeze(true)
			left = time.Now()
		})
		if took := time.Since(left); took > time.Second {
			t.Errorf("leaving took %s", took)
		}
		if ends := h.mark(feed.EndMark); len(ends) != 1 || ends[0].Reason != feed.Stopped {
			t.Errorf("ends are %+v", ends)
		}
	})
}
