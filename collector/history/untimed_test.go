package history

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// What came without time is stored and counted, and stands in nothing by which
// twins are compared or filled.
func TestRecordsWithoutTimeAreThisServersOwn(t *testing.T) {
	h := open(t)
	timed, untimed := said(time.Second, "timed"), said(2*time.Second, "when?")
	untimed.N = record.Untimed
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{timed, untimed}})
	if s := summary(t, h, "pbx"); s.Records != 2 || s.Untimed != 1 {
		t.Errorf("%+v", s)
	}
	if got := records(t, h, Range{Feed: "pbx"}); len(got) != 2 || got[1].N != record.Untimed {
		t.Errorf("stored %v", got)
	}
	checkBuckets(t, h)
	keys, err := h.Keys(t.Context(), "pbx", always, 10)
	if err != nil || len(keys) != 1 || keys[0] != timed.Key {
		t.Errorf("keys %v, %v", keys, err)
	}
	shared, err := h.SharedPage(t.Context(), "pbx", always, nil, 1<<20)
	if err != nil || len(shared) != 1 || shared[0].Key != timed.Key {
		t.Errorf("shared %v, %v", shared, err)
	}
	all, err := h.Page(t.Context(), "pbx", always, nil, 1<<20)
	if err != nil || len(all) != 2 {
		t.Errorf("all %v, %v", all, err)
	}
	if v, err := h.Verify(t.Context(), "pbx", func(Progress) {}); err != nil || !v.Sound() || v.Records != 2 {
		t.Errorf("verified: %+v, %v", v, err)
	}
	if err := h.Recount(t.Context(), "pbx", always); err != nil {
		t.Error(err)
	}
	checkBuckets(t, h)
}

// A day of which there is nothing but that can be dropped without the twin.
func TestADayOfRecordsWithoutTimeIsDropped(t *testing.T) {
	h := open(t)
	r := said(-2400*time.Hour, "when?")
	r.N = record.Untimed
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{r}})
	if _, err := h.Drop(t.Context(), "pbx", r.At+2*record.Day, false); err != nil {
		t.Error(err)
	}
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{said(-2300*time.Hour, "timed")}})
	if _, err := h.Drop(t.Context(), "pbx", r.At+9*record.Day, false); err == nil {
		t.Error("a day with a record that the twin may have was dropped")
	}
}

// Two servers that heard the same, some of it without time, compare as equal.
func TestTwinsWithoutTimeCompareAsEqual(t *testing.T) {
	a, b := open(t), open(t)
	first := feed.Batch{Records: []record.Record{said(0, "first")}} // else nobody knows the feed
	commit(t, a, "pbx", first)
	commit(t, b, "pbx", first)
	rapid.Check(t, func(t *rapid.T) {
		var heard, there feed.Batch
		for _, r := range scattered().Draw(t, "records") {
			other := r
			if rapid.Bool().Draw(t, "without time") {
				r.N, other.N = record.Untimed, record.Untimed
				other.At += record.Instant(rapid.Int64Range(-1000, 1000).Draw(t, "arrives"))
			}
			heard.Records, there.Records = append(heard.Records, r), append(there.Records, other)
		}
		commit(t, a, "pbx", heard)
		commit(t, b, "pbx", there)
		for _, width := range []time.Duration{bucketWidth, bucketWidth / 64} {
			here, err := a.Tallies(t.Context(), "pbx", always, width)
			if err != nil {
				t.Fatal(err)
			}
			there, err := b.Tallies(t.Context(), "pbx", always, width)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(here, there) {
				t.Fatalf("%v here, %v there", here, there)
			}
		}
	})
}
