package tui

import (
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
)

func somePlan() Plan {
	return Plan{
		Here: "cms-a", There: "cms-b", Verdict: "2 rows to choose about; nothing was changed", Blocked: "edited on both: queue/support",
		Rows: []PlannedRow{
			{Kind: "queue", Key: "support", Called: "Support, English", Does: "conflict", Sign: "~", Fields: []Paired{{"name", "Support, English", "Support"}, {"service_level", "20", "30"}}},
			{Kind: "user", Key: "ann", Does: "drift", Sign: "~", Fields: []Paired{{"permission", "view", "operate"}}},
			{Kind: "queue", Key: "sales", Does: "sent", Sign: "+", Fields: []Paired{{"name", "Sales", ""}}},
			{Kind: "timetable", Key: "k1", Called: "nightly", Does: "sent", Sign: "-", Effects: []string{"this timetable will no longer run on cms-b"}},
			{Kind: "agent", Key: "101", Does: "adopted", Sign: "+"},
			{Kind: "agent", Key: "102", Does: "kept", Sign: "~"},
		},
	}
}

func syncPictures() map[string]frame {
	const name = "Sync"
	full := on(name, syncing{plan: somePlan()})
	equal := Plan{Here: "cms-a", There: "cms-b", Verdict: "in sync: cms-b is at generation 12, checked just now", Idle: true}
	hostile := Plan{Here: evil, There: evil, Verdict: evil, Blocked: evil, Rows: []PlannedRow{
		{Kind: evil, Key: evil, Called: evil, Does: evil, Sign: evil, Fields: []Paired{{evil, evil, evil}}, Effects: []string{evil}},
	}}
	agreed := syncing{agreed: []admin.Agreement{{At: record.At(night), Actor: evil, Role: evil}, {
		At: record.At(night), Actor: "ann", Role: "primary", Facts: admin.Facts{To: 12, Bytes: 4711}, Applied: admin.Applied{Added: 3, Changed: 1},
	}}}
	return map[string]frame{
		"sync_full":        full,
		"sync_left":        keyed(full, " ", "j", " "),
		"sync_row":         on(name, syncing{plan: somePlan()}, "queue/support"),
		"sync_equal":       on(name, syncing{plan: equal}),
		"sync_failing":     failing(full),
		"sync_secondary":   keyed(secondary(full), "S"),
		"sync_hostile":     on(name, syncing{plan: hostile}),
		"sync_row_hostile": on(name, syncing{plan: hostile}, evil+"/"+evil),
		"sync_received":    secondary(on(name, syncing{plan: Plan{Here: "cms-a", There: "cms-a", Unknown: true, Verdict: "cms-a holds generation 12", Blocked: "1 row edited here alone: the next sync stops at that and asks"}})),
		"sync_log":         onKnobs(name, agreed, "l"),
		"sync_log_back":    keyed(onKnobs(name, agreed, "l"), "j", "B"),
		"sync_log_empty":   onKnobs(name, syncing{}, "l"),
		"sync_plan":        keyed(full, "S").plannedSo([]string{"conflicts, edited on both"}, 8),
	}
}

// TestChoices holds that what somebody chose about rows is what is typed.
func TestChoices(t *testing.T) {
	f := keyed(on("Sync", syncing{}), "d", "d")
	data := syncing{plan: somePlan()}
	f = keyed(f.took(f.placeID(), known{data: data, looked: night}), "s", "f")
	f = f.took(f.placeID(), known{data: data, looked: night})
	const want = "twinctl sync --progress --drift=overwrite --first '--resolve=secondary queue/support'"
	if got := typed(f.acts()[0].line(nil), ""); got != want {
		t.Errorf("it sends by %s, want %s", got, want)
	}
	f = keyed(f, "g", "j", " ", " ")
	const left = want + " --except=user/ann --except=queue/sales"
	if got := typed(f.acts()[0].line(nil), ""); got != left {
		t.Errorf("it leaves rows out by %s, want %s", got, left)
	}
	const inside = want + " --only=user/ann --only=queue/sales"
	if got := typed(keyed(f, "*", "g", "j", " ", " ").acts()[0].line(nil), ""); got != inside {
		t.Errorf("it takes rows in by %s, want %s", got, inside)
	}
	if c := choicesAt(f.browse().place); c.Resolve["queue/support"] != "secondary" || c.Drift != "overwrite" || !c.First {
		t.Errorf("the plan is made with %+v", c)
	}
}
