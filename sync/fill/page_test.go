package fill

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

func drawKey(t *rapid.T) record.Key {
	var d record.Digest
	copy(d[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "digest"))
	return record.Key{At: record.Instant(rapid.Int64Range(0, 9).Draw(t, "at")), Digest: d, N: rapid.Uint32().Draw(t, "n")}
}

// drawPage draws a page as a history would give it: keys in order, no two alike.
func drawPage(t *rapid.T) Page {
	var p Page
	var last record.Key
	for _, raw := range rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 0, 12).Draw(t, "raws") {
		last.At += record.Instant(rapid.Int64Range(1, 5).Draw(t, "step"))
		r := record.New(last.At, rapid.Uint32().Draw(t, "n"), raw)
		if rapid.IntRange(0, 3).Draw(t, "damaged") == 0 {
			p.Damaged = append(p.Damaged, r.Key)
			continue
		}
		p.Rows = append(p.Rows, history.Row{Record: r, Kind: rapid.IntRange(0, 0xffff).Draw(t, "kind")})
	}
	return p
}

func TestPagesSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPage(t)
		b := encodePage(p)
		got, err := parsePage(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got, cmp.Comparer(bytes.Equal)); diff != "" {
			t.Fatalf("(-sent +came)\n%s", diff)
		}
		if !p.empty() {
			if err := checkPage(got, record.Span{From: 0, To: forever}, nil); err != nil {
				t.Fatal(err)
			}
			if all := p.keys(); len(all) != len(p.Rows)+len(p.Damaged) || all[len(all)-1] != p.last() {
				t.Fatalf("keys %v, last %v", all, p.last())
			}
		}
		// Half a page is none.
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if _, err := parsePage(b[:cut]); !errors.Is(err, errPage) {
			t.Fatalf("%d bytes of %d: %v", cut, len(b), err)
		}
	})
}

func TestPagesAreRefused(t *testing.T) {
	r := record.New(5, 0, []byte("x"))
	good := encodePage(Page{Rows: []history.Row{{Record: r, Kind: 1}}})
	spoil := func(at int, b byte) []byte {
		bad := bytes.Clone(good)
		bad[at] = b
		return bad
	}
	huge := bytes.Clone(good)
	binary.BigEndian.PutUint32(huge[2+keyBytes+2:], maxRaw+1)
	for name, b := range map[string][]byte{
		"nothing":           {},
		"another version":   spoil(0, pageVersion+1),
		"an unknown entry":  spoil(1, 3),
		"a wrong count":     spoil(len(good)-1, 2),
		"more behind it":    append(bytes.Clone(good), 0),
		"a record too long": huge,
	} {
		if p, err := parsePage(b); !errors.Is(err, errPage) || !p.empty() {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	many := []byte{pageVersion}
	for i := range maxRows + 1 {
		many = appendKey(append(many, entryDamaged), record.Key{At: record.Instant(i)})
	}
	if _, err := parsePage(many); !errors.Is(err, errPage) || !strings.Contains(err.Error(), "more than") {
		t.Errorf("too many entries: %v", err)
	}
}

func FuzzPage(f *testing.F) {
	r := record.New(5, 1, []byte("Event: Hangup\r\n"))
	f.Add(encodePage(Page{}))
	f.Add(encodePage(Page{Rows: []history.Row{{Record: r, Kind: 1}}, Damaged: []record.Key{{At: 9}}}))
	f.Add([]byte{pageVersion, entryRow})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePage(b)
		if err != nil {
			return
		}
		if !bytes.Equal(encodePage(p), b) {
			t.Errorf("%x is another page when it is written again", b)
		}
	})
}

func TestCheckPage(t *testing.T) {
	row := func(at record.Instant, text string) history.Row {
		return history.Row{Record: record.New(at, 0, []byte(text))}
	}
	forged := row(5, "forged")
	forged.Raw = []byte("another")
	within := record.Span{From: 3, To: 8}
	after := row(4, "before").Key
	for name, c := range map[string]struct {
		page Page
		good bool
	}{
		"fits":              {Page{Rows: []history.Row{row(5, "a"), row(6, "b")}, Damaged: []record.Key{row(7, "c").Key}}, true},
		"a forged digest":   {Page{Rows: []history.Row{forged}}, false},
		"before the span":   {Page{Rows: []history.Row{row(2, "a")}}, false},
		"behind the span":   {Page{Rows: []history.Row{row(8, "a")}}, false},
		"out of order":      {Page{Rows: []history.Row{row(6, "a"), row(5, "b")}}, false},
		"the same again":    {Page{Rows: []history.Row{row(5, "a"), row(5, "a")}}, false},
		"from before after": {Page{Rows: []history.Row{row(3, "a")}}, false},
		"after itself":      {Page{Damaged: []record.Key{after}}, false},
	} {
		err := checkPage(c.page, within, &after)
		if c.good != (err == nil) || err != nil && !errors.Is(err, ErrUntrusted) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
