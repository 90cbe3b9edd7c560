package history

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// Far more than a page, many of one time, and stored in another order.
func TestRecordsComeInKeyOrder(t *testing.T) {
	h := open(t)
	var all []record.Record
	for i := range 2*pageRows + 300 {
		at := time.Duration(i/4000) * time.Second // pages end within one time
		all = append(all, record.New(noon.Add(at), uint32(i%3), fmt.Appendf(nil, "record %d", i/3)))
	}
	for i := range all {
		j := (i * 7919) % len(all)
		all[i], all[j] = all[j], all[i]
	}
	commit(t, h, "pbx", feed.Batch{Records: all})
	commit(t, h, "other", feed.Batch{Records: numbered(10)})

	want := slices.SortedFunc(slices.Values(all), func(a, b record.Record) int { return a.Compare(b.Key) })
	got := records(t, h, Range{Feed: "pbx"})
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("%d records, want %d in key order", len(got), len(want))
	}
	if got := arrivals(t, h, "pbx", 0); !slices.EqualFunc(got, all, same) {
		t.Errorf("%d arrivals, want %d in arrival order", len(got), len(all))
	}
}

func same(a, b record.Record) bool { return a.Key == b.Key && bytes.Equal(a.Raw, b.Raw) }

func arrivals(t *testing.T, h *DB, name string, seq int64) (all []record.Record) {
	t.Helper()
	for row, err := range h.Arrivals(t.Context(), name, seq) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Seq <= seq {
			t.Fatalf("sequence %d after %d", row.Seq, seq)
		}
		seq = row.Seq
		all = append(all, row.Record)
	}
	return all
}

// However large the records are, a page is not.
func TestPagesAreBoundedInBytes(t *testing.T) {
	h := open(t)
	var all []record.Record
	for i := range 7 {
		all = append(all, said(time.Duration(i), string(bytes.Repeat([]byte{byte('a' + i)}, pageBytes/2))))
	}
	commit(t, h, "pbx", feed.Batch{Records: all})
	page, err := h.page(t.Context(), "pbx", `
		SELECT seq, at, digest, n, kind, origin, raw FROM record WHERE feed = ?1 ORDER BY seq LIMIT ?2`)
	if err != nil || len(page) != 2 {
		t.Errorf("a page of %d: %v", len(page), err)
	}
	if got := arrivals(t, h, "pbx", 0); !slices.EqualFunc(got, all, same) {
		t.Errorf("%d records, want %d", len(got), len(all))
	}
}

func TestRangesAreHalfOpen(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{said(0, "a"), said(1000, "b"), said(2000, "c"), said(2000, "d")}})
	for _, c := range []struct {
		from, to record.Instant
		want     int
	}{
		{0, 0, 4},
		{noon, 0, 4},
		{noon + 1, 0, 3},
		{noon + 2, 0, 2},
		{noon + 3, 0, 0},
		{0, noon, 0},
		{0, noon + 1, 1},
		{0, noon + 2, 2},
		{0, noon + 3, 4},
		{noon + 1, noon + 2, 1},
		{noon + 2, noon + 2, 0},
		{noon + 2, noon + 1, 0},
	} {
		if got := records(t, h, Range{"pbx", c.from, c.to}); len(got) != c.want {
			t.Errorf("from %d to %d: %d records, want %d", c.from-noon, c.to-noon, len(got), c.want)
		}
	}
}

// What Records returned may be ranged over again, and left early.
func TestRecordsMayBeReadAgain(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{Records: numbered(20)})
	seq := h.Records(t.Context(), Range{Feed: "pbx"})
	for range seq {
		break
	}
	for range 2 {
		n := 0
		for range seq {
			n++
		}
		if n != 20 {
			t.Errorf("%d records, want 20", n)
		}
	}
}

func TestReadingAnUnknownFeed(t *testing.T) {
	h := open(t)
	count := 0
	for _, err := range h.Records(t.Context(), Range{Feed: "nobody"}) {
		if count++; !errors.Is(err, ErrUnknownFeed) {
			t.Errorf("Records: %v", err)
		}
	}
	for _, err := range h.Arrivals(t.Context(), "nobody", 0) {
		if count++; !errors.Is(err, ErrUnknownFeed) {
			t.Errorf("Arrivals: %v", err)
		}
	}
	if _, err := h.SeqBefore(t.Context(), "nobody", 0); !errors.Is(err, ErrUnknownFeed) {
		t.Errorf("SeqBefore: %v", err)
	}
	if count != 2 {
		t.Errorf("%d yields, want the error once from each", count)
	}
}

func TestSeqBefore(t *testing.T) {
	h := open(t)
	start(t, h, "pbx")
	seqBefore := func(at record.Instant) int64 {
		t.Helper()
		seq, err := h.SeqBefore(t.Context(), "pbx", at)
		if err != nil {
			t.Fatal(err)
		}
		return seq
	}
	if got := seqBefore(0); got != 0 {
		t.Errorf("of an empty history %d", got)
	}
	commit(t, h, "other", feed.Batch{Records: numbered(5)})
	// Time runs backwards on arrival.
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{said(3000, "late"), said(1000, "early"), said(2000, "middle")}})
	for at, want := range map[record.Instant]int64{0: 5, noon + 1: 5, noon + 2: 5, noon + 3: 5, noon + 4: 8} {
		if got := seqBefore(at); got != want {
			t.Errorf("before %d: %d, want %d", at-noon, got, want)
		}
	}
	commit(t, h, "other", feed.Batch{Records: numbered(20)})
	if got := arrivals(t, h, "pbx", seqBefore(noon+4)); len(got) != 0 {
		t.Errorf("%d arrivals behind the end", len(got))
	}
}

func TestSeqOfLast(t *testing.T) {
	h := open(t)
	start(t, h, "pbx")
	commit(t, h, "pbx", feed.Batch{Records: numbered(4)})
	commit(t, h, "other", feed.Batch{Records: numbered(3)})
	for n, want := range map[int]int{0: 0, 1: 1, 3: 3, 4: 4, 9: 4} {
		seq, err := h.SeqOfLast(t.Context(), "pbx", n)
		if err != nil {
			t.Fatal(err)
		}
		if got := arrivals(t, h, "pbx", seq); len(got) != want {
			t.Errorf("the last %d: %d", n, len(got))
		}
	}
}

// What was heard here is found among what the twin and a file brought.
func TestOwnArrivals(t *testing.T) {
	h := open(t)
	start(t, h, "pbx")
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{said(1, "heard")}})
	if _, err := h.Merge(t.Context(), "pbx", []Row{{Record: said(2, "of the twin"), Kind: 1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Import(t.Context(), "pbx", 1, []record.Record{said(3, "of a file"), said(1, "heard")}); err != nil {
		t.Fatal(err)
	}
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{said(4, "heard too")}})
	commit(t, h, "other", feed.Batch{Records: numbered(3)})
	own := func(after, end int64) (raws []string) {
		for row, err := range h.OwnArrivals(t.Context(), "pbx", after, end) {
			if err != nil || row.Origin != FromFeed {
				t.Fatal(row, err)
			}
			raws = append(raws, string(row.Raw))
		}
		return raws
	}
	end, err := h.SeqOfAll(t.Context())
	if err != nil || end != 7 {
		t.Fatal(end, err)
	}
	for _, c := range []struct {
		after, end int64
		want       []string
	}{{0, end, []string{"heard", "heard too"}}, {1, end, []string{"heard too"}}, {0, 3, []string{"heard"}}, {4, end, nil}} {
		if got := own(c.after, c.end); !slices.Equal(got, c.want) {
			t.Errorf("behind %d up to %d: %q, want %q", c.after, c.end, got, c.want)
		}
	}
	for _, c := range []struct {
		after int64
		n     int
		want  int64
	}{{0, 9, 0}, {0, 2, 0}, {0, 1, 3}, {1, 9, 3}, {0, 0, end}, {4, 9, end}} {
		if seq, err := h.SeqOfLastOwn(t.Context(), "pbx", c.after, c.n); err != nil || seq != c.want {
			t.Errorf("the last %d behind %d: behind %d, want %d: %v", c.n, c.after, seq, c.want, err)
		}
	}
	origins := map[string]int{}
	for row, err := range h.Arrivals(t.Context(), "pbx", 0) {
		if err != nil {
			t.Fatal(err)
		}
		origins[row.Origin.String()]++
	}
	if want := (map[string]int{"feed": 2, "twin": 1, "file": 1}); !maps.Equal(origins, want) {
		t.Errorf("origins %v, want %v", origins, want)
	}
}

// P4: two histories that were told the same records, in different order, in
// different batches and some of them repeatedly, hold the same.
func TestTwinsHoldTheSame(t *testing.T) {
	twins := []*DB{open(t), open(t)}
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		name := fmt.Sprintf("feed %d", runs)
		said := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record.Record {
			at := noon + record.Instant(rapid.Int64Range(0, 3).Draw(t, "at"))*4*record.Minute
			return record.New(at, rapid.Uint32Range(0, 2).Draw(t, "n"), rapid.SliceOfN(rapid.ByteRange('a', 'c'), 0, 3).Draw(t, "raw"))
		}), 1, 250).Draw(t, "said")
		var exports [2][]byte
		for i, h := range twins {
			start(t, h, name)
			heard := rapid.Permutation(said).Draw(t, "order")
			heard = append(heard, rapid.SliceOfN(rapid.SampledFrom(said), 0, 30).Draw(t, "repeated")...)
			for len(heard) > 0 {
				n := rapid.IntRange(1, len(heard)).Draw(t, "batch")
				commit(t, h, name, feed.Batch{Records: heard[:n]})
				heard = heard[n:]
			}
			for _, r := range records(t, h, Range{Feed: name}) {
				exports[i] = fmt.Appendf(exports[i], "%s %s %d %q\n", r.At, r.Digest, r.N, r.Raw)
			}
		}
		if !bytes.Equal(exports[0], exports[1]) {
			t.Fatalf("one exports\n%s\nthe other\n%s", exports[0], exports[1])
		}
	})
}
