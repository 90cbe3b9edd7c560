package feed_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/calls"
)

func minuteOf(m int) record.Instant { return record.At(noonTime.Add(time.Duration(m) * time.Minute)) }

// A stretch is calls of a minute each, one behind the other.
type stretch struct {
	first, last uint32
	minute      int // at which the first begins
}

// delivered notes the calls of one delivery.
func delivered(all ...stretch) *feed.Numbers {
	n := feed.NewNumbers("ech")
	for _, s := range all {
		for id := s.first; id <= s.last; id++ {
			at := minuteOf(s.minute + int(id-s.first)).Time()
			one := []calls.Segment{{CallID: id, Number: 1, Start: at, Stop: at.Add(time.Minute)}}
			n.Note(calls.ECH(12, 1, one)[8:], record.At(at.Add(time.Minute)))
		}
	}
	return n
}

// followed returns all that is told at once.
func followed(s *feed.Series, n *feed.Numbers, now record.Instant) []feed.Missing {
	within, between := s.Follow(n, now)
	return append(within, between...)
}

// A delivery a minute comes; what is due ten minutes behind each is collected.
func TestSeries(t *testing.T) {
	type delivery []stretch
	hole := func(first, last int64, from, until int) feed.Missing {
		return feed.Missing{First: first, Last: last, From: minuteOf(from), Until: minuteOf(until)}
	}
	a, lost, c := stretch{200, 205, 0}, stretch{206, 219, 6}, stretch{220, 225, 20}
	for name, of := range map[string]struct {
		deliveries []delivery
		want       []feed.Missing
	}{
		"one after the other":              {[]delivery{{a}, {lost}, {c}}, nil},
		"the newest first":                 {[]delivery{{c}, {lost}, {a}}, nil},
		"one comes late":                   {[]delivery{{a}, {c}, {lost}}, nil},
		"one never comes":                  {[]delivery{{a}, {c}}, []feed.Missing{hole(206, 219, 6, 21)}},
		"one never comes, others in turn":  {[]delivery{{c}, {a}}, []feed.Missing{hole(206, 219, 6, 21)}},
		"one comes again":                  {[]delivery{{a}, {c}, {a}}, []feed.Missing{hole(206, 219, 6, 21)}},
		"a part of it comes":               {[]delivery{{a}, {c}, {{210, 212, 10}}}, []feed.Missing{hole(206, 209, 6, 11), hole(213, 219, 13, 21)}},
		"a call that went on":              {[]delivery{{a}, {{207, 208, 8}}, {{206, 206, 6}, {209, 210, 10}}}, nil},
		"a call that went on comes first":  {[]delivery{{{206, 206, 6}, {209, 210, 9}}, {a, {207, 208, 7}}}, nil},
		"single ones, one late":            {[]delivery{{{200, 200, 0}}, {{202, 203, 2}}, {{190, 199, -10}}}, []feed.Missing{hole(201, 201, 1, 3)}},
		"one from before the first":        {[]delivery{{a}, {{150, 150, -30}, {206, 206, 6}}}, nil},
		"counted anew":                     {[]delivery{{a}, {{1, 3, 30}}, {{4, 5, 33}}}, nil},
		"counted anew, one is lost behind": {[]delivery{{a}, {{1, 3, 30}}, {{7, 8, 36}}}, []feed.Missing{hole(4, 6, 33, 37)}},
		"counted anew, to where it was":    {[]delivery{{{1, 9, 0}}, {{1, 3, 30}}, {{7, 8, 36}}}, []feed.Missing{hole(4, 6, 33, 37)}},
		"counted anew, an old one is late": {[]delivery{{a}, {{1, 3, 30}}, {lost}}, nil},
		"counted anew, an old one within":  {[]delivery{{{1, 9, 30}}, {{15, 20, 44}}, {{12, 13, -9}}}, []feed.Missing{hole(10, 14, 39, 45)}},
		"counted anew in itself":           {[]delivery{{a, {1, 3, 30}}, {{4, 5, 33}}}, nil},
		"a leap":                           {[]delivery{{a}, {{4_000_000_000, 4_000_000_001, 6}}}, nil},
		"nothing in it":                    {[]delivery{{}, {a}, {}, {lost}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(feed.Series)
			var got []feed.Missing
			for i, d := range of.deliveries {
				got = append(got, s.Due(minuteOf(i-10))...)
				got = append(got, followed(s, delivered(d...), minuteOf(i))...)
				s = stored(t, s)
			}
			if len(got) > 0 {
				t.Errorf("told at once: %v", got)
			}
			got = append(got, s.Due(minuteOf(len(of.deliveries)))...)
			if diff := cmp.Diff(of.want, got); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
			if again := stored(t, s).Due(minuteOf(99)); again != nil {
				t.Errorf("told again: %v", again)
			}
		})
	}
}

// What is missing in a delivery is told at once, and once, whatever of it comes
// later, and how often; so is what nobody waits for any more when the upstream
// counts anew.
func TestSeriesTellsAtOnce(t *testing.T) {
	a, c := stretch{200, 205, 0}, stretch{220, 225, 20}
	all := []feed.Missing{{First: 206, Last: 219, From: minuteOf(6), Until: minuteOf(21)}}
	for _, of := range []struct {
		name       string
		deliveries [][]stretch
		want       []feed.Missing
		due        bool // what is due behind each delivery is told
	}{
		{"in itself", [][]stretch{{a, c}, {a, c}, {a, {206, 210, 6}, c}}, all, false},
		{"told before", [][]stretch{{a}, {c}, {{206, 210, 6}, {212, 219, 12}}}, all, true},
		{"counted anew", [][]stretch{{a}, {c}, {{1, 3, 30}}, {{4, 5, 33}}}, all, false},
	} {
		var s feed.Series
		var got []feed.Missing
		for i, d := range of.deliveries {
			got = append(got, followed(&s, delivered(d...), minuteOf(i))...)
			if of.due {
				got = append(got, s.Due(minuteOf(i))...)
			}
		}
		if diff := cmp.Diff(of.want, got); diff != "" {
			t.Errorf("%s: missing (-want +got):\n%s", of.name, diff)
		}
	}
}

// Files that are all there are, in any order, skip what none of them holds.
func TestBetween(t *testing.T) {
	var all []*feed.Numbers
	for i := range uint32(2000) { // in the worst order, with more holes than are waited for
		all = append(all, nil, delivered(stretch{3 * i, 3*i + 2, int(3 * i)}))
	}
	all = append(all, delivered(stretch{6010, 6012, 6010}))
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	want := []feed.Missing{{First: 6000, Last: 6009, From: minuteOf(6000), Until: minuteOf(6011)}}
	if diff := cmp.Diff(want, feed.Between(all)); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

// A delivery with too many holes says what came no more than what did not.
func TestSeriesWithADeliveryOfManyHoles(t *testing.T) {
	var s feed.Series
	many := feed.NewNumbers("ech")
	for i := range uint32(5000) {
		at := minuteOf(int(i)).Time()
		one := []calls.Segment{{CallID: 10 + 2*i, Number: 1, Start: at, Stop: at}}
		many.Note(calls.ECH(12, 1, one)[8:], record.At(at))
	}
	for _, n := range []*feed.Numbers{delivered(stretch{8, 9, -9}), many, delivered(stretch{10009, 10010, 9000})} {
		if got := followed(&s, n, 0); got != nil {
			t.Errorf("missing: %v", got)
		}
	}
	if got := s.Due(0); got != nil {
		t.Errorf("missing: %v", got)
	}
}

// What is told depends neither on the order in which deliveries come, nor on how
// often, nor on restarts: it is what none of them holds.
func TestSeriesInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []stretch
		there := map[int64]bool{}
		id := uint32(100)
		for range rapid.IntRange(1, 8).Draw(t, "deliveries") {
			one := stretch{id, id + rapid.Uint32Range(0, 5).Draw(t, "more"), int(id)}
			all = append(all, one)
			for n := one.first; n <= one.last; n++ {
				there[int64(n)] = true
			}
			id = one.last + 1 + rapid.SampledFrom([]uint32{0, 0, 3}).Draw(t, "lost")
		}
		last := int64(all[len(all)-1].last)
		var s feed.Series
		for i, one := range append(rapid.Permutation(all).Draw(t, "order"), rapid.SampledFrom(all).Draw(t, "again")) {
			if got := followed(&s, delivered(one), minuteOf(i)); got != nil {
				t.Fatalf("told at once: %v", got)
			}
		}
		for _, m := range s.Due(minuteOf(99)) {
			for id := m.First; id <= m.Last; id++ {
				if there[id] {
					t.Fatalf("%d is said to be missing", id)
				}
				there[id] = true
			}
		}
		for id := int64(102); id <= last; id++ {
			if !there[id] && (there[101] || id > 103) { // they may have ended before the first
				t.Fatalf("%d is not said to be missing", id)
			}
		}
	})
}

// More holes than are waited for are told at once, those of before first.
func TestSeriesIsBounded(t *testing.T) {
	var s feed.Series
	var told []feed.Missing
	for i := range uint32(400) {
		told = append(told, followed(&s, delivered(stretch{3 * i, 3*i + 1, int(3 * i)}), minuteOf(0))...)
	}
	told = append(told, stored(t, &s).Due(minuteOf(0))...)
	if len(told) != 399 || !slices.IsSortedFunc(told, func(a, b feed.Missing) int { return int(a.First - b.First) }) {
		t.Errorf("%d are told of 399", len(told))
	}
}

func FuzzSeries(f *testing.F) {
	var s feed.Series
	s.Follow(delivered(stretch{1, 3, 0}), 1)
	s.Follow(delivered(stretch{6, 8, 6}), 2)
	fuzzStored(f, &s)
}
