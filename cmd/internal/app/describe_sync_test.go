package app

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/push"
)

func TestWhatTheTwinToldBeforeASyncIsOvertakenByIt(t *testing.T) {
	agreed := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	ours := admin.Summary{Generation: 5, BaseGeneration: 5, BaseRoot: admin.Root{5}, Agreed: record.At(agreed)}
	said := node.SyncDocument{Generation: 3, Base: node.SyncPlace{Catalogue: admin.Catalogue, Generation: 3, Root: admin.Root{3}.String(), Edited: 2}}
	for name, c := range map[string]struct {
		at   time.Time
		want push.State
	}{
		"before": {agreed.Add(-time.Second), push.InSync},
		"after":  {agreed.Add(time.Second), push.BasesDiffer},
	} {
		k := push.Known{
			Role: node.Primary, Their: node.Secondary, Paired: true, Reached: true, Told: c.at, Since: c.at,
			Ours: admin.Position{Catalogue: admin.Catalogue, Generation: 5, BaseGeneration: 5, BaseRoot: admin.Root{5}},
		}
		k.Theirs = told(said, k, ours)
		if d := syncDocument(k, ours); d.State != string(c.want) || d.CheckedAt == nil || d.CheckedAt.Time().Before(agreed) {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestSyncAlarms(t *testing.T) {
	for name, c := range map[string]struct {
		role node.Role
		sync *node.SyncDocument
		want []string
	}{
		"alone":                 {node.Primary, nil, nil},
		"in sync":               {node.Primary, &node.SyncDocument{}, nil},
		"waits":                 {node.Primary, &node.SyncDocument{Pending: 3}, nil},
		"waits too long":        {node.Primary, &node.SyncDocument{Pending: 3, Overdue: true}, []string{"sync_overdue"}},
		"edited there":          {node.Primary, &node.SyncDocument{Drift: 1}, []string{"secondary_edited"}},
		"told by the secondary": {node.Secondary, &node.SyncDocument{Drift: 1, Overdue: true}, nil},
	} {
		var codes []string
		for _, a := range syncAlarms(node.Document{Role: c.role, Sync: c.sync, Twin: &node.TwinDocument{Name: "cms-b"}}) {
			codes = append(codes, a.code)
		}
		if len(codes) != len(c.want) || len(codes) > 0 && codes[0] != c.want[0] {
			t.Errorf("%s: %v, want %v", name, codes, c.want)
		}
	}
}

// What is pending is counted anew when something was changed, and not before.
func TestRowGlance(t *testing.T) {
	cfg := configured(t, "name = \"cms-a\"\ndata = \"data\"\n")
	data := primary(t, cfg)
	g := &rowGlance{db: data.Admin}
	look := func(want int64) {
		t.Helper()
		if s, err := g.rows(t.Context()); err != nil || s.Pending != want {
			t.Errorf("%+v, %v: want %d pending", s, err, want)
		}
	}
	look(0)
	edit := admin.Edit{Kind: "queue", Key: "support", Body: admin.Body{"name": "Support"}}
	if _, err := data.Admin.Change(t.Context(), admin.Author{Actor: "ann", Verb: "admin.set"}, []admin.Edit{edit}, admin.How{}); err != nil {
		t.Fatal(err)
	}
	look(1)
	g.known.Pending = 7
	look(7)
	if err := data.Admin.Attempted(t.Context(), 0, errors.New("it broke")); err != nil {
		t.Fatal(err)
	}
	look(1) // a sync that failed changed nothing else
	if g.known.Attempt.Err != "it broke" {
		t.Errorf("%+v", g.known.Attempt)
	}
}

// What became of the last sync is the primary's to tell.
func TestTheLastSync(t *testing.T) {
	failed := admin.Attempt{At: 1, Generation: 9, Conflicts: 2, Err: "it broke"}
	for name, c := range map[string]struct {
		role node.Role
		is   admin.Attempt
		want *push.Attempt
	}{
		"none":                {node.Primary, admin.Attempt{}, nil},
		"it failed":           {node.Primary, failed, &push.Attempt{Generation: 9, Conflicts: 2, Err: "it broke"}},
		"of a former primary": {node.Secondary, failed, nil},
	} {
		if diff := cmp.Diff(c.want, lastSync(t.TempDir(), c.role, c.is)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
