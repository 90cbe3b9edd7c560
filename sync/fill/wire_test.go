package fill

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

func TestPathsSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := place{feed: rapid.StringN(1, -1, 200).Draw(t, "feed"), most: rapid.IntRange(1, pageBytes).Draw(t, "most")}
		p.span.From = record.Instant(rapid.Int64Range(0, latest).Draw(t, "from"))
		p.span.To = record.Instant(rapid.Int64Range(0, latest).Draw(t, "to"))
		if rapid.Bool().Draw(t, "goes on") {
			k := drawKey(t)
			p.after = &k
		}
		for _, path := range []string{p.path(), "/" + p.path()} {
			got, err := parsePlace(path)
			if diff := cmp.Diff(p, got, cmp.AllowUnexported(place{})); err != nil || diff != "" {
				t.Fatalf("%s: %v %s", path, err, diff)
			}
		}
	})
}

func TestPathsAreRefused(t *testing.T) {
	good := place{feed: "pbx", span: record.Span{From: 1, To: 2}, most: 9}.path()
	for _, path := range []string{
		"", "/", "records", "../../etc/passwd", "records/../../etc/passwd/-/9", "//" + good, good + "/", good + "/..",
		"records//1-2/-/9", "records/cGJ4/1-2//9", "records/cGJ4/1-2/00/9", "records/cGJ4/-1-2/-/9", "records/cGJ4/01-2/-/9",
		"records/cGJ4/1-99999999999999999999/-/9", "records/cGJ4/1/-/9", "records/cGJ4=/1-2/-/9", "records/cGJ4/1-2/*/9",
		"Records/cGJ4/1-2/-/9", "files/cGJ4/1-2/-/9", "records/cGJ5/1-2/" + strings.Repeat("AB", keyBytes) + "/9",
		"records/cGJ4/1-2/-", "records/cGJ4/1-2/-/", "records/cGJ4/1-2/-/0", "records/cGJ4/1-2/-/09", "records/cGJ4/1-2/-/-9", "records/cGJ4/1-2/-/4194305",
		strings.Repeat("records/", 1000), "records/" + strings.Repeat("cGJ4", 1000) + "/1-2/-/9",
	} {
		if p, err := parsePlace(path); !errors.Is(err, ErrPath) {
			t.Errorf("%q: %+v, %v", path, p, err)
		}
	}
	if good != "records/cGJ4/1-2/-/9" {
		t.Errorf("a place is written %s: twins of another version could not read it", good)
	}
}

func FuzzPath(f *testing.F) {
	f.Add("records/cGJ4/1-2/-/9")
	f.Add("/records/cGJ4/1-2/" + strings.Repeat("0a", keyBytes) + "/65536")
	f.Fuzz(func(t *testing.T, path string) {
		p, err := parsePlace(path)
		if err == nil && p.path() != strings.TrimPrefix(path, "/") {
			t.Errorf("%q reads as %+v, which is written %q", path, p, p.path())
		}
	})
}

func drawSpans(t *rapid.T, within record.Span) (all []record.Span) {
	at := within.From
	for at < within.To && rapid.Bool().Draw(t, "more") {
		from := record.Instant(rapid.Int64Range(int64(at), int64(within.To-1)).Draw(t, "from"))
		to := record.Instant(rapid.Int64Range(int64(from+1), int64(within.To)).Draw(t, "to"))
		all, at = append(all, record.Span{From: from, To: to}), to
	}
	return all
}

func TestAnswersSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := widths[rapid.IntRange(0, finest).Draw(t, "level")]
		s := record.Span{From: record.Instant(rapid.Int64Range(0, int64(100*width)).Draw(t, "from"))}
		s.To = s.From + record.Instant(rapid.Int64Range(1, int64(100*width)).Draw(t, "length"))
		spans := drawSpans(t, s)
		gotSpans, err := unpackSpans(packSpans(spans, s), s)
		if diff := cmp.Diff(spans, gotSpans); err != nil || diff != "" {
			t.Fatalf("spans: %v %s", err, diff)
		}
		slots := []history.Slot{}
		for start := floor(s.From, width); start < s.To; start += width {
			if rapid.Bool().Draw(t, "full") {
				sum := record.Sum{}.Add(drawKey(t).Digest)
				slots = append(slots, history.Slot{Start: start, Tally: record.Tally{Count: rapid.Int64Range(1, maxCount).Draw(t, "count"), Sum: sum}})
			}
		}
		gotSlots, err := unpackSlots(packSlots(slots, s, width), s, width)
		if diff := cmp.Diff(slots, gotSlots, cmp.Comparer(func(a, b record.Sum) bool { return a == b })); err != nil || diff != "" {
			t.Fatalf("slots: %v %s", err, diff)
		}
		keys := rapid.SliceOfN(rapid.Custom(drawKey), 0, 20).Draw(t, "keys")
		gotKeys, err := unpackKeys(packKeys(keys))
		if diff := cmp.Diff(append([]record.Key{}, keys...), gotKeys); err != nil || diff != "" {
			t.Fatalf("keys: %v %s", err, diff)
		}
	})
}

// Whatever a twin packs, what comes out of it lies within what was asked.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte{1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := record.Span{From: 12345, To: 12345 + 77*widths[finest]}
		if slots, err := unpackSlots(b, s, widths[finest]); err == nil {
			for _, slot := range slots {
				if slot.Start < floor(s.From, widths[finest]) || slot.Start >= s.To {
					t.Errorf("slot at %d", slot.Start)
				}
			}
		}
		if spans, err := unpackSpans(b, s); err == nil {
			for _, x := range spans {
				if x.From < s.From || x.To > s.To || x.To < x.From {
					t.Errorf("span %v", x)
				}
			}
		}
		if _, err := unpackKeys(b); err == nil && len(b)%keyBytes != 0 {
			t.Errorf("keys of %d bytes", len(b))
		}
	})
}

func TestHandlerRefusesWhatNobodyNeeds(t *testing.T) {
	a := open(t)
	h := Handler{a}
	start(t, a, "pbx")
	wide := int64(4 * time.Hour / time.Microsecond)
	for name, c := range map[string]struct {
		verb string
		args any
		want error
	}{
		"an unknown verb":       {"drop", question{}, ErrVerb},
		"no JSON":               {verbKeys, json.RawMessage("{"), ErrQuestion},
		"a span backwards":      {verbHeard, question{Feed: "pbx", From: 5, To: 4}, ErrQuestion},
		"before all time":       {verbHeard, question{Feed: "pbx", From: -5, To: 4}, ErrQuestion},
		"behind all time":       {verbKeys, question{Feed: "pbx", To: latest + 1, Limit: 1}, ErrQuestion},
		"slots of nothing":      {verbTallies, question{Feed: "pbx", To: 5}, ErrQuestion},
		"too many slots":        {verbTallies, question{Feed: "pbx", To: wide, Width: 1000}, ErrQuestion},
		"slots beyond all time": {verbTallies, question{Feed: "pbx", To: wide, Width: 1 << 62}, ErrQuestion},
		"no keys":               {verbKeys, question{Feed: "pbx", To: wide}, ErrQuestion},
		"too many keys":         {verbKeys, question{Feed: "pbx", To: wide, Limit: keysPerCall + 1}, ErrQuestion},
		"a feed that is not":    {verbKeys, question{Feed: "fax", To: wide, Limit: 1}, history.ErrUnknownFeed},
	} {
		args, ok := c.args.(json.RawMessage)
		if !ok {
			args, _ = json.Marshal(c.args)
		}
		if got, err := h.Answer(t.Context(), c.verb, args); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}
