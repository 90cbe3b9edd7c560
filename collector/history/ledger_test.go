package history

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// stretch is a row of coverage or a gap that is no hole. Open gaps end at forever.
type stretch struct{ from, until record.Instant }

const forever = maxInstant

// ledger returns what is written of a feed's hearing, in order of time.
func ledger(t fataler, h *DB, name string) (all []stretch) {
	t.Helper()
	err := h.db.View(context.Background(), func(tx *store.Tx) error {
		rows, err := tx.Query(`
			SELECT start, until FROM coverage WHERE feed = (SELECT id FROM feed WHERE name = ?1)
			UNION ALL
			SELECT start, ifnull(until, ?2) FROM gap
			WHERE feed = (SELECT id FROM feed WHERE name = ?1) AND reason NOT IN ('rejected', 'clock')`, name, forever)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s stretch
			if err := rows.Scan(&s.from, &s.until); err != nil {
				return err
			}
			all = append(all, s)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b stretch) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.until, b.until)) })
	return all
}

// mark draws a mark; the upstream's clock now stands at now.
func mark(t *rapid.T, now record.Instant) feed.Mark {
	back := record.Instant(rapid.Int64Range(-3, 10).Draw(t, "back")) * record.Second
	switch rapid.IntRange(0, 4).Draw(t, "what") {
	case 0, 1:
		return proof(now - back)
	case 2:
		return told(feed.Session{
			From:        now - back,
			Continues:   rapid.Bool().Draw(t, "continues"),
			Away:        rapid.Bool().Draw(t, "away"),
			Incarnation: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "incarnation"),
			UpSince:     now - back - record.Instant(rapid.Int64Range(-1, 9).Draw(t, "up"))*record.Second,
		}, now-record.Instant(rapid.Int64Range(-20, 20).Draw(t, "our clock"))*record.Second, max(back, 0))
	case 3:
		return end(rapid.SampledFrom([]feed.Reason{feed.Stopped, feed.Unreachable, feed.Paused}).Draw(t, "reason"))
	}
	return hole(now-back-record.Second, now-back, rapid.SampledFrom([]feed.Reason{feed.Rejected, feed.Clock}).Draw(t, "hole"))
}

// P2: whatever a source tells, and wherever the server dies, every instant since
// the feed was first heard, or was first found silent, is either covered or in
// exactly one gap.
func TestCoverageAndGapsTileTheTime(t *testing.T) {
	h := open(t)
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		name := fmt.Sprintf("feed %d", runs)
		start(t, h, name)
		now := record.At(time.Now())
		var covered record.Instant
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				if from := start(t, h, name); from.CoveredUntil != covered {
					t.Fatalf("starts from %d, covered until %d", from.CoveredUntil, covered)
				}
			}
			var b feed.Batch
			for range rapid.IntRange(1, 5).Draw(t, "marks") {
				now += record.Instant(rapid.Int64Range(0, 20).Draw(t, "later")) * record.Second
				b.Marks = append(b.Marks, mark(t, now))
			}
			commit(t, h, name, b)
			until := summary(t, h, name).CoveredUntil
			if until < covered {
				t.Fatalf("covered until %d, then %d", covered, until)
			}
			covered = until
			checkTiles(t, ledger(t, h, name), covered)
		}
	})
}

func checkTiles(t fataler, all []stretch, covered record.Instant) {
	t.Helper()
	for i, s := range all {
		if i > 0 && s.from != all[i-1].until {
			t.Fatalf("%d ends at %d, %d begins at %d: %v", i-1, all[i-1].until, i, s.from, all)
		}
		if s.until < s.from {
			t.Fatalf("%d runs backwards: %v", i, all)
		}
	}
	if n := len(all); n > 0 && all[n-1].until != forever && all[n-1].until != covered {
		t.Fatalf("covered until %d: %v", covered, all)
	}
}

func TestHolesThatLieNearAreJoined(t *testing.T) {
	const s = record.Second
	type told struct {
		From, Until record.Instant
		Reason      feed.Reason
	}
	for name, c := range map[string]struct{ holes, want []told }{
		"near":                {[]told{{0, 1, "rejected"}, {s, s + 5, "rejected"}, {2 * s, 3 * s, "rejected"}}, []told{{0, 3 * s, "rejected"}}},
		"far":                 {[]told{{0, 1, "rejected"}, {s + 2, s + 5, "rejected"}}, []told{{0, 1, "rejected"}, {s + 2, s + 5, "rejected"}}},
		"inside":              {[]told{{0, 9, "rejected"}, {2, 5, "rejected"}}, []told{{0, 9, "rejected"}}},
		"begun, then in full": {[]told{{0, 1, "rejected"}, {0, 9 * s, "rejected"}}, []told{{0, 9 * s, "rejected"}}},
		"for another reason":  {[]told{{0, 9, "rejected"}, {10, 12, "clock"}}, []told{{0, 9, "rejected"}, {10, 12, "clock"}}},
		"in turns": {
			[]told{{0, 1, "rejected"}, {1, 2, "clock"}, {2, 3, "overrun"}, {s, s + 1, "rejected"}, {s + 1, s + 2, "clock"}, {s + 2, s + 3, "overrun"}, {2 * s, 2*s + 1, "rejected"}},
			[]told{{0, 2*s + 1, "rejected"}, {1, s + 2, "clock"}, {2, s + 3, "overrun"}},
		},
		"in turns, far": {
			[]told{{0, 1, "rejected"}, {1, 2, "clock"}, {s + 2, s + 3, "rejected"}},
			[]told{{0, 1, "rejected"}, {1, 2, "clock"}, {s + 2, s + 3, "rejected"}},
		},
		"before all the others": {[]told{{5, 9, "rejected"}, {2, 3, "rejected"}}, []told{{2, 3, "rejected"}, {5, 9, "rejected"}}},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			b := feed.Batch{Marks: []feed.Mark{begin(feed.Session{From: noon})}}
			for _, m := range c.holes {
				b.Marks = append(b.Marks, hole(noon+m.From, noon+m.Until, m.Reason))
			}
			commit(t, h, "pbx", b)
			var got []told
			for _, g := range gaps(t, h, "pbx") {
				got = append(got, told{g.From - noon, *g.To - noon, g.Reason})
			}
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A gap that a session left must never be joined to another one: between them
// something was heard.
func TestGapsBetweenSessionsAreNotJoined(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{Marks: []feed.Mark{
		begin(feed.Session{From: noon, Incarnation: "a"}), end(feed.Unreachable),
		begin(feed.Session{From: noon + 20, Away: true, Incarnation: "b", UpSince: noon + 20}), proof(noon + 30), end(feed.Unreachable),
		begin(feed.Session{From: noon + 50, Away: true, Incarnation: "c", UpSince: noon + 50}), proof(noon + 60),
	}})
	checkTiles(t, ledger(t, h, "pbx"), noon+60)
	if got := gaps(t, h, "pbx"); len(got) != 2 || got[0].Reason != feed.NoUpstream || got[0].State != GapClosed {
		t.Errorf("gaps %+v", got)
	}
	if got := summary(t, h, "pbx"); got.GapsOpen != 0 || got.Incarnation != "c" || got.CoveredUntil != noon+60 {
		t.Errorf("summary %+v", got)
	}
}

func TestStartAfterACrash(t *testing.T) {
	h := open(t)
	if got := start(t, h, "pbx"); got.Position != nil || got.CoveredUntil != 0 {
		t.Errorf("at first %+v", got)
	}
	if got := gaps(t, h, "pbx"); len(got) != 0 {
		t.Errorf("gaps at first %+v", got)
	}
	commit(t, h, "pbx", feed.Batch{Position: []byte("here"), Marks: []feed.Mark{begin(feed.Session{From: noon}), proof(noon + 70)}})
	for range 2 { // it may die again before it listens
		if got := start(t, h, "pbx"); string(got.Position) != "here" || got.CoveredUntil != noon+70 {
			t.Errorf("starts from %+v", got)
		}
		want := []Gap{{ID: 1, Feed: "pbx", From: noon + 70, Reason: feed.Crashed, State: GapOpen}}
		if diff := gocmp.Diff(want, gaps(t, h, "pbx")); diff != "" {
			t.Error(diff)
		}
	}
}

func TestGapsCountWhatIsStoredOfTheirStretch(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{
		Records: []record.Record{said(0, "at its start"), said(time.Second, "in it"), said(2*time.Second, "too"), said(3*time.Second, "at its end")},
		Marks: []feed.Mark{
			begin(feed.Session{From: noon - 10}), proof(noon), end(feed.Mute),
			begin(feed.Session{From: noon + 3*record.Second}), end(feed.Stopped),
		},
	})
	commit(t, h, "other", feed.Batch{Marks: []feed.Mark{end(feed.Unreachable)}})
	text, err := json.Marshal(gaps(t, h, "pbx"))
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"id":1,"feed":"pbx","from":"2026-11-21T12:00:00.000000Z","to":"2026-11-21T12:00:03.000000Z","reason":"mute","state":"open","records":2},` +
		`{"id":2,"feed":"pbx","from":"2026-11-21T12:00:03.000000Z","to":null,"reason":"stopped","state":"open","records":0}]`
	if string(text) != want {
		t.Errorf("gaps\n%s\nwant\n%s", text, want)
	}
	if got := gaps(t, h, ""); len(got) != 3 {
		t.Errorf("gaps of all feeds %+v", got)
	}
	if text, _ := json.Marshal(gaps(t, h, "unknown")); string(text) != "[]" {
		t.Errorf("gaps of an unknown feed %s", text)
	}
}
