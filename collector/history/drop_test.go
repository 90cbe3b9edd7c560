package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// monday is the first of the days of these tests, long ago.
var monday = record.At(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))

func agree(t fataler, h *DB, day record.Instant) {
	t.Helper()
	slots, err := h.Tallies(context.Background(), "pbx", record.Span{From: day, To: day + record.Day}, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var tally record.Tally
	if len(slots) == 1 {
		tally = slots[0].Tally
	}
	if ok, err := h.Agree(context.Background(), "pbx", day, tally); err != nil || !ok {
		t.Fatalf("agreed %v, %v", ok, err)
	}
}

// days stores n records on each of the days, a session over all of them, and a
// gap of an hour before the noon of each.
func days(t *testing.T, h *DB, count, n int) (all []record.Record) {
	t.Helper()
	for d := range record.Instant(count) {
		day := monday + d*record.Day
		b := feed.Batch{Marks: []feed.Mark{
			begin(feed.Session{From: day + d*record.Second}), proof(day + 11*record.Hour), end(feed.Mute),
			begin(feed.Session{From: day + 12*record.Hour}), proof(day + record.Day),
		}}
		for i := range n {
			b.Records = append(b.Records, record.New(day+record.Instant(i)*record.Second, 0, fmt.Appendf(nil, "%d %d", d, i)))
		}
		commit(t, h, "pbx", b)
		all = append(all, b.Records...)
	}
	return all
}

func TestDropTakesWholeDaysOfAKind(t *testing.T) {
	h := open(t)
	all := days(t, h, 4, rowsPerDrop+500)
	commit(t, h, "other", feed.Batch{Records: all[:10]})
	drop := func(until record.Instant) (int64, error) {
		t.Helper()
		n, err := h.Drop(t.Context(), "pbx", until, false)
		checkFeedBuckets(t, h)
		return n, err
	}
	before := dump(t, h)
	n, err := drop(monday + 9*record.Day)
	if n != 0 || !errors.Is(err, ErrNotAgreed) || !strings.Contains(err.Error(), "2024-01-01") {
		t.Errorf("%d, %v", n, err)
	}
	if diff := cmp.Diff(before, dump(t, h)); diff != "" {
		t.Errorf("changed\n%s", diff)
	}

	agree(t, h, monday)
	agree(t, h, monday+record.Day)
	agree(t, h, monday+2*record.Day)
	late := record.New(monday+2*record.Day+7, 0, []byte("late"))
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{late}})
	all = append(all, late)
	if n, err = drop(monday + record.Day - 1); n != 0 || err != nil {
		t.Errorf("of half a day %d, %v", n, err)
	}
	n, err = drop(monday + 4*record.Day)
	if n != 2*(rowsPerDrop+500) || !errors.Is(err, ErrNotAgreed) || !strings.Contains(err.Error(), "changed: 2024-01-03") {
		t.Errorf("%d, %v", n, err)
	}

	from := monday + 2*record.Day
	e, err := h.Extent(t.Context(), "pbx")
	if err != nil || e.RetainedFrom != from || e.First != from || e.Records != 2*(rowsPerDrop+500)+1 || e.HeardFrom < from {
		t.Errorf("%+v, %v", e, err)
	}
	want := slices.DeleteFunc(slices.Clone(all), func(r record.Record) bool { return r.At < from })
	slices.SortFunc(want, func(a, b record.Record) int { return a.Compare(b.Key) })
	if got := records(t, h, Range{Feed: "pbx"}); !slices.EqualFunc(got, want, same) {
		t.Errorf("%d kept, want %d", len(got), len(want))
	}
	for _, g := range gaps(t, h, "pbx") {
		if g.From < from {
			t.Errorf("gap %+v", g)
		}
	}
	if got := records(t, h, Range{Feed: "other"}); len(got) != 10 {
		t.Errorf("%d records of the other feed", len(got))
	}
	if heard, err := h.Heard(t.Context(), "pbx", always); err != nil || len(heard) == 0 || heard[0].From < from {
		t.Errorf("heard %v, %v", heard, err)
	}

	// Nothing of it comes back.
	got := commit(t, h, "pbx", feed.Batch{Records: []record.Record{all[0], want[0]}})
	if want := (Outcome{Duplicates: 1, TooOld: 1, Again: string(want[0].Raw)}); got != want {
		t.Errorf("from the feed %+v", got)
	}
	merged, err := h.Merge(t.Context(), "pbx", []Row{{Record: all[0]}, {Record: want[0]}, {Record: record.New(from, 7, nil)}})
	if want := (Outcome{Added: 1, Duplicates: 1, TooOld: 1}); err != nil || merged != want {
		t.Errorf("from the twin %+v, %v", merged, err)
	}
	if s := summary(t, h, "pbx"); s.TooOld != 1 || s.Duplicates != 1 {
		t.Errorf("%+v", s)
	}
	if err := h.Reach(t.Context(), "pbx", monday); err != nil {
		t.Error(err)
	}
	if open, err := h.OpenGaps(t.Context(), "pbx", true); err != nil || open[0].From < from {
		t.Errorf("missing %v, %v", open, err)
	}
}

// checkFeedBuckets checks the buckets of the feed that is dropped from.
func checkFeedBuckets(t *testing.T, h *DB) {
	t.Helper()
	if v, err := h.Verify(t.Context(), "pbx", func(Progress) {}); err != nil || !v.Sound() {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestDropWithoutTheTwin(t *testing.T) {
	h := open(t)
	days(t, h, 3, 20)
	commit(t, h, "other", feed.Batch{Records: numbered(1)}) // the last one stays for a while
	if n, err := h.Drop(t.Context(), "pbx", monday+99*record.Day, true); n != 60 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	// The session that lasts has heard up to the end of the third day.
	e, err := h.Extent(t.Context(), "pbx")
	if err != nil || e.RetainedFrom != monday+3*record.Day || e.CoveredUntil != e.RetainedFrom || e.HeardFrom != e.RetainedFrom {
		t.Errorf("%+v, %v", e, err)
	}
	commit(t, h, "pbx", feed.Batch{Marks: []feed.Mark{proof(monday + 3*record.Day + 5), end(feed.Mute)}})
	if heard, err := h.Heard(t.Context(), "pbx", always); err != nil || !slices.Equal(heard, spans(monday+3*record.Day, monday+3*record.Day+5)) {
		t.Errorf("heard %v, %v", heard, err)
	}

	// Nobody listens any more: the gap that lasts is all there is, up to today.
	if n, err := h.Drop(t.Context(), "pbx", maxInstant, true); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	today := dayOf(record.At(time.Now()))
	if e, err = h.Extent(t.Context(), "pbx"); err != nil || e.RetainedFrom < today-record.Day || e.RetainedFrom > today {
		t.Errorf("%+v, %v", e, err)
	}
	if got := gapRows(t, h, "pbx"); len(got) != 1 || got[0].From != e.RetainedFrom || got[0].Until != 0 {
		t.Errorf("gaps %v", got)
	}
	now := record.At(time.Now())
	commit(t, h, "pbx", feed.Batch{Marks: []feed.Mark{begin(feed.Session{From: now}), proof(now + 5)}})
	if heard, err := h.Heard(t.Context(), "pbx", always); err != nil || !slices.Equal(heard, spans(now, now+5)) {
		t.Errorf("heard again %v, %v", heard, err)
	}
}

// A number in the order of arrival is never given to two records.
func TestDropDoesNotMakeArrivalsRepeat(t *testing.T) {
	h := open(t)
	all := days(t, h, 2, 20)
	last := scalar(t, h, `SELECT max(seq) FROM record`)
	if n, err := h.Drop(t.Context(), "pbx", monday+2*record.Day, true); n != 39 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if got := arrivals(t, h, "pbx", 0); len(got) != 0 {
		t.Errorf("%d are seen", len(got))
	}
	fresh := record.New(monday+2*record.Day, 0, []byte("fresh"))
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{fresh, all[39]}})
	if got := arrivals(t, h, "pbx", last); len(got) != 1 || got[0].Key != fresh.Key {
		t.Errorf("arrived since %v", got)
	}
	if n, err := h.Drop(t.Context(), "pbx", monday+2*record.Day, true); n != 1 || err != nil {
		t.Errorf("the rest: %d, %v", n, err)
	}
	if s := summary(t, h, "pbx"); s.Records != 1 || scalar(t, h, `SELECT count(*) FROM record`) != 1 {
		t.Errorf("%+v", s)
	}
}

// Days on which there was nothing, and nothing is missing, need no agreement;
// a day that may be missing does.
func TestDropPassesOverQuietDays(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{
		Records: []record.Record{record.New(monday, 0, []byte("x"))},
		Marks: []feed.Mark{
			begin(feed.Session{From: monday}), proof(monday + 5*record.Day + 1), end(feed.Mute),
			begin(feed.Session{From: monday + 5*record.Day + 2}), proof(monday + 9*record.Day),
		},
	})
	agree(t, h, monday)
	n, err := h.Drop(t.Context(), "pbx", monday+9*record.Day, false)
	if !errors.Is(err, ErrNotAgreed) || !strings.Contains(err.Error(), "2024-01-06") {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := h.Settle(t.Context(), "pbx", Testimony{[]record.Span{always}, []record.Span{always}, 0}); err != nil {
		t.Error(err)
	}
	if _, err := h.Drop(t.Context(), "pbx", monday+9*record.Day, false); err != nil {
		t.Error(err)
	}
	if e, err := h.Extent(t.Context(), "pbx"); err != nil || e.RetainedFrom != monday+9*record.Day {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestAgreeOnlyOnTheSame(t *testing.T) {
	h := open(t)
	days(t, h, 1, 3)
	if ok, err := h.Agree(t.Context(), "pbx", monday, record.Tally{Count: 3}); ok || err != nil {
		t.Errorf("agreed %v, %v", ok, err)
	}
	if _, err := h.Agree(t.Context(), "pbx", monday+1, record.Tally{}); err == nil {
		t.Error("agreed on a day that begins after midnight")
	}
	if n := scalar(t, h, `SELECT count(*) FROM agreed`); n != 0 {
		t.Errorf("%d recorded", n)
	}
	if _, err := h.Drop(t.Context(), "pbx", monday+record.Day, true); err != nil {
		t.Error(err)
	}
	if ok, err := h.Agree(t.Context(), "pbx", monday, record.Tally{}); ok || err != nil {
		t.Errorf("agreed on a dropped day: %v, %v", ok, err)
	}
}

// A crash right behind the first transaction of a drop: what is left of the
// day is seen by nobody, and the next drop sweeps it.
func TestDropThatWasInterrupted(t *testing.T) {
	h := open(t)
	all := days(t, h, 2, 20)
	commit(t, h, "other", feed.Batch{Records: numbered(1)})
	if more, err := h.dropDay(t.Context(), "pbx", monday+2*record.Day, true); !more || err != nil {
		t.Fatalf("%v, %v", more, err)
	}
	if got := records(t, h, Range{Feed: "pbx"}); !slices.EqualFunc(got, all[20:], same) {
		t.Errorf("%d records are exported", len(got))
	}
	if got := arrivals(t, h, "pbx", 0); !slices.EqualFunc(got, all[20:], same) {
		t.Errorf("%d records arrive", len(got))
	}
	if keys, err := h.Keys(t.Context(), "pbx", always, 99); err != nil || len(keys) != 20 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	if rows, err := h.Page(t.Context(), "pbx", always, nil, 1<<20); err != nil || len(rows) != 20 {
		t.Errorf("a page of %d, %v", len(rows), err)
	}
	for _, width := range []time.Duration{time.Second, bucketWidth, 24 * time.Hour} {
		slots, err := h.Tallies(t.Context(), "pbx", always, width)
		var n int64
		for _, s := range slots {
			n += s.Count
		}
		if err != nil || n != 20 {
			t.Errorf("in slots of %s: %d, %v", width, n, err)
		}
	}
	if e, err := h.Extent(t.Context(), "pbx"); err != nil || e.First != all[20].At {
		t.Errorf("%+v, %v", e, err)
	}
	if n, err := h.Drop(t.Context(), "pbx", monday+record.Day, false); n != 20 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if s := summary(t, h, "pbx"); s.Records != 20 {
		t.Errorf("%+v", s)
	}
}
