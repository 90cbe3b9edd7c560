package switchover

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// A server takes the role alone where the other one cannot act as primary, or
// where nobody can know and a person says so.
func TestRule(t *testing.T) {
	primary := Vitals{Name: "cms-a", Server: "A", Role: node.Primary, Epoch: 3, Seen: 3, PID: 7, Store: StoreOK}
	seen := func(change func(*Vitals)) Sight {
		v := primary
		change(&v)
		return Sight{Name: "cms-a", Vitals: v}
	}
	away := Sight{Name: "cms-a", Away: errors.New("unreachable")}
	fence := &Fence{Epoch: 4, By: "cms-b"}
	down := Attestation{Name: "cms-a", Reason: "its rack burns"}
	own := Own{Name: "cms-b", Live: 1, Feeds: 1, TwinHeard: -1}
	is := func(change func(*Own)) Own {
		o := own
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		own    Own
		twin   Sight
		said   Attestation
		want   Verdict
		word   bool // of a person is the proof
		cutOff bool
	}{
		"works":                          {own: own, twin: seen(func(*Vitals) {}), want: VerdictAlive},
		"works, whatever somebody says":  {own: own, twin: seen(func(*Vitals) {}), said: down, want: VerdictAlive},
		"secondary":                      {own: own, twin: seen(func(v *Vitals) { v.Role = node.Secondary }), want: VerdictTake},
		"secondary, dead":                {own: own, twin: seen(func(v *Vitals) { v.Role, v.PID = node.Secondary, 0 }), want: VerdictTake},
		"has seen a higher epoch":        {own: own, twin: seen(func(v *Vitals) { v.Seen = 4 }), want: VerdictTake},
		"dead":                           {own: own, twin: seen(func(v *Vitals) { v.PID = 0 }), want: VerdictFence},
		"silent":                         {own: own, twin: seen(func(v *Vitals) { v.SilentS = 9 }), want: VerdictFence},
		"silent for a moment":            {own: own, twin: seen(func(v *Vitals) { v.SilentS = 8 }), want: VerdictAlive},
		"stopped":                        {own: own, twin: seen(func(v *Vitals) { v.Stopped = true }), want: VerdictFence},
		"full":                           {own: own, twin: seen(func(v *Vitals) { v.Store = StoreFull }), want: VerdictFence},
		"read-only":                      {own: own, twin: seen(func(v *Vitals) { v.Store = StoreReadOnly }), want: VerdictFence},
		"failed":                         {own: own, twin: seen(func(v *Vitals) { v.Store = StoreFailed }), want: VerdictFence},
		"its role cannot be read":        {own: own, twin: seen(func(v *Vitals) { v.Role, v.Epoch, v.Seen = "", 0, 0 }), want: VerdictFence},
		"fenced and gone":                {own: own, twin: seen(func(v *Vitals) { v.Fence, v.PID, v.Harmless = fence, 0, "gone" }), want: VerdictTake},
		"fenced, and obeys":              {own: own, twin: seen(func(v *Vitals) { v.Fence, v.Harmless = fence, "obeys" }), want: VerdictTake},
		"fenced, and may not know of it": {own: own, twin: seen(func(v *Vitals) { v.Fence = fence }), want: VerdictFence},
		"nobody reaches it":              {own: own, twin: away, want: VerdictNoProof},
		"... and a person knows":         {own: own, twin: away, said: down, want: VerdictTake, word: true},
		"... and gives no reason":        {own: own, twin: away, said: Attestation{Name: "cms-a"}, want: VerdictNoProof},
		"... and means another":          {own: own, twin: away, said: Attestation{"cms-b", "x"}, want: VerdictRefused},
		"a person means another":         {own: own, twin: seen(func(v *Vitals) { v.PID = 0 }), said: Attestation{"x", "x"}, want: VerdictRefused},
		"nobody is heard":                {own: is(func(o *Own) { o.Live = 0 }), twin: away, want: VerdictNoProof, cutOff: true},
		"nobody is heard, a person":      {own: is(func(o *Own) { o.Live = 0 }), twin: away, said: down, want: VerdictTake, word: true, cutOff: true},
		"it reaches us":                  {own: is(func(o *Own) { o.Live, o.TwinHeard = 0, 3*time.Second }), twin: away, want: VerdictNoProof},
		"it reached us long ago":         {own: is(func(o *Own) { o.Live, o.TwinHeard = 0, time.Minute }), twin: away, want: VerdictNoProof, cutOff: true},
		"no feeds at all":                {own: is(func(o *Own) { o.Live, o.Feeds = 0, 0 }), twin: away, want: VerdictNoProof},
		"primary already":                {own: is(func(o *Own) { o.Primary, o.Epoch = true, 4 }), twin: away, said: down, want: VerdictAlready},
		"primary already, it knows":      {own: is(func(o *Own) { o.Primary, o.Epoch = true, 4 }), twin: seen(func(v *Vitals) { v.Role, v.Seen = node.Secondary, 4 }), want: VerdictAlready},
		"primary, and knows no better":   {own: is(func(o *Own) { o.Primary, o.Epoch = true, 2 }), twin: seen(func(*Vitals) {}), want: VerdictAlive},
		"restored":                       {own: is(func(o *Own) { o.Restored = true }), twin: away, said: down, want: VerdictRefused},
	} {
		r := Rule(c.own, c.twin, c.said)
		if r.Verdict != c.want || r.Attested != c.word || r.CutOff != c.cutOff || r.Because == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// Whoever did not answer is named once.
func TestWhoIsAwayIsNamedOnce(t *testing.T) {
	for _, err := range []error{fmt.Errorf("cms-a: %w", ErrAway), ErrAway} {
		r := Rule(Own{Name: "cms-b", TwinHeard: -1}, Sight{Name: "cms-a", Away: err}, Attestation{})
		if r.Because != "cms-a: it gives no answer" {
			t.Errorf("%v: %q", err, r.Because)
		}
	}
}
