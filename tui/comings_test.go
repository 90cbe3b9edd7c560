package tui

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// TestPeople holds that people are told to go to the primary only where there is
// one that is up.
func TestPeople(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*view)
		want   string
	}{
		"on the secondary": {func(*view) {}, "! 2 by SSH, belong on cms-a: ann, ops"},
		"primary is down":  {func(v *view) { v.Own.Running = false }, "  2 by SSH: ann, ops"},
		"it is primary":    {func(v *view) { v.Twin.Document.Role, v.Own.Role = node.Primary, node.Secondary }, "  2 by SSH: ann, ops"},
		"nobody":           {func(v *view) { v.Twin.Document.People.Sessions = nil }, "- nobody by SSH"},
		"nobody can tell":  {func(v *view) { v.Twin.Document.People = nil }, "? not known"},
	} {
		v := pair()
		c.change(&v)
		if got := v.people(v.sides()[1]).text(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestComings holds that of a twin that tells its next run alone that one stands there.
func TestComings(t *testing.T) {
	v := pair()
	if got, want := v.comings(v.sides()[0]).text(), "in 22h nightly backup, 23h sync, 2d drill"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	v.Own.Timetables.Coming = nil
	if got, want := v.comings(v.sides()[0]).text(), "in 22h nightly backup"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestIntervalSign holds that the newer interval is ahead, and that of one both
// have the incomplete one shows.
func TestIntervalSign(t *testing.T) {
	at := func(d time.Duration, complete bool) *node.Document {
		return &node.Document{Interval: &node.IntervalDocument{Start: *before(d), Complete: complete}}
	}
	for name, c := range map[string]struct {
		l, r *node.Document
		want string
	}{
		"same":       {at(0, true), at(0, true), "="},
		"incomplete": {at(0, true), at(0, false), "!"},
		"behind":     {at(time.Hour, true), at(0, false), ">"},
		"ahead":      {at(0, true), at(time.Hour, true), "<"},
		"none":       {&node.Document{}, &node.Document{}, "="},
		"one":        {at(0, true), &node.Document{}, "!"},
	} {
		if got := intervalSign(c.l, c.r).text; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
