package feed_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/calls"
)

// numbered notes calls with these numbers that began together, and ended a second
// from one to the next.
func numbered(ids ...uint32) *feed.Numbers {
	n := feed.NewNumbers("ech")
	for i, id := range ids {
		at := noonTime.Add(time.Duration(i) * time.Second)
		one := []calls.Segment{{CallID: id, Number: 1, Start: noonTime, Stop: at, Disposition: 2}}
		n.Note(calls.ECH(12, 1, one)[8:], record.At(at))
	}
	return n
}

func TestNumbers(t *testing.T) {
	at := func(s int) record.Instant { return record.At(noonTime.Add(time.Duration(s) * time.Second)) }
	for _, c := range []struct {
		name string
		ids  []uint32
		want []feed.Missing
	}{
		{"none", nil, nil},
		{"one after the other", []uint32{5, 6, 7}, nil},
		{"several segments of a call", []uint32{5, 5, 6, 5, 7, 7}, nil},
		{"in another order", []uint32{9, 5, 7, 6, 8}, nil},
		{"a hole", []uint32{5, 6, 9}, []feed.Missing{{First: 7, Last: 8, From: at(1), Until: at(2)}}},
		{"a hole, in another order", []uint32{9, 6, 5}, []feed.Missing{{First: 7, Last: 8, From: at(0), Until: at(1)}}},
		{"two holes", []uint32{5, 7, 10}, []feed.Missing{
			{First: 6, Last: 6, From: at(0), Until: at(1)}, {First: 8, Last: 9, From: at(1), Until: at(2)},
		}},
		{"counted anew", []uint32{4_000_000_000, 1, 2}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, numbered(c.ids...).Missing()); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
	for _, format := range []string{"queue_log", "smdr", "text"} {
		n := feed.NewNumbers(format)
		if n.Note([]byte("x"), 1); n.Missing() != nil {
			t.Errorf("%s has numbers", format)
		}
	}
}

// A call of a lower number that began after that of a higher one had ended tells
// that the upstream counts anew, and skipped nothing.
func TestNumbersCountedAnew(t *testing.T) {
	if m := delivered(stretch{200, 205, 0}, stretch{1, 3, 30}).Missing(); m != nil {
		t.Errorf("missing: %v", m)
	}
}

// Whatever the order, what is missing is what was not noted, of those between.
func TestNumbersInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.Uint32Range(1, 60), 1, 40, rapid.ID).Draw(t, "ids")
		there, lowest, highest := map[int64]bool{}, int64(ids[0]), int64(ids[0])
		for _, id := range ids {
			there[int64(id)] = true
			lowest, highest = min(lowest, int64(id)), max(highest, int64(id))
		}
		for _, m := range numbered(ids...).Missing() {
			for id := m.First; id <= m.Last; id++ {
				if there[id] {
					t.Fatalf("%d is said to be missing", id)
				}
				there[id] = true
			}
			if m.From > m.Until {
				t.Fatalf("missing from %s until %s", m.From, m.Until)
			}
		}
		for id := lowest; id <= highest; id++ {
			if !there[id] {
				t.Fatalf("%d is not said to be missing", id)
			}
		}
	})
}

// What one delivery skips may stand in several others, a part in each.
func TestMissingInOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(rapid.Uint32Range(1, 30), 1, 20)
		there := map[int64]bool{}
		var all []*feed.Numbers
		for _, ids := range rapid.SliceOfN(ids, 1, 4).Draw(t, "deliveries") {
			all = append(all, numbered(ids...))
			for _, id := range ids {
				there[int64(id)] = true
			}
		}
		for _, n := range all {
			for _, m := range n.Missing() {
				want := true
				for id := m.First; id <= m.Last; id++ {
					want = want && there[id]
				}
				if got := m.In(all); got != want {
					t.Fatalf("%d to %d: %t, want %t", m.First, m.Last, got, want)
				}
			}
		}
	})
}

func TestNumbersAreBounded(t *testing.T) {
	n := feed.NewNumbers("ech")
	one := calls.ECH(12, 1, segments(1))[8:]
	for range 20_000 {
		id := rand.Uint32()
		one[0], one[1], one[2], one[3] = byte(id), byte(id>>8), byte(id>>16), byte(id>>24)
		n.Note(one, 1)
	}
	if m := n.Missing(); m != nil {
		t.Errorf("%d stretches of numbers without any order are said to be missing", len(m))
	}
}

// What is missing becomes a hole of the session; what cannot be true does not.
func TestQueueMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := feed.NewQueue(feed.Options{QueueLimit: 1 << 20}, feed.Kind{}, func() {})
		now := record.At(time.Now())
		m := feed.Missing{First: 1, Last: 2, From: now - 9, Until: now - 5}
		q.Missing(m) // nobody is heard
		q.Begin(feed.Session{From: now - 20}, "x")
		q.Missing(feed.Missing{From: now, Until: now + record.Day})
		q.Missing(m)
		b, ok := q.Take()
		if !ok || len(b.Marks) != 2 {
			t.Fatalf("marks %+v", b.Marks)
		}
		want := feed.Mark{What: feed.HoleMark, From: now - 9, Until: now - 4, Reason: feed.Skipped}
		if diff := cmp.Diff(want, b.Marks[1]); diff != "" {
			t.Errorf("mark (-want +got):\n%s", diff)
		}
	})
}
