package feed_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/calls"
)

// lasting is a call, in minutes.
type lasting struct {
	id           int64
	begun, ended int
}

// deliveries are files of ten minutes each: calls stand where they ended.
func deliveries(t *rapid.T) (files [][]lasting) {
	begun := 0
	for i := range rapid.IntRange(5, 60).Draw(t, "calls") {
		begun += rapid.IntRange(0, 4).Draw(t, "pause")
		c := lasting{int64(100 + i), begun, begun + rapid.SampledFrom([]int{0, 1, 1, 2, 3, 20, 50}).Draw(t, "length")}
		for len(files) <= c.ended/10 {
			files = append(files, nil)
		}
		files[c.ended/10] = append(files[c.ended/10], c)
	}
	return files
}

// A listener follows deliveries as who reads files does.
type listener struct {
	series feed.Series
	absent feed.Absent
	told   []feed.Missing
	holes  []record.Span // that are left
}

func (l *listener) read(file []lasting, now record.Instant) {
	n := feed.NewNumbers("ech")
	for _, c := range file {
		one := []calls.Segment{{CallID: uint32(c.id), Number: 1, Start: minuteOf(c.begun).Time(), Stop: minuteOf(c.ended).Time()}}
		raw := calls.ECH(12, 1, one)[8:]
		n.Note(raw, minuteOf(c.ended))
		l.holes = record.Subtract(l.holes, l.absent.Note(raw))
	}
	within, between := l.series.Follow(n, now)
	l.await(within)
	l.await(between)
}

func (l *listener) await(missing []feed.Missing) {
	for _, m := range missing {
		l.absent.Await(m)
		l.told = append(l.told, m)
		l.holes = record.Union(append(l.holes, m.Span()))
	}
}

// Calls that last stand in later files than those of higher numbers. In whichever
// order files come, also late, each number is told once at the most, and the holes
// that are left are those of the files that never came: all of them, if none was
// told before the last had come.
func TestSeriesOfCallsThatLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lost, came := map[int64]bool{}, map[int64]lasting{}
		var files [][]lasting
		for _, file := range deliveries(t) {
			gone := rapid.IntRange(0, 3).Draw(t, "lost") == 0
			for _, c := range file {
				if lost[c.id] = gone; !gone {
					came[c.id] = c
				}
			}
			if !gone {
				files = append(files, file)
			}
		}
		patient := rapid.Bool().Draw(t, "patient")
		var l listener
		for i, file := range rapid.Permutation(files).Draw(t, "order") {
			l.read(file, minuteOf(i))
			if !patient {
				l.await(l.series.Due(minuteOf(i - rapid.IntRange(0, 5).Draw(t, "late"))))
			}
		}
		l.await(l.series.Due(minuteOf(1 << 20)))
		told := l.judge(t, lost)
		if patient {
			wantTold(t, told, came)
		}
	})
}

// judge looks at the holes, and returns the numbers that were told.
func (l *listener) judge(t *rapid.T, lost map[int64]bool) map[int64]bool {
	told := map[int64]bool{}
	var want []record.Span
	for _, m := range l.told {
		real := false
		for id := m.First; id <= m.Last; id++ {
			if told[id] {
				t.Fatalf("%d is told twice", id)
			}
			told[id] = true
			real = real || lost[id]
		}
		if real {
			want = append(want, m.Span())
		}
	}
	if want = record.Union(want); !slices.Equal(l.holes, want) {
		t.Fatalf("holes %v, want %v: told %v", l.holes, want, l.told)
	}
	return told
}

// wantTold says that a number is told if one below it came, of a call that began
// when the first had ended, and one above it.
func wantTold(t *rapid.T, told map[int64]bool, came map[int64]lasting) {
	first, top := 1<<30, int64(0)
	for _, c := range came {
		first, top = min(first, c.ended), max(top, c.id)
	}
	sure := false
	for id := int64(100); id < top; id++ {
		if c, ok := came[id]; ok {
			sure = c.begun >= first
		} else if sure && !told[id] {
			t.Fatalf("%d is not told: %v", id, came)
		}
	}
}
