package history

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// damage changes a stored record as a bad disk would.
func damage(t *testing.T, h *DB, r record.Record) {
	t.Helper()
	fault(t, h, `UPDATE record SET raw = CAST(raw || 'x' AS BLOB) WHERE hex(digest) = upper('`+r.Digest.String()+`')`)
}

// Page after page, and key after key, are the records of a range.
func TestPagesAreTheRecords(t *testing.T) {
	h := open(t)
	rapid.Check(t, func(t *rapid.T) {
		commit(t, h, "pbx", feed.Batch{Records: scattered().Draw(t, "records")})
		span := record.Span{From: instant().Draw(t, "from"), To: instant().Draw(t, "to")}
		maxBytes := rapid.IntRange(0, 9).Draw(t, "bytes")
		var got []record.Record
		for after := (*record.Key)(nil); ; after = &got[len(got)-1].Key {
			rows, err := h.Page(t.Context(), "pbx", span, after, maxBytes)
			if err != nil || len(rows) > max(maxBytes, 1) {
				t.Fatalf("a page of %d: %v", len(rows), err)
			}
			if len(rows) == 0 {
				break
			}
			for _, r := range rows {
				got = append(got, r.Record)
			}
		}
		want := slices.DeleteFunc(records(t, h, Range{Feed: "pbx"}), func(r record.Record) bool {
			return r.At < span.From || r.At >= span.To
		})
		if !slices.EqualFunc(got, want, same) {
			t.Fatalf("%d records, want %d", len(got), len(want))
		}
		limit := rapid.IntRange(-1, 50).Draw(t, "limit")
		keys, err := h.Keys(t.Context(), "pbx", span, limit)
		if err != nil || len(keys) != min(max(limit, 0), len(want)) {
			t.Fatalf("%d keys of %d, %v", len(keys), len(want), err)
		}
		for i, k := range keys {
			if k != want[i].Key {
				t.Fatalf("key %d is %v, want %v", i, k, want[i].Key)
			}
		}
	})
}

// What lies before the span is not read, whatever key the asker goes on from.
func TestPageKeepsToItsSpan(t *testing.T) {
	h := open(t)
	all := numbered(5)
	commit(t, h, "pbx", feed.Batch{Records: all})
	span := record.Span{From: all[2].At, To: all[4].At}
	rows, err := h.Page(t.Context(), "pbx", span, &all[0].Key, 1<<20)
	if err != nil || len(rows) != 2 || rows[0].Key != all[2].Key || rows[1].Key != all[3].Key {
		t.Errorf("%v, %v", rows, err)
	}
	if rows, err := h.Page(t.Context(), "pbx", span, &all[4].Key, 1<<20); err != nil || len(rows) != 0 {
		t.Errorf("behind the span %v, %v", rows, err)
	}
}

func TestDamageIsNotRead(t *testing.T) {
	h := open(t)
	all := numbered(5)
	commit(t, h, "pbx", feed.Batch{Records: all})
	damage(t, h, all[2])
	damage(t, h, all[3])

	rows, err := h.Page(t.Context(), "pbx", always, nil, 1<<20)
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d before the damage, %v", len(rows), err)
	}
	after := &rows[1].Key
	for _, want := range all[2:4] {
		rows, err = h.Page(t.Context(), "pbx", always, after, 1<<20)
		var damaged *DamagedError
		if len(rows) != 0 || !errors.Is(err, ErrDamaged) || !errors.As(err, &damaged) || damaged.Feed != "pbx" || damaged.Key != want.Key {
			t.Fatalf("%v, %v", rows, err)
		}
		after = &damaged.Key
	}
	for name, rows := range map[string]iter.Seq2[Row, error]{"records": h.Records(t.Context(), Range{Feed: "pbx"}), "arrivals": h.Arrivals(t.Context(), "pbx", 0)} {
		sound := 0
		var last error
		for _, last = range rows {
			if last == nil {
				sound++
			}
		}
		var damaged *DamagedError
		if sound != 2 || !errors.As(last, &damaged) || damaged.Key != all[2].Key {
			t.Errorf("%s: %d, and then %v", name, sound, last)
		}
	}
	if rows, err = h.Page(t.Context(), "pbx", always, after, 1<<20); err != nil || len(rows) != 1 || rows[0].Key != all[4].Key {
		t.Errorf("behind the damage %v, %v", rows, err)
	}
}

func TestVerifyAndHeal(t *testing.T) {
	h := open(t)
	all := numbered(40)
	for i := range all {
		all[i].At += record.Instant(i) * record.Hour / 4
	}
	commit(t, h, "pbx", feed.Batch{Records: all})
	commit(t, h, "other", feed.Batch{Records: numbered(3)})
	verify := func() Verdict {
		t.Helper()
		var last Progress
		v, err := h.Verify(t.Context(), "pbx", func(p Progress) {
			if p.Done <= last.Done {
				t.Errorf("%+v after %+v", p, last)
			}
			last = p
		})
		if err != nil || last.Done != v.Records {
			t.Errorf("%+v at the end of %+v: %v", last, v, err)
		}
		return v
	}
	if v := verify(); !v.Sound() || v.Records != 40 {
		t.Errorf("%+v", v)
	}

	damage(t, h, all[0])
	damage(t, h, all[39])
	if v := verify(); len(v.Buckets) != 0 || !slices.Equal(v.Damaged, []record.Key{all[0].Key, all[39].Key}) {
		t.Errorf("%+v", v)
	}
	for _, r := range []record.Record{all[0], all[20], all[39]} {
		if err := h.Heal(t.Context(), "pbx", Row{Record: r}); err != nil {
			t.Error(err)
		}
	}
	if v := verify(); !v.Sound() {
		t.Errorf("%+v", v)
	}
	if err := h.Heal(t.Context(), "pbx", Row{Record: record.Record{Key: all[0].Key, Raw: []byte("forged")}}); !errors.Is(err, ErrDamaged) {
		t.Errorf("bad bytes: %v", err)
	}
	if err := h.Heal(t.Context(), "pbx", Row{Record: said(-time.Second, "unknown")}); err == nil {
		t.Error("a record that is not here was healed")
	}
	if got := records(t, h, Range{Feed: "pbx"}); !slices.EqualFunc(got, all, same) {
		t.Error("not what was stored")
	}
}

func TestVerifyFindsWrongBuckets(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{
		said(0, "a"), said(1, "b"), said(bucketWidth, "c"), said(2*time.Hour, "d"), said(72*time.Hour, "e"),
	}})
	fault(t, h, `DELETE FROM record WHERE raw = CAST('b' AS BLOB)`)
	fault(t, h, `DELETE FROM record WHERE raw = CAST('d' AS BLOB)`)
	fault(t, h, `DELETE FROM bucket WHERE start = (SELECT max(start) FROM bucket)`)
	v, err := h.Verify(t.Context(), "pbx", func(Progress) {})
	bucket := func(after time.Duration) record.Span {
		return record.Span{From: noon.Add(after), To: noon.Add(after) + record.BucketWidth}
	}
	if want := []record.Span{bucket(0), bucket(2 * time.Hour), bucket(72 * time.Hour)}; err != nil || !slices.Equal(v.Buckets, want) {
		t.Errorf("%+v, %v", v, err)
	}
	for _, span := range v.Buckets {
		if err := h.Recount(t.Context(), "pbx", span); err != nil {
			t.Error(err)
		}
	}
	if v, err := h.Verify(t.Context(), "pbx", func(Progress) {}); err != nil || !v.Sound() || v.Records != 3 {
		t.Errorf("%+v, %v", v, err)
	}
	checkBuckets(t, h)
	before := dump(t, h)
	if err := h.Recount(t.Context(), "pbx", always); err != nil {
		t.Error(err)
	}
	if !slices.Equal(before, dump(t, h)) {
		t.Error("counting what was right changed it")
	}
}

func TestMerge(t *testing.T) {
	h := open(t)
	rows := []Row{
		{Record: said(0, "a"), Kind: 1, Seq: 99},
		{Record: said(1000, "b"), Kind: 2},
		{Record: said(2000, "c"), Kind: 1},
	}
	if _, err := h.Merge(t.Context(), "pbx", rows); !errors.Is(err, ErrUnknownFeed) {
		t.Errorf("unknown feed: %v", err)
	}
	commit(t, h, "pbx", feed.Batch{
		Records: []record.Record{rows[0].Record}, Position: []byte("here"), Marks: []feed.Mark{begin(feed.Session{From: noon}), proof(noon + 1)},
	})
	before := summary(t, h, "pbx")
	for i, want := range []Outcome{{Added: 2, Duplicates: 1}, {Duplicates: 3}} {
		if got, err := h.Merge(t.Context(), "pbx", rows); err != nil || got != want {
			t.Errorf("time %d: %+v, %v, want %+v", i, got, err, want)
		}
	}
	want := before
	want.Records, want.LastAt = 3, noon+2
	if got := summary(t, h, "pbx"); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	i := 0
	for row, err := range h.Records(t.Context(), Range{Feed: "pbx"}) {
		origin := FromTwin
		if i == 0 {
			origin = FromFeed
		}
		if err != nil || row.Kind != rows[i].Kind || row.Origin != origin || !bytes.Equal(row.Raw, rows[i].Raw) {
			t.Errorf("row %d: %+v, %v", i, row, err)
		}
		i++
	}
	checkBuckets(t, h)
}
