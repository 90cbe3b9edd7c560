package ech

import (
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/calls"
)

// The columns follow each other without a hole, up to the byte that ends the
// last text; eight flags share one byte.
func TestLayout(t *testing.T) {
	next, bit := 0, 0
	for c, f := range layout {
		switch {
		case f.name == "":
			t.Errorf("column %d has no name", c)
		case f.kind >= flag0:
			if int(f.kind-flag0) != bit || f.offset != next {
				t.Errorf("%s is bit %d of byte %d", f.name, f.kind-flag0, f.offset)
			}
			if bit++; bit == 8 {
				next++
			}
			continue
		case f.offset != next:
			t.Errorf("%s begins at %d, want %d", f.name, f.offset, next)
		}
		next = f.offset + f.width
	}
	if next+1 != RecordSize {
		t.Errorf("%d bytes, want %d", next, RecordSize-1)
	}
}

// Both forms say the same, column by column.
func TestForms(t *testing.T) {
	stop := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	one := []calls.Segment{{
		CallID: 4_000_000_000, Number: 3, Start: stop.Add(-time.Minute), Stop: stop, Queue: 1, Talk: 2, Ring: 3, Hold: 4, Wrap: 5, Disp: 6,
		Split: 65_000, Disposition: 2, Transferred: true, VDN: "5000", Agent: "4001", Dialled: "8000", Caller: "5550001", UCID: "0001",
	}}
	binary, err := Read(calls.ECH(14, 1, one)[HeadSize:])
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(calls.ECHText(one, time.FixedZone("", 3600))))
	for _, raw := range []string{line, strings.TrimSuffix(line, ",")} {
		text, err := Read([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		for c := range Column(columns) {
			switch layout[c].kind {
			case letters:
				if a, b := binary.Text(c), text.Text(c); string(a) != string(b) {
					t.Errorf("%s: %q and %q", c, a, b)
				}
			case moment:
				a, errA := binary.Time(c, time.UTC)
				b, errB := text.Time(c, time.FixedZone("", 3600))
				if a != b || errA != nil || errB != nil {
					t.Errorf("%s: %s, %v and %s, %v", c, a, errA, b, errB)
				}
			default:
				a, okA := binary.Number(c)
				if b, okB := text.Number(c); a != b || !okA || !okB {
					t.Errorf("%s: %d, %t and %d, %t", c, a, okA, b, okB)
				}
			}
		}
	}
	if n, _ := binary.Number(CallID); n != 4_000_000_000 {
		t.Errorf("callid %d", n)
	}
}
