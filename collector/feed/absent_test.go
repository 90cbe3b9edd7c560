package feed_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/calls"
)

// A call that began before the first of a file had ended may stand in the file
// before: what is skipped behind such a one is not said to be missing.
func TestNumbersOfCallsThatLast(t *testing.T) {
	n := feed.NewNumbers("ech")
	minute := func(m int) time.Time { return noonTime.Add(time.Duration(m) * time.Minute) }
	note := func(id uint32, segment byte, begun, ended int) {
		one := []calls.Segment{{CallID: id, Number: segment, Start: minute(begun), Stop: minute(ended), Disposition: 2}}
		n.Note(calls.ECH(12, 1, one)[8:], record.At(minute(ended)))
	}
	note(103, 1, -20, 3) // 104 to 108 ended long ago
	note(109, 2, -1, 1)  // its first segment is in the file before
	note(111, 1, 1, 2)
	note(113, 1, 2, 3)
	want := []feed.Missing{{First: 112, Last: 112, From: record.At(minute(2)), Until: record.At(minute(3))}}
	if diff := cmp.Diff(want, n.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

// What was missing is found when all of its numbers have come, but for what is
// missing beside it at the same time.
func TestAbsent(t *testing.T) {
	var a feed.Absent
	came := func(id uint32) []record.Span {
		one := []calls.Segment{{CallID: id, Number: 1, Start: noonTime, Stop: noonTime}}
		return a.Note(calls.ECH(12, 1, one)[8:])
	}
	if got := came(7); got != nil {
		t.Errorf("nothing is missing, and found is %v", got)
	}
	a.Await(feed.Missing{First: 7, Last: 8, From: 10, Until: 29})
	a.Await(feed.Missing{First: 10, Last: 10, From: 20, Until: 39})
	a.Await(feed.Missing{First: 100, Last: 5000, From: 100, Until: 199})
	for _, c := range []struct {
		id   uint32
		want []record.Span
	}{
		{7, nil},
		{7, nil},
		{9, nil},
		{100, nil},
		{8, []record.Span{{From: 10, To: 20}}},
		{8, nil},
		{10, []record.Span{{From: 20, To: 40}}},
	} {
		if diff := cmp.Diff(c.want, came(c.id)); diff != "" {
			t.Errorf("%d came (-want +got):\n%s", c.id, diff)
		}
	}
	if got := a.Note([]byte("x")); got != nil {
		t.Errorf("found by no record: %v", got)
	}
	for id := uint32(5000); id > 101; id-- { // a whole delivery that came late
		if got := came(id); got != nil {
			t.Fatalf("%d came: %v", id, got)
		}
	}
	if diff := cmp.Diff([]record.Span{{From: 100, To: 200}}, came(101)); diff != "" {
		t.Errorf("all came (-want +got):\n%s", diff)
	}
}

// What is waited for outlives who waits, with what has come of it.
func TestAbsentIsStored(t *testing.T) {
	came := func(a *feed.Absent, id uint32) []record.Span {
		one := []calls.Segment{{CallID: id, Number: 1, Start: noonTime, Stop: noonTime}}
		return a.Note(calls.ECH(12, 1, one)[8:])
	}
	a := stored(t, &feed.Absent{})
	a.Await(feed.Missing{First: 7, Last: 70, From: 10, Until: 29})
	a.Await(feed.Missing{First: 4_000_000_000, Last: 4_000_000_001, From: record.At(noonTime), Until: record.At(noonTime) + 9})
	for id := range uint32(63) {
		if got := came(a, 7+id); got != nil {
			t.Errorf("found with a part of it: %v", got)
		}
	}
	came(a, 4_000_000_001)
	a = stored(t, a)
	for id, want := range map[uint32][]record.Span{70: {{From: 10, To: 30}}, 4_000_000_000: {{From: record.At(noonTime), To: record.At(noonTime) + 10}}} {
		if diff := cmp.Diff(want, came(a, id)); diff != "" {
			t.Errorf("%d came (-want +got):\n%s", id, diff)
		}
	}
	if text, err := a.MarshalText(); err != nil || len(text) != 0 {
		t.Errorf("nothing is missing, and stored is %q, %v", text, err)
	}
}

func FuzzAbsent(f *testing.F) {
	var a feed.Absent
	a.Await(feed.Missing{First: 7, Last: 70, From: 10, Until: 29})
	f.Add([]byte("9P//////////AQoAAAIACg==")) // the last number that there can be is among them
	fuzzStored(f, &a)
}
