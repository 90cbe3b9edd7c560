package node

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// fillLedger writes so many rows of ten timetables, a slot each minute, a tenth
// of which the twin told.
func fillLedger(t testing.TB, n *DB, rows int) {
	t.Helper()
	err := n.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`
			WITH RECURSIVE i (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n + 1 < ?1)
			INSERT INTO run (theirs, server, timetable, name, slot, attempt, epoch, role, trigger, actor, state, reason, planned, ended, output, rev)
			SELECT iif(n % 10 = 0, n + 1, NULL), iif(n % 10 = 0, 'cms-b', 'cms-a'), 'tt-' || (n % 7), 'name ' || (n % 7), ?2 + n / 3 * 60000000,
				n + 1, 1, '', 'schedule', '', iif(n % 5 = 0, 'failed', 'ok'), '', 0, ?2 + n * 60000000, (n + 1) || '.log', n + 1 FROM i`,
			rows, int64(slot0))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRunsAreReadInPages(t *testing.T) {
	const rows = 20_000
	n, _ := ledgerOf(t, Primary)
	fillLedger(t, n, rows)
	for name, c := range map[string]struct {
		q    RunQuery
		want func(i int) bool // whether row i, from 0, is one
	}{
		"all":        {RunQuery{Limit: 999}, func(int) bool { return true }},
		"large":      {RunQuery{}, func(int) bool { return true }},
		"timetables": {RunQuery{Limit: 500, Timetables: []string{"tt-1", "tt-3", "none"}}, func(i int) bool { return i%7 == 1 || i%7 == 3 }},
		"server":     {RunQuery{Limit: 500, Server: "cms-b"}, func(i int) bool { return i%10 == 0 }},
		"states":     {RunQuery{Limit: 500, States: []RunState{RunFailed, RunMissed}}, func(i int) bool { return i%5 == 0 }},
		"times": {
			RunQuery{Limit: 50, Since: slot0 + 100*record.Minute, Before: slot0 + 200*record.Minute},
			func(i int) bool { return i/3 >= 100 && i/3 < 200 },
		},
		"none": {RunQuery{Server: "cms-c"}, func(int) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			var want, got []int64
			for i := rows - 1; i >= 0; i-- {
				if c.want(i) {
					want = append(want, int64(i+1))
				}
			}
			for q := c.q; ; {
				page, err := n.Runs(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				if most := min(max(q.Limit, 1), MaxRuns); q.Limit > 0 && len(page) > most || len(page) > MaxRuns {
					t.Fatalf("a page of %d", len(page))
				}
				for _, r := range page {
					got = append(got, r.ID)
				}
				q.After = page[len(page)-1]
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d rows, want %d", len(got), len(want))
			}
		})
	}
	keys, err := n.TimetablesCalled(t.Context(), "name 3")
	if err != nil || !slices.Equal(keys, []string{"tt-3"}) {
		t.Errorf("by name: %q, %v", keys, err)
	}
	if keys, err := n.TimetablesCalled(t.Context(), "tt-3"); err != nil || len(keys) != 1 {
		t.Errorf("by key: %q, %v", keys, err)
	}
}

// A page is read by an index, not by sorting all that there is.
func TestAPageIsFoundByItsIndex(t *testing.T) {
	n, _ := ledgerOf(t, Primary)
	fillLedger(t, n, 1000)
	last := Run{ID: 500, Slot: slot0 + 100*record.Minute}
	for name, q := range map[string]RunQuery{"first": {}, "next": {After: last}, "since": {Since: slot0, After: last}} {
		where, args, err := q.where()
		if err != nil {
			t.Fatal(err)
		}
		plan := explain(t, n, `SELECT `+runColumns+` FROM run WHERE `+where+` ORDER BY slot DESC, id DESC LIMIT 10`, args...)
		if !strings.Contains(plan, "run_slot") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: %s", name, plan)
		}
	}
	where, args, err := RunQuery{Timetables: []string{"tt-1"}, States: []RunState{RunOK}, After: last}.where()
	if err != nil {
		t.Fatal(err)
	}
	plan := explain(t, n, `SELECT `+runColumns+` FROM run WHERE `+where+` ORDER BY slot DESC, id DESC LIMIT 10`, args...)
	if !strings.Contains(plan, "run_slot_once (timetable=? AND slot<?)") || strings.Contains(plan, "B-TREE FOR ORDER BY") {
		t.Errorf("of one timetable: %s", plan)
	}
	for what, query := range map[string]string{
		"run_open":    `SELECT id FROM run WHERE theirs IS NULL AND ended IS NULL ORDER BY id`,
		"run_changed": `SELECT id FROM run WHERE theirs IS NULL AND rev > 7 ORDER BY rev LIMIT 10`,
	} {
		if plan := explain(t, n, query); !strings.Contains(plan, what) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: %s", what, plan)
		}
	}
}

func explain(t *testing.T, n *DB, query string, args ...any) (plan string) {
	t.Helper()
	err := n.db.View(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Query(`EXPLAIN QUERY PLAN `+query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var text string
			if err := rows.Scan(&id, &parent, &unused, &text); err != nil {
				return err
			}
			plan += text + "; "
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// BenchmarkClaim tells what a slot costs in a ledger of 100,000 rows: a commit.
func BenchmarkClaim(b *testing.B) {
	n, epoch := benchLedger(b)
	for i := 0; b.Loop(); i++ {
		if _, err := n.ClaimRuns(b.Context(), epoch, []Claim{hourly(i, RunClaimed)}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClaimThousand tells what a thousand slots at once cost.
func BenchmarkClaimThousand(b *testing.B) {
	n, epoch := benchLedger(b)
	claims := make([]Claim, MaxClaims)
	for i := 0; b.Loop(); i++ {
		for k := range claims {
			claims[k] = hourly(i, RunClaimed)
			claims[k].Timetable = fmt.Sprint("many-", k)
		}
		if _, err := n.ClaimRuns(b.Context(), epoch, claims); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRuns tells what the last hundred of 100,000 rows cost, and what a
// page in their middle.
func BenchmarkRuns(b *testing.B) {
	n, _ := benchLedger(b)
	for name, q := range map[string]RunQuery{
		"last":      {Limit: 100},
		"middle":    {Limit: 100, After: Run{ID: 50_000, Slot: slot0 + 16_666*record.Minute}},
		"timetable": {Limit: 100, Timetables: []string{"tt-3"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if runs, err := n.Runs(b.Context(), q); err != nil || len(runs) != 100 {
					b.Fatal(len(runs), err)
				}
			}
		})
	}
}

func benchLedger(b *testing.B) (*DB, int64) {
	b.Helper()
	n, err := Open(b.Context(), b.TempDir()+"/"+File, store.Create)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = n.Close() })
	if err := n.Init(b.Context(), "cms-a", Primary); err != nil {
		b.Fatal(err)
	}
	fillLedger(b, n, 100_000)
	return n, 1
}
