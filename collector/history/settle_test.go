package history

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

func spans(ends ...record.Instant) (all []record.Span) {
	for i := 0; i < len(ends); i += 2 {
		all = append(all, record.Span{From: ends[i], To: ends[i+1]})
	}
	return all
}

func TestSettleJudgesAGap(t *testing.T) {
	piece := func(from, until record.Instant, s GapState) gap { return gap{from, until, feed.Mute, s} }
	for name, c := range map[string]struct {
		was  GapState
		said Testimony
		want []gap
	}{
		"the twin heard it all":     {GapOpen, Testimony{spans(0, 99), spans(0, 99), 99}, []gap{piece(10, 20, GapFilled)}},
		"the twin heard exactly it": {GapOpen, Testimony{spans(10, 20), spans(10, 20), 20}, []gap{piece(10, 20, GapFilled)}},
		"the twin was not asked":    {GapOpen, Testimony{nil, spans(0, 99), 99}, []gap{piece(10, 20, GapOpen)}},
		"asked for a part of it": {
			GapOpen,
			Testimony{spans(12, 15), spans(0, 99), 99},
			[]gap{piece(10, 12, GapOpen), piece(12, 15, GapFilled), piece(15, 20, GapOpen)},
		},
		"the twin was deaf too":          {GapOpen, Testimony{spans(0, 99), spans(0, 10, 20, 99), 99}, []gap{piece(10, 20, GapLost)}},
		"the twin has not come so far":   {GapOpen, Testimony{spans(0, 99), nil, 10}, []gap{piece(10, 20, GapOpen)}},
		"the twin has never heard it":    {GapOpen, Testimony{spans(0, 99), nil, 0}, []gap{piece(10, 20, GapOpen)}},
		"the twin is in the midst of it": {GapOpen, Testimony{spans(0, 99), spans(0, 15), 15}, []gap{piece(10, 15, GapFilled), piece(15, 20, GapOpen)}},
		"deaf for a while, and not done": {
			GapOpen,
			Testimony{spans(0, 99), spans(0, 12, 14, 16), 18},
			[]gap{piece(10, 12, GapFilled), piece(12, 14, GapLost), piece(14, 16, GapFilled), piece(16, 18, GapLost), piece(18, 20, GapOpen)},
		},
		"found after all":           {GapLost, Testimony{spans(0, 99), spans(0, 99), 99}, []gap{piece(10, 20, GapFilled)}},
		"found in part":             {GapLost, Testimony{spans(0, 99), spans(0, 15), 15}, []gap{piece(10, 15, GapFilled), piece(15, 20, GapLost)}},
		"lost, and nothing is said": {GapLost, Testimony{}, []gap{piece(10, 20, GapLost)}},
	} {
		t.Run(name, func(t *testing.T) {
			got := settle(piece(10, 20, c.was), c.said)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if got := settle(gap{10, 10, feed.Mute, GapOpen}, Testimony{}); !slices.Equal(got, []gap{piece(10, 10, GapFilled)}) {
		t.Errorf("an empty one: %v", got)
	}
}

func drawSpans(t *rapid.T, name string) []record.Span {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record.Span {
		from := record.Instant(rapid.IntRange(0, 30).Draw(t, "from"))
		return record.Span{From: from, To: from + record.Instant(rapid.IntRange(0, 12).Draw(t, "width"))}
	}), 0, 5).Draw(t, name)
}

func drawTestimony(t *rapid.T) Testimony {
	return Testimony{drawSpans(t, "asked"), drawSpans(t, "heard"), record.Instant(rapid.IntRange(0, 45).Draw(t, "until"))}
}

func in(at record.Instant, spans []record.Span) bool {
	return slices.ContainsFunc(spans, func(s record.Span) bool { return s.From <= at && at < s.To })
}

// Instant by instant: nothing is filled that the twin was not asked for or did
// not hear, nothing is lost that it may still hear, and nothing vanishes.
func TestSettleIsTrueOfEachInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := record.Instant(rapid.IntRange(0, 30).Draw(t, "from"))
		was := gap{
			from, from + record.Instant(rapid.IntRange(1, 15).Draw(t, "width")),
			rapid.SampledFrom([]feed.Reason{feed.Mute, feed.Rejected}).Draw(t, "reason"),
			rapid.SampledFrom([]GapState{GapOpen, GapLost}).Draw(t, "state"),
		}
		said := drawTestimony(t)
		pieces := settle(was, said)
		at := was.From
		for i, p := range pieces {
			if p.From != at || p.Until <= p.From || p.Reason != was.Reason || i > 0 && p.State == pieces[i-1].State {
				t.Fatalf("%v: piece %d does not fit", pieces, i)
			}
			for ; at < p.Until; at++ {
				want := was.State
				switch {
				case !in(at, said.Asked):
				case in(at, said.Heard):
					want = GapFilled
				case at < said.Until:
					want = GapLost
				}
				if p.State != want {
					t.Fatalf("%d is %s, want %s", at, p.State, want)
				}
			}
		}
		if at != was.Until {
			t.Fatalf("%v end at %d, want %d", pieces, at, was.Until)
		}
		for _, p := range pieces {
			if p.State == GapFilled {
				continue
			}
			if again := settle(p, said); len(again) != 1 || again[0] != p {
				t.Fatalf("%v became %v when it was said again", p, again)
			}
		}
	})
}

// gapRows returns what is written of the gaps, without ids.
func gapRows(t fataler, h *DB, name string) (all []gap) {
	t.Helper()
	for _, g := range gaps(t, h, name) {
		row := gap{From: g.From, Reason: g.Reason, State: g.State}
		if g.To != nil {
			row.Until = *g.To
		}
		all = append(all, row)
	}
	return all
}

func TestSettleWritesThePieces(t *testing.T) {
	h := open(t)
	const s = record.Second
	commit(t, h, "pbx", feed.Batch{Marks: []feed.Mark{
		begin(feed.Session{From: noon}), proof(noon + 10*s), end(feed.Mute),
		begin(feed.Session{From: noon + 20*s}), proof(noon + 30*s),
		hole(noon+25*s, noon+26*s, feed.Rejected), proof(noon + 40*s), end(feed.Stopped),
	}})
	settled := func(said Testimony) Settled {
		t.Helper()
		done, err := h.Settle(t.Context(), "pbx", said)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	said := Testimony{spans(noon, noon+99*s), spans(noon, noon+12*s, noon+13*s, noon+15*s), noon + 15*s}
	if got := settled(said); got != (Settled{Filled: 2, Lost: 1, Open: 2}) {
		t.Errorf("%+v", got)
	}
	want := []gap{
		{noon + 10*s, noon + 12*s, feed.Mute, GapFilled},
		{noon + 12*s, noon + 13*s, feed.Mute, GapLost},
		{noon + 13*s, noon + 15*s, feed.Mute, GapFilled},
		{noon + 15*s, noon + 20*s, feed.Mute, GapOpen},
		{noon + 25*s, noon + 26*s, feed.Rejected, GapOpen},
		{noon + 40*s, 0, feed.Stopped, GapOpen},
	}
	if diff := cmp.Diff(want, gapRows(t, h, "pbx")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	before := dump(t, h)
	if got := settled(said); got != (Settled{Open: 2}) {
		t.Errorf("again %+v", got)
	}
	if diff := cmp.Diff(before, dump(t, h)); diff != "" {
		t.Errorf("again changed\n%s", diff)
	}
	if got := summary(t, h, "pbx").GapsOpen; got != 3 {
		t.Errorf("%d open, want 3 with the one that lasts", got)
	}

	// The twin comes back with what nobody was known to have.
	all := Testimony{spans(noon, noon+99*s), spans(noon, noon+99*s), noon + 99*s}
	if got := settled(all); got != (Settled{Filled: 3}) {
		t.Errorf("%+v", got)
	}
	if got := summary(t, h, "pbx").GapsOpen; got != 1 {
		t.Errorf("%d open, want the one that lasts", got)
	}
}

func TestOpenGapsAreOverAndOpen(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{Marks: []feed.Mark{
		begin(feed.Session{From: noon}), proof(noon + 10), end(feed.Mute),
		begin(feed.Session{From: noon + 20}), hole(noon+25, noon+27, feed.Clock), hole(noon+26, noon+28, feed.Rejected),
		proof(noon + 40), end(feed.Stopped),
	}})
	openGaps := func(lost bool) []record.Span {
		t.Helper()
		got, err := h.OpenGaps(t.Context(), "pbx", lost)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if diff := cmp.Diff(spans(noon+10, noon+20, noon+25, noon+28), openGaps(false)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := h.Settle(t.Context(), "pbx", Testimony{spans(noon+10, noon+20), spans(noon+10, noon+15), noon + 50}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(spans(noon+25, noon+28), openGaps(false)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(spans(noon+15, noon+20, noon+25, noon+28), openGaps(true)); diff != "" {
		t.Errorf("with the lost ones (-want +got)\n%s", diff)
	}
}

func TestReach(t *testing.T) {
	h := open(t)
	reach := func(from record.Instant) {
		t.Helper()
		if err := h.Reach(t.Context(), "pbx", from); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, h, "pbx", feed.Batch{Marks: []feed.Mark{begin(feed.Session{From: noon}), proof(noon + 10)}})
	before := dump(t, h)
	for _, from := range []record.Instant{0, noon, noon + 5, noon + 50} {
		reach(from)
		if diff := cmp.Diff(before, dump(t, h)); diff != "" {
			t.Errorf("from %d changed\n%s", from, diff)
		}
	}
	reach(noon - 100)
	reach(noon - 100)
	reach(noon - 50)
	want := []gap{{noon - 100, noon, feed.Stopped, GapOpen}}
	if diff := cmp.Diff(want, gapRows(t, h, "pbx")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := h.Settle(t.Context(), "pbx", Testimony{[]record.Span{always}, spans(noon-100, noon), noon}); err != nil {
		t.Fatal(err)
	}
	reach(noon - 130)
	want = []gap{{noon - 130, noon - 100, feed.Stopped, GapOpen}, {noon - 100, noon, feed.Stopped, GapFilled}}
	if diff := cmp.Diff(want, gapRows(t, h, "pbx")); diff != "" {
		t.Errorf("further back (-want +got)\n%s", diff)
	}
}

// A server that was made new is asked to reach back before its first session,
// and again when it has heard something.
func TestReachBeforeAnythingWasHeard(t *testing.T) {
	h := open(t)
	start(t, h, "pbx")
	since := record.Instant(scalar(t, h, `SELECT since FROM feed`))
	reach := func() {
		t.Helper()
		if err := h.Reach(t.Context(), "pbx", since-100); err != nil {
			t.Fatal(err)
		}
	}
	reach()
	commit(t, h, "pbx", feed.Batch{Marks: []feed.Mark{begin(feed.Session{From: since + 50}), proof(since + 60)}})
	reach()
	want := []gap{{since - 100, since, feed.Stopped, GapOpen}, {since, since + 50, feed.Stopped, GapOpen}}
	if diff := cmp.Diff(want, gapRows(t, h, "pbx")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	// The same when it could not connect at first.
	commit(t, h, "other", feed.Batch{Marks: []feed.Mark{end(feed.Unreachable)}})
	since = record.Instant(scalar(t, h, `SELECT since FROM feed WHERE name = 'other'`))
	if err := h.Reach(t.Context(), "other", since-100); err != nil {
		t.Fatal(err)
	}
	want = []gap{{since - 100, since, feed.Stopped, GapOpen}, {since, 0, feed.Unreachable, GapOpen}}
	if diff := cmp.Diff(want, gapRows(t, h, "other")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
