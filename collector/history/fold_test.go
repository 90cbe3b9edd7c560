package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

const quarter = acd.IntervalWidth

// offered makes the row of a queue that was offered so many calls.
func offered(start record.Instant, queue string, n int64) acd.QueueRow {
	return acd.QueueRow{Start: start, Queue: queue, Counts: acd.QueueCounts{Offered: n}}
}

// toldAt says which queue rows the records of an interval told.
func toldAt(at record.Instant, rows ...acd.QueueRow) Told {
	return Told{at, acd.Counted{Queues: rows}}
}

// count writes down a stretch of "pbx", read just now.
func count(t fataler, h *DB, s Stretch) {
	t.Helper()
	s.Feed = "pbx"
	if s.Seen.marked == nil {
		s.Seen = see(t, h, s.Span)
	}
	if _, err := h.Count(context.Background(), s); err != nil {
		t.Fatal(err)
	}
}

func see(t fataler, h *DB, span record.Span) Seen {
	t.Helper()
	seen, err := h.See(context.Background(), "pbx", span)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func counted(t fataler, h *DB) Counted {
	t.Helper()
	c, err := h.CountedState(context.Background(), "pbx")
	if err != nil {
		t.Fatal(err)
	}
	c.MarkedAt = 0
	return c
}

// queueRows reads the queue rows of a span, each as "start queue offered".
func queueRows(t fataler, h *DB, span record.Span) (all []string) {
	t.Helper()
	for r, err := range h.QueueIntervals(context.Background(), Intervals{"pbx", span}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%d %s %d", (r.Start-noon)/quarter, r.Queue, r.Counts.Offered))
	}
	return all
}

// begun is a history of a feed that is counted by version 1 of the rules for ami.
func begun(t *testing.T) *DB {
	t.Helper()
	h := open(t)
	start(t, h, "pbx")
	if err := h.CountBy(t.Context(), "pbx", "ami", 1); err != nil {
		t.Fatal(err)
	}
	return h
}

// headTo is a stretch that brings the head to so many intervals behind noon, with
// a call in each.
func headTo(n record.Instant) Stretch {
	s := Stretch{Span: record.Span{From: noon, To: noon + n*quarter}}
	for i := range n {
		at := noon + i*quarter
		s.Told = append(s.Told, toldAt(at, offered(at, "sales", 1)))
		s.Borders = append(s.Borders, Border{at + quarter, []byte{byte(i)}})
	}
	return s
}

func TestWhatWasNeverCounted(t *testing.T) {
	h := open(t)
	if _, err := h.CountedState(t.Context(), "pbx"); !errors.Is(err, ErrUnknownFeed) {
		t.Errorf("unknown feed: %v", err)
	}
	start(t, h, "pbx")
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{said(0, "x")}})
	if diff := gocmp.Diff(Counted{}, counted(t, h)); diff != "" {
		t.Error(diff)
	}
	if rows := queueRows(t, h, always); rows != nil {
		t.Error(rows)
	}
	if b, err := h.Carry(t.Context(), "pbx", noon); err != nil || len(b.Carry) > 0 || b.At > noon {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestCountWritesRowsHeadAndCarry(t *testing.T) {
	h := begun(t)
	s := headTo(2)
	s.Told[1].Queues = append(s.Told[1].Queues, offered(noon, "sales", -1), offered(noon+quarter, "billing", 7))
	count(t, h, s)
	if diff := gocmp.Diff(Counted{Through: noon + 2*quarter, Format: "ami", Version: 1}, counted(t, h)); diff != "" {
		t.Error(diff)
	}
	want := []string{"0 sales 0", "1 billing 7", "1 sales 1"}
	if diff := gocmp.Diff(want, queueRows(t, h, always)); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff(want[1:], queueRows(t, h, record.Span{From: noon + 1, To: noon + 2*quarter})); diff != "" {
		t.Error(diff)
	}
	if b, err := h.Carry(t.Context(), "pbx", noon+2*quarter-1); err != nil || b.At != noon+quarter || !slices.Equal(b.Carry, []byte{0}) {
		t.Errorf("%+v, %v", b, err)
	}
}

// The head goes on within its interval: rows grow, none goes.
func TestTheHeadGoesOn(t *testing.T) {
	h := begun(t)
	half := noon + quarter/2
	count(t, h, Stretch{Span: record.Span{From: noon, To: half}, Told: []Told{toldAt(noon, offered(noon, "sales", 1), offered(noon, "billing", 1))}})
	count(t, h, Stretch{Span: record.Span{From: half, To: half + 1}, Continues: true, Told: []Told{toldAt(noon, offered(noon, "sales", 2))}})
	count(t, h, Stretch{
		Span: record.Span{From: half + 1, To: noon + quarter}, Continues: true, Told: []Told{toldAt(noon, offered(noon, "sales", 3))},
		Borders: []Border{{noon + quarter, []byte("busy")}},
	})
	if diff := gocmp.Diff([]string{"0 billing 1", "0 sales 3"}, queueRows(t, h, always)); diff != "" {
		t.Error(diff)
	}
	count(t, h, Stretch{Span: record.Span{From: noon + quarter, To: noon + quarter + 1}, Continues: true})
	if b, err := h.Carry(t.Context(), "pbx", noon+quarter); err != nil || string(b.Carry) != "busy" {
		t.Errorf("%+v, %v", b, err)
	}
}

// Whatever way a record takes for a time that was counted, its interval is to
// be counted anew; what comes at the head, or was there, is not.
func TestLateRecordsAreMarked(t *testing.T) {
	early, ahead := said(20*time.Minute, "early"), said(30*time.Minute, "ahead")
	for name, store := range map[string]func(h *DB, r record.Record){
		"commit": func(h *DB, r record.Record) { commit(t, h, "pbx", feed.Batch{Records: []record.Record{r}}) },
		"merge":  func(h *DB, r record.Record) { merge1(t, h, r) },
		"along": func(h *DB, r record.Record) {
			if _, err := mergeAlong(t.Context(), t, h, "pbx", rowsOf([]record.Record{r})); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := begun(t)
			count(t, h, headTo(2))
			store(h, ahead)
			if c := counted(t, h); c.Marked != nil {
				t.Errorf("marked %v of what is at the head", c.Marked)
			}
			store(h, early)
			if c := counted(t, h); !slices.Equal(c.Marked, []record.Instant{noon + quarter}) {
				t.Errorf("marked %v", c.Marked)
			}
			count(t, h, Stretch{Span: record.Span{From: noon + quarter, To: noon + 2*quarter}, Borders: []Border{{noon + 2*quarter, []byte{1}}}})
			store(h, early)
			if c := counted(t, h); c.Marked != nil || c.Through != noon+2*quarter {
				t.Errorf("after it was counted %+v", c)
			}
		})
	}
}

func merge1(t *testing.T, h *DB, r record.Record) {
	t.Helper()
	if _, err := h.Merge(t.Context(), "pbx", rowsOf([]record.Record{r})); err != nil {
		t.Fatal(err)
	}
}

// A record that came while the stretch was read may have been missed.
func TestWhatCameWhileItWasCountedIsMarked(t *testing.T) {
	h := begun(t)
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{said(0, "there")}})
	s := headTo(2)
	s.Seen = see(t, h, s.Span)
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{said(time.Minute, "within"), said(30*time.Minute, "behind")}})
	commit(t, h, "other", feed.Batch{Records: []record.Record{said(20*time.Minute, "another feed's")}})
	count(t, h, s)
	if c := counted(t, h); !slices.Equal(c.Marked, []record.Instant{noon}) {
		t.Errorf("marked %v", c.Marked)
	}
}

// What is counted anew goes on as long as something else is known at its end.
func TestCountingAnewGoesOn(t *testing.T) {
	h := begun(t)
	count(t, h, headTo(3))
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{said(time.Minute, "late")}})
	again := func(i record.Instant, carry string) []record.Instant {
		t.Helper()
		at := noon + i*quarter
		count(t, h, Stretch{
			Span: record.Span{From: at, To: at + quarter}, Told: []Told{toldAt(at, offered(at, "support", 1))},
			Borders: []Border{{at + quarter, []byte(carry)}},
		})
		return counted(t, h).Marked
	}
	if m := again(0, "other"); !slices.Equal(m, []record.Instant{noon + quarter}) {
		t.Errorf("marked %v", m)
	}
	if m := again(1, "\x01"); m != nil {
		t.Errorf("marked %v", m)
	}
	if diff := gocmp.Diff([]string{"0 support 1", "1 support 1", "2 sales 1"}, queueRows(t, h, always)); diff != "" {
		t.Error(diff)
	}
	if m := again(2, "other"); m != nil { // it ends where the head is
		t.Errorf("marked %v", m)
	}
}

// By other rules all is counted anew; what was counted by the old ones is not
// shown until then. What was dropped cannot be.
func TestCountByOtherRules(t *testing.T) {
	h := begun(t)
	count(t, h, headTo(2))
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{said(0, "late")}})
	if err := h.CountBy(t.Context(), "pbx", "ami", 1); err != nil || counted(t, h).Marked == nil {
		t.Errorf("the same rules: %+v, %v", counted(t, h), err)
	}
	if err := h.CountBy(t.Context(), "pbx", "ami", 2); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(Counted{Format: "ami", Version: 2}, counted(t, h)); diff != "" || queueRows(t, h, always) != nil {
		t.Errorf("%s, rows %v", diff, queueRows(t, h, always))
	}
	count(t, h, Stretch{Span: record.Span{From: noon, To: noon + 3*quarter}, Told: []Told{toldAt(noon, offered(noon, "sales", 9))}})
	if diff := gocmp.Diff([]string{"0 sales 9"}, queueRows(t, h, always)); diff != "" {
		t.Error(diff)
	}
	if b, err := h.Carry(t.Context(), "pbx", noon+2*quarter); err != nil || len(b.Carry) > 0 {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestAHealedRecordIsCountedAnew(t *testing.T) {
	h := begun(t)
	r := said(time.Minute, "sound")
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{r}})
	count(t, h, headTo(1))
	damage(t, h, r)
	if err := h.Heal(t.Context(), "pbx", Row{Record: r}); err != nil {
		t.Fatal(err)
	}
	if c := counted(t, h); !slices.Equal(c.Marked, []record.Instant{noon}) {
		t.Errorf("marked %v", c.Marked)
	}
	s := headTo(1)
	s.Seen = see(t, h, s.Span)
	if err := h.Heal(t.Context(), "pbx", Row{Record: r}); err != nil { // it may have been passed over just before
		t.Fatal(err)
	}
	count(t, h, s)
	if c := counted(t, h); !slices.Equal(c.Marked, []record.Instant{noon}) {
		t.Errorf("marked %v of what was healed while it was counted", c.Marked)
	}
	count(t, h, headTo(1))
	if c := counted(t, h); c.Marked != nil {
		t.Errorf("marked %v", c.Marked)
	}
}

// Rows outlive the records; but these must have been counted.
func TestDropLeavesIntervals(t *testing.T) {
	h := begun(t)
	old := days(t, h, 1, 5)
	commit(t, h, "other", feed.Batch{Records: numbered(1)}) // the last one of all stays for a while
	agree(t, h, monday)
	drop := func() error {
		_, err := h.Drop(t.Context(), "pbx", monday+record.Day, false)
		return err
	}
	if err := drop(); !errors.Is(err, ErrNotCounted) {
		t.Errorf("what is not counted: %v", err)
	}
	s := Stretch{
		Span: record.Span{From: monday, To: monday + quarter}, Told: []Told{toldAt(monday, offered(monday, "sales", 1))},
		Borders: []Border{{monday + quarter, []byte("busy")}},
	}
	count(t, h, s)
	if err := h.Heal(t.Context(), "pbx", Row{Record: old[0]}); err != nil { // marks its interval
		t.Fatal(err)
	}
	if err := drop(); !errors.Is(err, ErrNotCounted) {
		t.Errorf("what is to be counted anew: %v", err)
	}
	count(t, h, s)
	if err := drop(); err != nil {
		t.Error(err)
	}
	if n := scalar(t, h, `SELECT count(*) FROM fold WHERE border < ?`, monday); n > 0 {
		t.Errorf("what was known at %d borders is kept", n)
	}
	if b, err := h.Carry(t.Context(), "pbx", monday+record.Day); err != nil || string(b.Carry) != "busy" {
		t.Errorf("%+v, %v", b, err)
	}
	if rows, left := queueRows(t, h, always), records(t, h, Range{Feed: "pbx"}); len(rows) != 1 || len(left) > 0 {
		t.Errorf("rows %v, records %v", rows, left)
	}
}

// Rows, head, carry and marks move together.
func TestCountIsAllOrNothing(t *testing.T) {
	for table, event := range map[string]string{
		"queue_interval": "INSERT", "agent_interval": "INSERT", "fold": "INSERT", "fold_head": "UPDATE", "marked": "INSERT",
	} {
		t.Run(table, func(t *testing.T) {
			h := begun(t)
			count(t, h, headTo(1))
			s := headTo(2)
			s.Feed, s.Seen = "pbx", see(t, h, s.Span)
			s.Told[0].Queues[0].Counts.Offered++
			s.Told[0].Agents = []acd.AgentRow{{Start: noon, Agent: "Kim"}}
			s.Borders[0].Carry = []byte("other")
			commit(t, h, "pbx", feed.Batch{Records: numbered(3)})
			before := dump(t, h)
			fault(t, h, fmt.Sprintf(`CREATE TRIGGER fault BEFORE %s ON %s BEGIN SELECT raise(ABORT, 'injected'); END`, event, table))
			if _, err := h.Count(t.Context(), s); err == nil {
				t.Fatal("no error")
			}
			if diff := gocmp.Diff(before, dump(t, h)); diff != "" {
				t.Errorf("something was stored:\n%s", diff)
			}
			fault(t, h, `DROP TRIGGER fault`)
			if _, err := h.Count(t.Context(), s); err != nil {
				t.Errorf("the same again: %v", err)
			}
		})
	}
}
