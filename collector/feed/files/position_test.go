package files

import (
	"bytes"
	"encoding"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/calls"
)

// alike compares positions by what is stored of them.
var alike = cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b feed.Absent) bool {
	return sameText(&a, &b)
}), cmp.Comparer(func(a, b feed.Series) bool {
	return sameText(&a, &b)
})}

func sameText(a, b encoding.TextMarshaler) bool {
	one, _ := a.MarshalText()
	other, _ := b.MarshalText()
	return bytes.Equal(one, other)
}

func TestPosition(t *testing.T) {
	var code encoder
	rapid.Check(t, func(rt *rapid.T) {
		digest := func(label string) []byte {
			d := record.DigestOf(rapid.SliceOf(rapid.Byte()).Draw(rt, label))
			return d[:]
		}
		want := position{
			Place: mark(rapid.Uint64().Draw(rt, "place")),
			Swept: rapid.Int64().Draw(rt, "swept"), Before: rapid.Int64().Draw(rt, "before"),
			Done: rapid.SliceOfN(rapid.Byte(), 0, maxDone).Draw(rt, "done"),
			Name: rapid.SliceOf(rapid.Byte()).Draw(rt, "name"), File: mark(rapid.Uint64().Draw(rt, "file")), State: mark(rapid.Uint64().Draw(rt, "state")),
			Why: rapid.StringN(0, 70, maxWhy).Draw(rt, "why"), Whole: rapid.Bool().Draw(rt, "whole"), Bad: rapid.Int64Min(0).Draw(rt, "bad"),
			Head: digest("head"), Offset: rapid.Int64Min(0).Draw(rt, "offset"), Last: digest("last"),
		}
		want.Done = want.Done[:len(want.Done)/8*8]
		want.LastAt = rapid.Int64Range(-1, want.Offset).Draw(rt, "last at")
		for range rapid.IntRange(0, 3).Draw(rt, "stretches") {
			m := feed.Missing{First: rapid.Int64Range(0, 1<<32).Draw(rt, "first"), From: record.Instant(rapid.Int64Min(0).Draw(rt, "from"))}
			m.Last, m.Until = m.First+rapid.Int64Range(0, 70).Draw(rt, "more"), m.From
			want.Absent.Await(m)
			want.Series.Follow(numbersOf(rapid.SliceOf(rapid.Uint32Max(40)).Draw(rt, "calls")), record.Instant(rapid.Int64Min(0).Draw(rt, "now")))
		}
		code.settle(&want)
		got, err := parsePosition(code.encode(&want))
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, *got, alike); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// numbersOf notes calls with these numbers, one behind the other.
func numbersOf(ids []uint32) *feed.Numbers {
	n := feed.NewNumbers("ech")
	for i, id := range ids {
		at := time.Unix(began+int64(i), 0)
		one := []calls.Segment{{CallID: id, Number: 1, Start: at, Stop: at}}
		n.Note(calls.ECH(12, 1, one)[8:], record.At(at))
	}
	return n
}

func FuzzPosition(f *testing.F) {
	var code encoder
	p := position{Offset: 300, LastAt: 200, Name: []byte("a\xff"), Head: make([]byte, 16), Last: make([]byte, 16), Done: make([]byte, 16)}
	code.settle(&p)
	f.Add(code.encode(&p))
	f.Add([]byte(`{"offset":1,"last_at":2}`))
	f.Add([]byte(`{"done":"AAAA"}`))
	f.Add([]byte(`{"absent":"ZwAAgICAgICAgAgC"}`))
	f.Fuzz(func(t *testing.T, stored []byte) {
		p, err := parsePosition(stored)
		if err != nil {
			return
		}
		var code encoder
		code.settle(p)
		again, err := parsePosition(code.encode(p))
		if err != nil || !cmp.Equal(again, p, alike) {
			t.Errorf("%q: %+v became %+v, %v", stored, p, again, err)
		}
		newLedger(&settings{after: leave}, p)
	})
}
