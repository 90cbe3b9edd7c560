package report

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A rig is a site with a history.
type rig struct {
	Sources
	dir  string
	now  record.Instant
	told map[string]*history.Stretch // by feed, what is to be counted
}

// newRig returns a site of one feed "pbx" that begins to listen at from.
func newRig(t testing.TB, from string) *rig {
	t.Helper()
	dir := t.TempDir()
	h, err := history.Open(t.Context(), filepath.Join(dir, history.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Sources: Sources{History: h, Admin: openAdmin(t, dir)}, dir: dir, now: at(from), told: map[string]*history.Stretch{}}
	t.Cleanup(func() {
		if err := errors.Join(h.Close(), r.Admin.Close()); err != nil {
			t.Error(err)
		}
	})
	r.addFeed(t, Feed{Name: "pbx", Format: "ami", Source: "pbx"})
	return r
}

func openAdmin(t testing.TB, dir string) *admin.DB {
	t.Helper()
	schema := store.Schema{App: 1, Migrations: fstest.MapFS{"migrations/0001_node.sql": &fstest.MapFile{Data: []byte(`
		CREATE TABLE standing (server TEXT) STRICT`)}}}
	node, err := store.Open(t.Context(), filepath.Join(dir, "node.db"), schema, store.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := node.Close(); err != nil {
			t.Error(err)
		}
	})
	guard := func(context.Context, *store.Tx) (admin.Standing, error) {
		return admin.Standing{Server: "cms-a", Role: "primary", Epoch: 1, Pair: "p", Twin: "cms-b"}, nil
	}
	a, err := admin.Open(t.Context(), filepath.Join(dir, admin.File), store.Create, admin.Options{NodePath: node.Path(), Guard: guard})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// at reads an instant.
func at(text string) record.Instant {
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return record.At(t)
		}
	}
	panic(text)
}

// addFeed makes a feed that begins to listen now.
func (r *rig) addFeed(t testing.TB, f Feed) {
	t.Helper()
	r.Feeds = append(r.Feeds, f)
	r.told[f.Name] = &history.Stretch{Feed: f.Name, Span: record.Span{From: r.now - 30*record.Day, To: r.now}}
	if _, err := r.History.Start(t.Context(), f.Name); err != nil {
		t.Fatal(err)
	}
	r.mark(t, f.Name, feed.Mark{What: feed.BeginMark, From: r.now, Told: r.now, Begin: &feed.Session{From: r.now}})
}

func (r *rig) mark(t testing.TB, name string, marks ...feed.Mark) {
	t.Helper()
	_, err := r.History.Commit(t.Context(), []history.Batch{{Feed: name, Kind: 1, Batch: feed.Batch{Marks: marks}}})
	if err != nil {
		t.Fatal(err)
	}
}

// hear stores records.
func (r *rig) hear(t testing.TB, name string, records ...record.Record) {
	t.Helper()
	_, err := r.History.Commit(t.Context(), []history.Batch{{Feed: name, Kind: 1, Batch: feed.Batch{Records: records}}})
	if err != nil {
		t.Fatal(err)
	}
}

// hears lets a feed hear up to an instant, of which everything is counted.
func (r *rig) hears(t testing.TB, name, until string) {
	t.Helper()
	r.now = max(r.now, at(until))
	r.mark(t, name, feed.Mark{What: feed.ProofMark, Until: at(until)})
	r.through(name, until)
}

// misses lets a feed be deaf until an instant.
func (r *rig) misses(t testing.TB, name, until string) {
	t.Helper()
	r.now = max(r.now, at(until))
	begin := feed.Mark{What: feed.BeginMark, From: at(until), Told: at(until), Begin: &feed.Session{From: at(until)}}
	r.mark(t, name, feed.Mark{What: feed.EndMark, Reason: feed.Mute}, begin)
}

func (r *rig) through(name, until string) {
	r.told[name].Span.To = max(r.told[name].Span.To, at(until))
}

// queue says what was counted of a queue in an interval.
func (r *rig) queue(name, start, queue string, counts acd.QueueCounts) {
	row := acd.QueueRow{Start: at(start), Queue: queue, Counts: counts}
	r.told[name].Told = append(r.told[name].Told, history.Told{At: row.Start, Counted: acd.Counted{Queues: []acd.QueueRow{row}}})
}

func (r *rig) agent(name, start, agent string, counts acd.AgentCounts) {
	row := acd.AgentRow{Start: at(start), Agent: agent, Counts: counts}
	r.told[name].Told = append(r.told[name].Told, history.Told{At: row.Start, Counted: acd.Counted{Agents: []acd.AgentRow{row}}})
}

// count writes it all down.
func (r *rig) count(t testing.TB) {
	t.Helper()
	for _, f := range r.Feeds {
		if err := r.History.CountBy(t.Context(), f.Name, f.Format, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := r.History.Count(t.Context(), *r.told[f.Name]); err != nil {
			t.Fatal(err)
		}
	}
}

// administer changes what people administer.
func (r *rig) administer(t testing.TB, edits ...admin.Edit) {
	t.Helper()
	ann := admin.Author{Actor: "ann", From: "local", Verb: "admin.set"}
	if _, err := r.Admin.Change(t.Context(), ann, edits, admin.How{}); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) set(t testing.TB, key, value string) {
	t.Helper()
	r.administer(t, row("setting", key, admin.Body{"value": value}))
}

func row(kind, key string, body admin.Body) admin.Edit {
	return admin.Edit{Kind: kind, Key: key, Body: body}
}

// asks counts what was said, and returns a question from one instant to another.
func (r *rig) asks(t testing.TB, from, to string, by By) Ask {
	t.Helper()
	r.count(t)
	return Ask{From: at(from), To: at(to), By: by, Now: r.now}
}

// answers returns what a question gave.
func answers(t testing.TB) func(Table, error) Table {
	t.Helper()
	return func(table Table, err error) Table {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Fatalf("row %d has %d cells for %d columns", i, len(row), len(table.Columns))
			}
		}
		if table.Total != nil && len(table.Total) != len(table.Columns) {
			t.Fatalf("the total has %d cells for %d columns", len(table.Total), len(table.Columns))
		}
		return table
	}
}

func join(words []string) string { return strings.Join(words, " ") }

// wants compares some columns of a table, a line for each row: times as the
// site's clocks show them, "-" for what cannot be known.
func wants(t testing.TB, table Table, names string, lines ...string) {
	t.Helper()
	var got []string
	for _, row := range table.Rows {
		got = append(got, shown(t, table, row, names))
	}
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", names, diff)
	}
}

func shown(t testing.TB, table Table, row []any, names string) string {
	t.Helper()
	var cells []string
	for name := range strings.FieldsSeq(names) {
		i := slices.IndexFunc(table.Columns, func(c Column) bool { return c.Name == name })
		if i < 0 {
			t.Fatalf("no column %q", name)
		}
		switch v := row[i].(type) {
		case nil:
			cells = append(cells, "-")
		case time.Time:
			cells = append(cells, v.Format("01-02T15:04-07:00"))
		default:
			cells = append(cells, fmt.Sprint(v))
		}
	}
	return strings.Join(cells, " ")
}
