package history

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// everything returns every row of every table of a file, and how it numbers.
func everything(t fataler, path string) (all []string) {
	t.Helper()
	err := store.Peek(context.Background(), path, func(tx *store.Tx) error {
		for _, table := range append(tables(t, path), "sqlite_sequence") {
			rows, err := tx.Query(`SELECT * FROM ` + table + ` ORDER BY 1, 2, 3`)
			if table == "lineage" || table == "sqlite_sequence" || table == "healed" {
				rows, err = tx.Query(`SELECT * FROM ` + table + ` ORDER BY 1`)
			}
			if err != nil {
				return err
			}
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			for rows.Next() {
				if err := rows.Scan(into...); err != nil {
					return err
				}
				all = append(all, fmt.Sprintf("%s %v", table, values))
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func tables(t fataler, path string) (names []string) {
	t.Helper()
	found, err := store.Inspect(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	for name := range found.Tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func copied(t fataler, h *DB, path string) Mark {
	t.Helper()
	if _, err := h.Copy(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	c, err := ContentsOf(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return c.Mark
}

// A table that no increment carries would be lost.
func TestAnIncrementCarriesEveryTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "copy")
	copied(t, open(t), path)
	carried := append(wholeTables(), "record", "exception", "lineage")
	for _, d := range dayTables() {
		carried = append(carried, d.name)
	}
	slices.Sort(carried)
	if diff := cmp.Diff(carried, tables(t, path)); diff != "" {
		t.Error(diff)
	}
}

func TestACopyIsTheSameFile(t *testing.T) {
	h := begun(t)
	commit(t, h, "pbx", feed.Batch{Records: numbered(5000)})
	count(t, h, headTo(20))
	dir := t.TempDir()
	copied(t, h, filepath.Join(dir, "one"))
	copied(t, h, filepath.Join(dir, "two"))
	if diff := cmp.Diff(everything(t, filepath.Join(dir, "one")), everything(t, filepath.Join(dir, "two"))); diff != "" {
		t.Error(diff)
	}
	if _, err := h.Copy(t.Context(), filepath.Join(dir, "two")); err == nil {
		t.Error("a copy was written over another file")
	}
}

// changes are what happens to a history, at random.
func changes(h *DB, day *record.Instant) map[string]func(*rapid.T) {
	text := 0
	return map[string]func(*rapid.T){
		"records": func(t *rapid.T) {
			var b feed.Batch
			for range rapid.IntRange(1, 30).Draw(t, "records") {
				text++
				at := monday + record.Instant(rapid.Int64Range(0, int64(3*record.Day)).Draw(t, "at"))
				b.Records = append(b.Records, record.New(at, 0, fmt.Append(nil, text)))
			}
			commit(t, h, rapid.SampledFrom([]string{"pbx", "other"}).Draw(t, "feed"), b)
		},
		"coverage": func(t *rapid.T) {
			*day += record.Hour
			commit(t, h, "pbx", feed.Batch{Marks: []feed.Mark{begin(feed.Session{From: *day}), proof(*day + record.Minute), end(feed.Mute)}})
		},
		"rejected": func(t *rapid.T) {
			commit(t, h, "pbx", feed.Batch{Rejected: 1, Quarantine: []feed.Rejection{{Reason: feed.Rejected, Head: []byte("x")}}})
		},
		"count": func(t *rapid.T) {
			at := monday + record.Instant(rapid.IntRange(0, 200).Draw(t, "interval"))*quarter
			told := toldAt(at)
			if rapid.Bool().Draw(t, "queues") {
				told = toldAt(at, offered(at, "sales", 1), offered(max(monday, at-record.Day), "sales", -1))
			}
			if rapid.Bool().Draw(t, "agents") {
				told.Agents = []acd.AgentRow{{Start: at, Agent: "Agent/1"}}
			}
			count(t, h, Stretch{
				Span:    record.Span{From: at, To: at + quarter},
				Told:    []Told{told},
				Borders: []Border{{at + quarter, []byte{byte(at)}}},
			})
		},
		"exception": func(t *rapid.T) {
			text++
			e := exception("t", fmt.Sprint(text), monday, 0)
			if _, err := h.AddExceptions(context.Background(), []Exception{e}); err != nil {
				t.Fatal(err)
			}
		},
		"heal": func(t *rapid.T) { // a record that was there is written anew
			text++
			err := h.db.Update(context.Background(), func(tx *store.Tx) error {
				_, err := tx.Exec(`UPDATE record SET raw = ? WHERE seq = (SELECT min(seq) FROM record)`, fmt.Append(nil, text))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		},
		"recount": func(t *rapid.T) {
			if err := h.Recount(context.Background(), "pbx", record.Span{From: monday, To: monday + record.Day}); err != nil {
				t.Fatal(err)
			}
		},
		"drop": func(t *rapid.T) {
			until := monday + record.Instant(rapid.IntRange(0, 2).Draw(t, "days"))*record.Day
			if _, err := h.Drop(context.Background(), "pbx", until, true); err != nil {
				t.Fatal(err)
			}
		},
		"other rules": func(t *rapid.T) {
			text++
			if err := h.CountBy(context.Background(), "pbx", "ami", text); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// A copy with all increments on it is, row by row, the history as it was when
// the last of them was made, whatever happened in between.
func TestACopyAndItsIncrementsAreTheHistory(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h, dir, day, n := begun(t), t.TempDir(), monday, 0
		base := filepath.Join(dir, "base")
		is := copied(rt, h, base)
		all := changes(h, &day)
		all["increment"] = func(rt *rapid.T) {
			n++
			inc, now := filepath.Join(dir, fmt.Sprint("inc", n)), filepath.Join(dir, fmt.Sprint("now", n))
			c, err := h.Increment(context.Background(), inc, is)
			if err != nil {
				rt.Fatal(err)
			}
			if want := copied(rt, h, now); want != c.Mark {
				rt.Fatalf("at %+v, want %+v", c.Mark, want)
			}
			if err := Lay(context.Background(), base, inc); err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(everything(rt, now), everything(rt, base)); diff != "" {
				rt.Fatal(diff)
			}
			is = c.Mark
		}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(all))), 2, 6).Draw(rt, "what happens") {
			all[name](rt)
		}
		all["increment"](rt)
	})
}

// Each sort of change is carried, when nothing else of its day changed.
func TestEachSortOfChangeIsCarried(t *testing.T) {
	change := func(statement string) func(*testing.T, *DB) {
		return func(t *testing.T, h *DB) {
			t.Helper()
			fault(t, h, statement)
		}
	}
	told := func(told Told) func(*testing.T, *DB) {
		return func(t *testing.T, h *DB) {
			t.Helper()
			count(t, h, Stretch{Span: record.Span{From: told.At, To: told.At + quarter}, Told: []Told{told}})
		}
	}
	at := monday + 8*quarter
	changes := map[string]func(*testing.T, *DB){
		"a queue's row":  told(toldAt(at, offered(at, "sales", 1))),
		"an agent's row": told(Told{at, acd.Counted{Agents: []acd.AgentRow{{Start: at, Agent: "Agent/1"}}}}),
		"a bucket":       change(`INSERT INTO bucket SELECT feed, start + 300000000, count, sum FROM bucket ORDER BY start LIMIT 1`),
		"a border":       change(`INSERT INTO fold SELECT feed, border + 1, carry FROM fold WHERE border > 0 ORDER BY border LIMIT 1`),
		"a record":       change(`UPDATE record SET raw = x'00' WHERE seq = 1`),
	}
	for name, what := range map[string][2]string{"bucket": {"start", "count"}, "queue_interval": {"start", "offered"}, "agent_interval": {"start", "staffed"}, "fold": {"border", "border"}} {
		first := ` WHERE ` + what[0] + ` = (SELECT min(` + what[0] + `) FROM ` + name + ` WHERE ` + what[0] + ` > 0)`
		changes["other "+name] = change(`UPDATE ` + name + ` SET ` + what[1] + ` = ` + what[1] + ` + 1` + first)
		changes["no "+name] = change(`DELETE FROM ` + name + first)
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			h, dir := begun(t), t.TempDir()
			days(t, h, 3, 2)
			for day := range record.Instant(3) {
				start := monday + day*record.Day
				s := Stretch{Span: record.Span{From: start, To: start + quarter}, Told: []Told{toldAt(start, offered(start, "sales", 1))}, Borders: []Border{{start + quarter, []byte{1}}}}
				s.Told[0].Agents = []acd.AgentRow{{Start: start, Agent: "Agent/1"}}
				count(t, h, s)
			}
			base, inc, now := filepath.Join(dir, "base"), filepath.Join(dir, "inc"), filepath.Join(dir, "now")
			is := copied(t, h, base)
			change(t, h)
			copied(t, h, now)
			if slices.Equal(everything(t, now), everything(t, base)) {
				t.Fatal("nothing changed")
			}
			if _, err := h.Increment(t.Context(), inc, is); err != nil {
				t.Fatal(err)
			}
			if err := Lay(t.Context(), base, inc); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(everything(t, now), everything(t, base)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnIncrementOfSomethingElseIsRefused(t *testing.T) {
	h, dir := begun(t), t.TempDir()
	base, inc := filepath.Join(dir, "base"), filepath.Join(dir, "inc")
	is := copied(t, h, base)
	commit(t, h, "pbx", feed.Batch{Records: numbered(3)})
	later := copied(t, h, filepath.Join(dir, "later"))
	other := copied(t, open(t), filepath.Join(dir, "other"))
	for name, since := range map[string]Mark{
		"another history": other,
		"ahead":           {is.Lineage, later.Seq + 1, is.Change, is.Exception},
	} {
		if _, err := h.Increment(t.Context(), filepath.Join(dir, name), since); !errors.Is(err, ErrNotFollowing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.Increment(t.Context(), inc, is); err != nil {
		t.Fatal(err)
	}
	for _, on := range []string{"later", "other"} {
		if err := Lay(t.Context(), filepath.Join(dir, on), inc); !errors.Is(err, ErrNotFollowing) {
			t.Errorf("on %s: %v", on, err)
		}
	}
	if err := Lay(t.Context(), base, inc); err != nil {
		t.Error(err)
	}
	if err := Lay(t.Context(), base, inc); !errors.Is(err, ErrNotFollowing) {
		t.Errorf("twice: %v", err)
	}
}
