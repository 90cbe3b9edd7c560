package push

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
)

// known is a primary whose twin said three seconds ago that both are the same.
func known(now time.Time) Known {
	ours, theirs := hellos()
	return Known{
		Role: node.Primary, Paired: true, Ours: ours.Position, Theirs: &theirs.Position, Their: node.Secondary,
		Told: now.Add(-3 * time.Second), Reached: true, Since: now,
	}
}

func TestStatusWords(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	failed := &Attempt{Generation: 9, Err: "it broke"}
	conflicts := &Attempt{Generation: 9, Conflicts: 2, Err: "edited on both"}
	for _, c := range []struct {
		name   string
		change func(k *Known)
		state  State
		word   string
		count  int64
	}{
		{"nothing happened", func(_ *Known) {}, InSync, "IN SYNC", 0},
		{"edited here", func(k *Known) { k.Ours.Pending = 4 }, Unsent, "CHANGES PENDING", 4},
		{"edited there", func(k *Known) { k.Theirs.Pending = 5 }, EditedThere, "SECONDARY EDITED", 5},
		{"edited on both", func(k *Known) { k.Ours.Pending, k.Theirs.Pending = 4, 5 }, EditedThere, "SECONDARY EDITED", 5},
		{"in conflict", func(k *Known) { k.Ours.Pending, k.Theirs.Pending, k.Last = 4, 5, conflicts }, InConflict, "CONFLICT", 2},
		{"a conflict of before", func(k *Known) { k.Ours.Pending, k.Theirs.Pending, k.Last, k.Ours.Generation = 4, 5, conflicts, 10 }, EditedThere, "SECONDARY EDITED", 5},
		{"a conflict that was undone", func(k *Known) { k.Ours.Pending, k.Last = 4, conflicts }, Failed, "SYNC FAILED", 4},
		{"failed", func(k *Known) { k.Ours.Pending, k.Last = 4, failed }, Failed, "SYNC FAILED", 4},
		{"failed, and edited since", func(k *Known) { k.Ours.Pending, k.Last, k.Ours.Generation = 4, failed, 10 }, Unsent, "CHANGES PENDING", 4},
		{"failed, and done since", func(k *Known) { k.Last = failed }, InSync, "IN SYNC", 0},
		{"never agreed", func(k *Known) { k.Ours.BaseGeneration, k.Theirs.BaseGeneration = 0, 0 }, NeverSynced, "AWAITING FIRST SYNC", 100},
		{"another base", func(k *Known) { k.Theirs.BaseGeneration++ }, BasesDiffer, "BASES DIFFER", 0},
		{"another base of that number", func(k *Known) { k.Theirs.BaseRoot[0]++ }, BasesDiffer, "BASES DIFFER", 0},
		{"under way", func(k *Known) { k.Last = &Attempt{Running: true} }, Syncing, "SYNCING", 0},
		{"versions", func(k *Known) { k.Theirs.Catalogue += 2 }, Skewed, "VERSION SKEW", 0},
		{"two primaries", func(k *Known) { k.Their = node.Primary }, RolesClash, "ROLE CONFLICT", 0},
		{"gone", func(k *Known) { k.Reached, k.Ours.Pending = false, 4 }, Disconnected, "DISCONNECTED", 4},
		{"never asked", func(k *Known) { k.Reached, k.Theirs, k.Since = false, nil, time.Time{} }, Unasked, "UNKNOWN", 0},
		{"it told nothing", func(k *Known) { k.Theirs = nil }, Unasked, "UNKNOWN", 0},
		{"alone", func(k *Known) { *k = Known{Role: node.Primary} }, Alone, "ALONE", 0},
	} {
		k := known(now)
		c.change(&k)
		s := StatusOf(k, now)
		if s.State != c.state || s.Word != c.word || s.Count != c.count {
			t.Errorf("%s: %+v: want %s, %s, %d", c.name, s, c.state, c.word, c.count)
		}
		if quiet := s.State == InSync || s.State == Syncing; quiet != (s.Command == "") {
			t.Errorf("%s: the command is %q", c.name, s.Command)
		}
		if told := k.Theirs != nil; told && s.Age != 3 || !told && s.Age != -1 {
			t.Errorf("%s: it is %d s old", c.name, s.Age)
		}
		if failed := s.State == Failed; failed != (s.Because != "") {
			t.Errorf("%s: because %q", c.name, s.Because)
		}
	}
}

func TestTheSecondaryTellsTheSame(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ primary, secondary int64 }{{0, 0}, {4, 0}, {0, 5}, {4, 5}} {
		here := known(now)
		here.Ours.Pending, here.Theirs.Pending = c.primary, c.secondary
		there := here
		there.Role, there.Their = node.Secondary, node.Primary
		there.Ours, there.Theirs = *here.Theirs, &here.Ours
		if a, b := StatusOf(here, now), StatusOf(there, now); a != b {
			t.Errorf("%+v: the primary says %+v, the secondary %+v", c, a, b)
		}
	}
}

func TestChangesThatWaitTooLongAreAnAlarm(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		change func(k *Known)
		want   bool
	}{
		{func(_ *Known) {}, false},
		{func(k *Known) { k.Oldest = now.Add(-24 * time.Hour) }, false},
		{func(k *Known) { k.Oldest = now.Add(-24*time.Hour - time.Second) }, true},
		{func(k *Known) { k.Oldest, k.Reached = now.Add(-25*time.Hour), false }, true},
		{func(k *Known) { k.Oldest, k.Paired = now.Add(-25*time.Hour), false }, false},
		{func(k *Known) { k.Oldest, k.Role = now.Add(-25*time.Hour), node.Secondary }, false},
	} {
		k := known(now)
		k.Patient = 24 * time.Hour
		c.change(&k)
		if s := StatusOf(k, now); s.Alarm != c.want {
			t.Errorf("%+v: alarm %t, want %t", k, s.Alarm, c.want)
		}
	}
	k := known(now)
	k.Told = now.Add(time.Hour) // the clock was set back
	if s := StatusOf(k, now); s.Age != 0 {
		t.Errorf("told in the future: %d s old", s.Age)
	}
	var theirs *admin.Position
	k.Theirs = theirs
	if s := StatusOf(k, now); s.Age != -1 {
		t.Errorf("told nothing: %d s old", s.Age)
	}
}
