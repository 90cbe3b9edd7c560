package fill

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// The verbs by which one twin asks the other. What is long travels packed
// within the JSON, because a comparison is counted in bytes.
const (
	verbExtents = "extents"
	verbTallies = "tallies"
	verbKeys    = "keys"
	verbHeard   = "heard"
)

// question is what the verbs are asked with. Times and widths are in
// microseconds.
type question struct {
	Feed  string `json:"feed,omitempty"`
	From  int64  `json:"from,omitempty"`
	To    int64  `json:"to,omitempty"`
	Width int64  `json:"width,omitempty"` // tallies
	Limit int    `json:"limit,omitempty"` // keys
}

func (q question) span() record.Span {
	return record.Span{From: record.Instant(q.From), To: record.Instant(q.To)}
}

func ask(feed string, s record.Span) question {
	return question{Feed: feed, From: int64(s.From), To: int64(s.To)}
}

// The answers.
type (
	extentsAnswer struct {
		Feeds map[string]extent `json:"feeds"`
	}
	talliesAnswer struct {
		Slots []byte `json:"slots"` // see packSlots
	}
	keysAnswer struct {
		Keys []byte `json:"keys"` // see packKeys
	}
	heardAnswer struct {
		Spans []byte `json:"spans"`        // see packSpans
		To    int64  `json:"to,omitempty"` // set when there are more behind it
	}
)

// extent is history.Extent as it travels: times as numbers, because there is
// no text for each of them.
type extent struct {
	First        int64  `json:"first"`
	Last         int64  `json:"last"`
	Since        int64  `json:"since"`
	HeardFrom    int64  `json:"heard_from"`
	CoveredUntil int64  `json:"covered_until"`
	RetainedFrom int64  `json:"retained_from"`
	Records      int64  `json:"records"`
	Untimed      int64  `json:"untimed,omitempty"`
	Incarnation  string `json:"incarnation"`
}

func wireExtent(e history.Extent) extent {
	return extent{
		int64(e.First), int64(e.Last), int64(e.Since), int64(e.HeardFrom), int64(e.CoveredUntil), int64(e.RetainedFrom),
		e.Records, e.Untimed, e.Incarnation,
	}
}

// extent refuses what no history can have.
func (e extent) extent() (history.Extent, error) {
	for _, n := range []int64{e.First, e.Last, e.Since, e.HeardFrom, e.CoveredUntil, e.RetainedFrom, e.Records, e.Untimed} {
		if n < 0 || n > latest {
			return history.Extent{}, fmt.Errorf("%w: an extent with %d in it", ErrUntrusted, n)
		}
	}
	return history.Extent{
		First: record.Instant(e.First), Last: record.Instant(e.Last), Since: record.Instant(e.Since),
		HeardFrom: record.Instant(e.HeardFrom), CoveredUntil: record.Instant(e.CoveredUntil), RetainedFrom: record.Instant(e.RetainedFrom),
		Records: e.Records, Untimed: e.Untimed, Incarnation: e.Incarnation,
	}, nil
}

// latest is later than any time that a twin tells, and far from what would
// overflow.
const latest = 1 << 60

var errPacked = errors.New("cannot be unpacked")

// packSlots packs slots of that width: of each the number of slots since the
// one before and the count, as varints, and the 16 bytes of the sum.
func packSlots(slots []history.Slot, s record.Span, width record.Instant) []byte {
	b := make([]byte, 0, 22*len(slots))
	next := floor(s.From, width)
	for _, slot := range slots {
		b = binary.AppendUvarint(b, uint64((slot.Start-next)/width))
		b = binary.AppendUvarint(b, uint64(slot.Count))
		sum := slot.Sum.Bytes()
		b = append(b, sum[:]...)
		next = slot.Start + width
	}
	return b
}

func unpackSlots(b []byte, s record.Span, width record.Instant) ([]history.Slot, error) {
	slots := make([]history.Slot, 0, len(b)/18)
	next := floor(s.From, width)
	most := uint64((s.To-next)/width) + 1
	for len(b) > 0 {
		skip, n := binary.Uvarint(b)
		if n <= 0 || skip > most {
			return nil, errPacked
		}
		count, m := binary.Uvarint(b[n:])
		if m <= 0 || count > maxCount || len(b) < n+m+16 {
			return nil, errPacked
		}
		start := next + record.Instant(skip)*width
		if start >= s.To {
			return nil, errPacked
		}
		sum := record.SumFrom([16]byte(b[n+m : n+m+16]))
		slots = append(slots, history.Slot{Start: start, Tally: record.Tally{Count: int64(count), Sum: sum}})
		next, b = start+width, b[n+m+16:]
	}
	return slots, nil
}

// packKeys packs keys, 28 bytes each.
func packKeys(keys []record.Key) []byte {
	b := make([]byte, 0, keyBytes*len(keys))
	for _, k := range keys {
		b = appendKey(b, k)
	}
	return b
}

func unpackKeys(b []byte) ([]record.Key, error) {
	if len(b)%keyBytes != 0 {
		return nil, errPacked
	}
	keys := make([]record.Key, 0, len(b)/keyBytes)
	for ; len(b) > 0; b = b[keyBytes:] {
		keys = append(keys, keyFrom(b))
	}
	return keys, nil
}

// packSpans packs spans that lie in order within s: of each the microseconds
// since the end of the one before and its length, as varints.
func packSpans(spans []record.Span, s record.Span) []byte {
	var b []byte
	at := s.From
	for _, x := range spans {
		b = binary.AppendUvarint(b, uint64(x.From-at))
		b = binary.AppendUvarint(b, uint64(x.To-x.From))
		at = x.To
	}
	return b
}

func unpackSpans(b []byte, s record.Span) ([]record.Span, error) {
	var spans []record.Span
	at := s.From
	for len(b) > 0 {
		skip, n := binary.Uvarint(b)
		if n <= 0 || skip > uint64(s.To-at) {
			return nil, errPacked
		}
		from := at + record.Instant(skip)
		length, m := binary.Uvarint(b[n:])
		if m <= 0 || length > uint64(s.To-from) {
			return nil, errPacked
		}
		at = from + record.Instant(length)
		spans, b = append(spans, record.Span{From: from, To: at}), b[n+m:]
	}
	return spans, nil
}
