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

	"github.com/twinctl/twin/timetable/schedule"
)

// The oracle looks at every minute of a year, one after the other, and knows
// neither the library nor how the planner goes about it.

// A year is what the wall clock of a zone shows in each minute of one, as
// minutes since 1970.
type year struct {
	zone  *time.Location
	first time.Time
	walls []int64
}

func readYear(zone *time.Location, n int) *year {
	y := &year{zone: zone, first: time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC)}
	for t := y.first; t.Year() == n; t = t.Add(time.Minute) {
		w := t.In(zone)
		shown := time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), 0, 0, time.UTC)
		y.walls = append(y.walls, shown.Unix()/60)
	}
	return y
}

// A naive is the set of numbers that each field names, by the manual of cron.
type naive struct {
	minute, hour, day, month, weekday [60]bool
	starDay, starWeekday              bool
}

func readNaive(text string) (n naive) {
	f := strings.Fields(text)
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

// names tells whether the fields name a minute of the wall clock.
func (n *naive) names(wall int64) bool {
	if !n.minute[wall%60] || !n.hour[wall/60%24] {
		return false
	}
	t := time.Unix(wall*60, 0).UTC()
	if !n.month[t.Month()] {
		return false
	}
	day, weekday := n.day[t.Day()], n.weekday[t.Weekday()]
	if n.starDay || n.starWeekday {
		return day && weekday
	}
	return day || weekday
}

// slots returns the minutes of the year in which it runs. Every reading of the
// wall clock counts once: in the minute that first shows it, or in the first
// after the leap that left it out. Where all hours are named, every minute
// counts that shows what is named.
func (y *year) slots(n *naive) (slots []time.Time) {
	everyHour := !slices.Contains(n.hour[:24], false)
	low := y.walls[0] - 2*24*60
	counted := make([]bool, len(y.walls)+4*24*60)
	for i, wall := range y.walls {
		runs := everyHour && n.names(wall)
		from := wall
		if i > 0 && wall > y.walls[i-1] {
			from = y.walls[i-1] + 1
		}
		for w := from; w <= wall && !everyHour; w++ {
			runs = runs || !counted[w-low] && n.names(w)
			counted[w-low] = true
		}
		if runs {
			slots = append(slots, y.first.Add(time.Duration(i)*time.Minute))
		}
	}
	return slots
}

// planned returns the slots of the year as the planner has them.
func (y *year) planned(s schedule.Schedule) (slots []time.Time) {
	end := y.first.Add(time.Duration(len(y.walls)) * time.Minute)
	for t, ok := s.Next(y.first.Add(-time.Nanosecond)); ok && t.Before(end); t, ok = s.Next(t) {
		slots = append(slots, t)
	}
	return slots
}

// years are those with something to trip over, each read once.
func years() []func() *year {
	var all []func() *year
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
	} {
		all = append(all, sync.OnceValue(func() *year { return readYear(mustZone(of.zone), of.year) }))
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
	for _, read := range years() {
		y := read()
		for _, text := range []string{
			"0 6 * * *", "30 2 * * *", "30 1 * * *", "0 0 * * *", "45 23 * * *", "15 0,1,2,3 * * *",
			"*/5 0-4 * * *", "*/20 */2 * * *", "0 * * * *", "15,45 * * * *", "*/15 0-23 * * *", "7 */1 * * 0",
			"0 3 1 * *", "0 3 31 * 7", "0 2 29 2 *", "0 0 13 * 5", "0 0 */10 * 1", "30 2 * 3,10 6-7", "59 23 31 12 *",
		} {
			check(t, y, text)
		}
	}
}

// A failer is a test, or one of rapid's.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func check(t failer, y *year, text string) {
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

func TestAnyFieldsOfAnyYear(t *testing.T) {
	all := years()
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
