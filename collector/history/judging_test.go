package history

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
)

// combed is a feed with one gap of so many steps, and what a twin says that heard
// every second one of them.
func combed(t *testing.T, steps int) (*DB, Testimony) {
	t.Helper()
	h := open(t)
	until := noon + record.Instant(2*steps)
	commit(t, h, "pbx", feed.Batch{Marks: []feed.Mark{
		begin(feed.Session{From: noon - 10}), proof(noon), end(feed.Mute), begin(feed.Session{From: until}), proof(until + 10),
	}})
	said := Testimony{Asked: spans(noon, until), Until: until}
	for at := noon; at < until; at += 2 {
		said.Heard = append(said.Heard, record.Span{From: at, To: at + 1})
	}
	return h, said
}

// tiles demands that the gaps cover the whole of what was missing, and that each
// that is settled is what the twin said of it.
func tiles(t *testing.T, rows []gap, said Testimony) {
	t.Helper()
	at := noon
	for _, g := range rows {
		heard := (g.From-noon)%2 == 0
		switch {
		case g.From != at || g.Reason != feed.Mute:
			t.Fatalf("%+v stands where %s should", g, at)
		case g.State == GapOpen:
		case g.Until != g.From+1 || heard != (g.State == GapFilled) || !heard != (g.State == GapLost):
			t.Fatalf("%+v is not what the twin said", g)
		}
		at = g.Until
	}
	if at != said.Until {
		t.Fatalf("the gaps end at %s, want %s", at, said.Until)
	}
}

// Each transaction is short and leaves what is true, and the same again goes on.
func TestSettleGoesInPortions(t *testing.T) {
	h, said := combed(t, 2*portionRows)
	begun := len(gapRows(t, h, "pbx"))
	j := judging{said: said.sorted(), left: []int64{1}}
	for n := 1; n <= 2; n++ {
		if err := h.portion(t.Context(), "pbx", j.take); err != nil {
			t.Fatal(err)
		}
		rows := gapRows(t, h, "pbx")
		if len(rows) != begun+n*portionRows {
			t.Errorf("%d rows after %d transactions, want %d", len(rows), n, begun+n*portionRows)
		}
		tiles(t, rows, said)
	}
	if j.done != (Settled{Filled: portionRows, Lost: portionRows}) || len(j.left) != 1 {
		t.Errorf("%+v", j)
	}
	// As if it had been cut there.
	if done, err := h.Settle(t.Context(), "pbx", said); err != nil || done != (Settled{Filled: portionRows, Lost: portionRows}) {
		t.Errorf("%+v, %v", done, err)
	}
	rows := gapRows(t, h, "pbx")
	tiles(t, rows, said)
	if len(rows) != 4*portionRows {
		t.Errorf("%d rows", len(rows))
	}
	if done, err := h.Settle(t.Context(), "pbx", said); err != nil || done != (Settled{}) {
		t.Errorf("once more: %+v, %v", done, err)
	}
	if diff := cmp.Diff(rows, gapRows(t, h, "pbx")); diff != "" {
		t.Errorf("once more changed\n%s", diff)
	}

	// All of them become one when they are filled, in portions too.
	if done, err := h.Settle(t.Context(), "pbx", Testimony{said.Asked, said.Asked, said.Until}); err != nil || done.Filled != 2*portionRows {
		t.Errorf("%+v, %v", done, err)
	}
	if diff := cmp.Diff([]gap{{noon, said.Until, feed.Mute, GapFilled}}, gapRows(t, h, "pbx")); diff != "" {
		t.Error(diff)
	}
}

// A twin that claims to have heard an endless comb makes no endless list of it.
func TestATwinCannotMakeGapsWithoutEnd(t *testing.T) {
	if draws.Raced {
		t.Skip("one goroutine")
	}
	h, said := combed(t, mostGaps)
	done, err := h.Settle(t.Context(), "pbx", said)
	if err != nil || done.Open != 1 || done.Filled+done.Lost != mostGaps-1 {
		t.Errorf("%+v, %v", done, err)
	}
	rows := gapRows(t, h, "pbx")
	tiles(t, rows, said)
	if len(rows) != mostGaps {
		t.Errorf("%d rows, want %d", len(rows), mostGaps)
	}
	if again, err := h.Settle(t.Context(), "pbx", said); err != nil || again != (Settled{Open: 1}) {
		t.Errorf("again %+v, %v", again, err)
	}
	// What is heard as a whole is filled all the same.
	whole := Testimony{said.Asked, said.Asked, said.Until}
	if _, err := h.Settle(t.Context(), "pbx", whole); err != nil {
		t.Fatal(err)
	}
	if rows := gapRows(t, h, "pbx"); len(rows) != 1 || rows[0].State != GapFilled {
		t.Errorf("%d rows", len(rows))
	}
}
