package schedule_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // as the programs have it

	"pgregory.net/rapid"

	"github.com/twinctl/twin/fixtures/draws"
	"github.com/twinctl/twin/timetable/schedule"
)

// The oracle looks at every minute of a year, one after the other, and knows
// neither the library nor how the planner goes about it.

// A stretch is what the wall clock of a zone shows in each minute or second of
// one, counted since 1970.
type stretch struct {
	zone  *time.Location
	first time.Time
	unit  time.Duration
	walls []int64
}

func (s stretch) until(end time.Time) *stretch {
	for t := s.first; t.Before(end); t = t.Add(s.unit) {
		_, offset := t.In(s.zone).Zone()
		s.walls = append(s.walls, floorDiv(t.Unix()+int64(offset), int64(s.unit/time.Second)))
	}
	return &s
}

func readYear(zone *time.Location, n int) *stretch {
	first := time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC)
	return stretch{zone: zone, first: first, unit: time.Minute}.until(first.AddDate(1, 0, 0))
}

func floorDiv(a, b int64) int64 {
	if a%b < 0 {
		a -= b
	}
	return a / b
}

func (s *stretch) at(i int) time.Time { return s.first.Add(time.Duration(i) * s.unit) }

// A naive is the set of numbers that each field names, by the manual of cron.
type naive struct {
	second, minute, hour, day, month, weekday [60]bool
	starDay, starWeekday                      bool
}

func readNaive(text string) (n naive) {
	f := strings.Fields(text)
	if f[0] == "seconds" {
		fill(&n.second, f[1], 0, 59)
		f = f[2:]
	} else {
		n.second[0] = true
	}
	fill(&n.minute, f[0], 0, 59)
	fill(&n.hour, f[1], 0, 23)
	fill(&n.day, f[2], 1, 31)
	fill(&n.month, f[3], 1, 12)
	fill(&n.weekday, f[4], 0, 7)
	n.weekday[0] = n.weekday[0] || n.weekday[7]
	n.starDay, n.starWeekday = f[2] == "*", f[4] == "*"
	return n
}

func fill(set *[60]bool, text string, lo, hi int) {
	for item := range strings.SplitSeq(text, ",") {
		span, step, stepped := strings.Cut(item, "/")
		from, to, ranged := strings.Cut(span, "-")
		a, _ := strconv.Atoi(from)
		b := a
		switch {
		case span == "*":
			a, b = lo, hi
			if hi == 7 {
				b = 6 // or Sunday would be stepped upon twice
			}
		case ranged:
			b, _ = strconv.Atoi(to)
		}
		by := 1
		if stepped {
			by, _ = strconv.Atoi(step)
		}
		for i := a; i <= b; i += by {
			set[i] = true
		}
	}
}

// names tells whether the fields name what the wall clock shows.
func (n *naive) names(wall int64, unit time.Duration) bool {
	since := wall * int64(unit/time.Second)
	inDay := since - floorDiv(since, 24*60*60)*24*60*60
	if !n.minute[inDay/60%60] || !n.second[inDay%60] {
		return false
	}
	t := time.Unix(since, 0).UTC()
	if !n.hour[t.Hour()] || !n.month[t.Month()] {
		return false
	}
	day, weekday := n.day[t.Day()], n.weekday[t.Weekday()]
	if n.starDay || n.starWeekday {
		return day && weekday
	}
	return day || weekday
}

// slots returns when it runs. What the wall clock shows counts once: when it is
// shown first, or at the end of the leap that left it out. Where all hours are
// named, it counts whenever it is shown.
func (s *stretch) slots(n *naive) (slots []time.Time) {
	everyHour := !slices.Contains(n.hour[:24], false)
	margin := int64(2 * 24 * time.Hour / s.unit)
	low := s.walls[0] - margin
	counted := make([]bool, int64(len(s.walls))+2*margin)
	for i, wall := range s.walls {
		runs := everyHour && n.names(wall, s.unit)
		from := wall
		if i > 0 && wall > s.walls[i-1] {
			from = s.walls[i-1] + 1
		}
		for w := from; w <= wall && !everyHour; w++ {
			runs = runs || !counted[w-low] && n.names(w, s.unit)
			counted[w-low] = true
		}
		if runs {
			slots = append(slots, s.at(i))
		}
	}
	return slots
}

// planned returns the slots as the planner has them.
func (s *stretch) planned(plan schedule.Schedule) (slots []time.Time) {
	end := s.at(len(s.walls))
	for t, ok := plan.Next(s.first.Add(-time.Nanosecond)); ok && t.Before(end); t, ok = plan.Next(t) {
		slots = append(slots, t)
	}
	return slots
}

// years are those with something to trip over, each read once.
func years() []func() *stretch {
	var all []func() *stretch
	for _, of := range []struct {
		zone string
		year int
	}{
		{"America/New_York", 2026},
		{"Europe/Berlin", 2026},
		{"Australia/Lord_Howe", 2026}, // half an hour
		{"Africa/Cairo", 2026},        // at midnight
		{"America/Sao_Paulo", 2018},   // at midnight
		{"Pacific/Apia", 2011},        // a day that never was
		{"Antarctica/Troll", 2026},    // two hours
		{"Asia/Kathmandu", 2026},      // a quarter of an hour off
		{"UTC", 2028},                 // a leap day
		{"Europe/Dublin", 2040},       // told by a rule, not by a table, and a leap year
		{"Pacific/Chatham", 2040},     // so too, in the south
	} {
		all = append(all, sync.OnceValue(func() *stretch { return readYear(mustZone(of.zone), of.year) }))
	}
	return all
}

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func TestEveryMinuteOfTheYear(t *testing.T) {
	all := years()
	t.Run("as people plan", func(t *testing.T) {
		if draws.Raced {
			t.Skip("one goroutine")
		}
		for _, read := range all {
			y := read()
			for _, text := range []string{
				"0 6 * * *", "30 2 * * *", "30 1 * * *", "0 0 * * *", "45 23 * * *", "15 0,1,2,3 * * *",
				"*/5 0-4 * * *", "*/20 */2 * * *", "0 * * * *", "15,45 * * * *", "*/15 0-23 * * *", "7 */1 * * 0",
				"0 3 1 * *", "0 3 31 * 7", "0 2 29 2 *", "0 0 13 * 5", "0 0 */10 * 1", "30 2 * 3,10 6-7", "59 23 31 12 *",
			} {
				check(t, y, text)
			}
		}
	})
	t.Run("any fields", func(t *testing.T) { anyFields(t, all) })
}

// A failer is a test, or one of rapid's.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func check(t failer, y *stretch, text string) {
	t.Helper()
	s, err := schedule.Parse(text, y.zone)
	if err != nil {
		t.Fatalf("%v", err)
	}
	n := readNaive(text)
	want, got := y.slots(&n), y.planned(s)
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			t.Fatalf("%s, %s: nothing at %s", text, y.zone, want[i].In(y.zone))
		case i >= len(want):
			t.Fatalf("%s, %s: runs at %s", text, y.zone, got[i].In(y.zone))
		case !got[i].Equal(want[i]):
			t.Fatalf("%s, %s: runs at %s, want %s", text, y.zone, got[i].In(y.zone), want[i].In(y.zone))
		}
	}
}

// drawField draws a field that says what a person might.
func drawField(t *rapid.T, lo, hi int, dense bool) string {
	number := rapid.IntRange(lo, hi)
	item := rapid.Custom(func(t *rapid.T) string {
		a := number.Draw(t, "a")
		b := rapid.IntRange(a, hi).Draw(t, "b")
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return strconv.Itoa(a) + "-" + strconv.Itoa(b)
		case 1:
			return strconv.Itoa(a) + "-" + strconv.Itoa(b) + "/" + strconv.Itoa(rapid.IntRange(1, hi).Draw(t, "step"))
		case 2:
			return "*/" + strconv.Itoa(rapid.IntRange(2, hi).Draw(t, "step"))
		}
		return strconv.Itoa(a)
	})
	if dense && rapid.Bool().Draw(t, "all") {
		return "*"
	}
	return strings.Join(rapid.SliceOfN(item, 1, 3).Draw(t, "items"), ",")
}

func drawFields(t *rapid.T) string {
	return strings.Join([]string{
		drawField(t, 0, 59, false), drawField(t, 0, 23, true), drawField(t, 1, 31, true),
		drawField(t, 1, 12, true), drawField(t, 0, 7, true),
	}, " ")
}

// anyFields draws fields, and one of the years.
func anyFields(t *testing.T, all []func() *stretch) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawFields(t)
		y := rapid.SampledFrom(all).Draw(t, "year")()
		if _, err := schedule.Parse(text, y.zone); err != nil && strings.Contains(err.Error(), "never come") {
			n := readNaive(text)
			if found := readYear(time.UTC, 2028).slots(&n); len(found) > 0 {
				t.Fatalf("%v, but it runs at %s", err, found[0])
			}
			return
		}
		check(t, y, text)
	})
}

// TestAnySecondAroundAChange goes from second to second where a clock is set.
func TestAnySecondAroundAChange(t *testing.T) {
	var all []func() *stretch
	for _, at := range []struct{ zone, change string }{
		{"Europe/Berlin", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-10-25T01:00:00Z"},
		{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
		{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
		{"Africa/Cairo", "2026-10-29T21:00:00Z"},
		{"America/New_York", "1883-11-18T17:00:00Z"}, // by 3 minutes and 58 seconds
		{"Europe/Amsterdam", "1937-06-30T22:40:28Z"}, // by 28 seconds
	} {
		all = append(all, sync.OnceValue(func() *stretch {
			change, err := time.Parse(time.RFC3339, at.change)
			if err != nil {
				panic(err)
			}
			s := stretch{zone: mustZone(at.zone), first: change.Add(-90 * time.Minute), unit: time.Second}
			return s.until(change.Add(150 * time.Minute))
		}))
	}
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.SampledFrom(all).Draw(t, "change")()
		text := "seconds " + drawField(t, 0, 59, true) + " " + drawField(t, 0, 59, true) + " " + drawField(t, 0, 23, true) + " * * *"
		check(t, y, text)
	})
}
