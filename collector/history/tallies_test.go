package history

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

const bucketWidth = 5 * time.Minute

// scattered draws records of a few hours, some of them on borders.
func scattered() *rapid.Generator[[]record.Record] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record.Record {
		return record.New(instant().Draw(t, "at"), 0, []byte{rapid.Byte().Draw(t, "raw")})
	}), 0, 40)
}

func instant() *rapid.Generator[record.Instant] {
	return rapid.Custom(func(t *rapid.T) record.Instant {
		at := noon + record.Instant(rapid.IntRange(-30, 30).Draw(t, "bucket"))*record.BucketWidth
		return at + rapid.SampledFrom([]record.Instant{-1, 0, 0, 1, record.Minute}).Draw(t, "off")
	})
}

// Tallies are exact whatever the span and the width, from buckets or from keys.
func TestTalliesAreThoseOfTheRecords(t *testing.T) {
	h := open(t)
	rapid.Check(t, func(t *rapid.T) {
		commit(t, h, "pbx", feed.Batch{Records: scattered().Draw(t, "records")})
		span := record.Span{From: instant().Draw(t, "from"), To: instant().Draw(t, "to")}
		width := rapid.SampledFrom([]time.Duration{
			24 * time.Hour, time.Hour, 10 * time.Minute, bucketWidth, bucketWidth / 64, time.Second, 7 * time.Microsecond,
		}).Draw(t, "width")
		got, err := h.Tallies(t.Context(), "pbx", span, width)
		if err != nil {
			t.Fatal(err)
		}
		want := map[record.Instant]record.Tally{}
		for _, r := range records(t, h, Range{Feed: "pbx"}) {
			if span.From <= r.At && r.At < span.To {
				start := r.At - r.At%record.Instant(width.Microseconds())
				want[start] = want[start].Add(r.Digest)
			}
		}
		for i, s := range got {
			if i > 0 && s.Start <= got[i-1].Start || s.Tally != want[s.Start] || s.Count == 0 {
				t.Fatalf("slot %d: %s %v, want %v", i, s.Start, s.Tally, want[s.Start])
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d slots, want %d", len(got), len(want))
		}
	})
}

func TestTalliesRefuse(t *testing.T) {
	h := open(t)
	start(t, h, "pbx")
	for _, width := range []time.Duration{-1, 0, 1, time.Nanosecond * 999, bucketWidth + 1000, 7 * time.Minute} {
		if _, err := h.Tallies(t.Context(), "pbx", record.Span{From: 0, To: noon}, width); err == nil {
			t.Errorf("width %s", width)
		}
	}
	if _, err := h.Tallies(t.Context(), "nobody", always, bucketWidth); !errors.Is(err, ErrUnknownFeed) {
		t.Errorf("unknown feed: %v", err)
	}
	s := slots{width: 1}
	for at := range record.Instant(maxSlots) {
		if err := s.add(at, record.Tally{Count: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.add(maxSlots, record.Tally{Count: 1}); !errors.Is(err, ErrTooWide) {
		t.Errorf("one slot too many: %v", err)
	}
}

func TestExtents(t *testing.T) {
	h := open(t)
	start(t, h, "empty")
	commit(t, h, "pbx", feed.Batch{
		Records: []record.Record{said(0, "a"), said(time.Second, "b"), said(time.Minute, "c")},
		Marks:   []feed.Mark{begin(feed.Session{From: noon - 5, Incarnation: "first"}), proof(noon + 7)},
	})
	all, err := h.Extents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	commit(t, h, "deaf", feed.Batch{Marks: []feed.Mark{
		begin(feed.Session{From: noon}), proof(noon + 3), {What: feed.EndMark, Reason: feed.Unreachable},
	}})
	if e, err := h.Extent(t.Context(), "deaf"); err != nil || e.DeafSince != noon+3 {
		t.Errorf("%+v, %v", e, err)
	}
	since := func(name string) record.Instant {
		return record.Instant(scalar(t, h, `SELECT since FROM feed WHERE name = ?`, name))
	}
	want := map[string]Extent{
		"empty": {Since: since("empty")},
		"pbx": {
			First: noon, Last: noon + record.Minute, Since: since("pbx"), HeardFrom: noon - 5, CoveredUntil: noon + 7,
			Records: 3, Incarnation: "first",
		},
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if one, err := h.Extent(t.Context(), "pbx"); err != nil || one != want["pbx"] {
		t.Errorf("%+v, %v", one, err)
	}
	for _, name := range []string{"", "nobody"} {
		if _, err := h.Extent(t.Context(), name); !errors.Is(err, ErrUnknownFeed) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
