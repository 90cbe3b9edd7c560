package backup

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

// kept makes sets of lines "KIND TIME [PARENT|broken] [gone]" and returns what is
// kept and why: "NUMBER: reason, reason".
func kept(t *testing.T, lines string, p Policy, proven ...int64) (all []string) {
	t.Helper()
	sets, c := parseSets(t, lines), Circumstance{
		Now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), Zone: time.UTC, Proven: map[string]record.Instant{},
	}
	short := map[string]string{}
	for _, s := range sets {
		short[s.Title()] = "#" + strings.TrimLeft(strings.Split(s.Title(), "-")[2], "0")
		for _, n := range proven {
			if n == s.Named.Number {
				c.Proven[s.Title()] = 1
			}
		}
	}
	verdicts, err := Retain(sets, p, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		if v.Keep != (len(v.Reasons) > 0) {
			t.Errorf("%s is kept %v for %v", v.Set.Title(), v.Keep, v.Reasons)
		}
		if v.Keep {
			line := short[v.Set.Title()] + ": " + strings.Join(v.Reasons, ", ")
			for title, n := range short {
				line = strings.ReplaceAll(line, title, n)
			}
			all = append(all, line)
		}
	}
	return all
}

func parseSets(t *testing.T, lines string) (sets []Set) {
	t.Helper()
	titles := map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		words := strings.Fields(line)
		at, err := time.Parse("2006-01-02T15:04", words[1])
		if err != nil {
			t.Fatal(err)
		}
		s := Set{Named: Name{"a", at, int64(i + 1), Kind(words[0])}}
		s.Manifest = Manifest{Name: s.Named.String(), Kind: s.Named.Kind, Number: s.Named.Number, At: record.At(at)}
		if len(words) > 2 && words[2] == "broken" {
			s.Manifest, s.Err = Manifest{}, ErrDamaged
		} else if len(words) > 2 {
			s.Parent = titles[words[2]]
		}
		titles["#"+string(rune('1'+i))] = s.Title()
		if words[len(words)-1] != "gone" {
			sets = append(sets, s)
		}
	}
	return sets
}

const (
	week = `
		full        2026-11-15T03:00
		incremental 2026-11-16T03:00 #1
		incremental 2026-11-17T03:00 #2
		full        2026-11-18T03:00
		incremental 2026-11-19T03:00 #4
		full        2026-11-20T03:00
		full        2026-11-20T15:00`
	years = `
		full 2023-12-31T23:00
		full 2024-12-31T23:00
		full 2025-01-01T01:00
		full 2025-12-28T01:00
		full 2025-12-29T01:00
		full 2026-01-01T01:00`
)

func TestRetain(t *testing.T) {
	for name, c := range map[string]struct {
		sets   string
		policy Policy
		proven []int64
		want   []string
	}{
		"last": {week, Policy{Last: 2}, []int64{7}, []string{"#6: last", "#7: last, newest proven"}},
		"a chain hangs together": {week, Policy{Last: 3}, []int64{7}, []string{
			"#4: needed by #5", "#5: last", "#6: last", "#7: last, newest proven",
		}},
		"the newest of a day": {week, Policy{Daily: 2}, []int64{7}, []string{
			"#4: needed by #5", "#5: daily", "#7: daily, newest proven",
		}},
		"fewer than are wanted: the oldest too": {years, Policy{Yearly: 9}, []int64{6}, []string{
			"#1: yearly", "#2: yearly", "#5: yearly", "#6: yearly, newest proven",
		}},
		"the oldest of a period that is begun": {week, Policy{Monthly: 3}, []int64{7}, []string{
			"#1: oldest monthly", "#7: monthly, newest proven",
		}},
		"weeks are those of ISO 8601": {years, Policy{Weekly: 2}, []int64{6}, []string{
			"#4: weekly", "#6: weekly, newest proven",
		}},
		"hours": {week, Policy{Hourly: 1}, []int64{7}, []string{"#7: hourly, newest proven"}},
		"within, from the newest": {week, Policy{Within: 36 * time.Hour}, []int64{7}, []string{
			"#6: within 36h0m0s", "#7: within 36h0m0s, newest proven",
		}},
		"all": {years, Policy{Last: All}, []int64{6}, []string{"#1: last", "#2: last", "#3: last", "#4: last", "#5: last", "#6: last, newest proven"}},
		"the newest proven chain": {week, Policy{Last: 1}, []int64{1, 3}, []string{
			"#1: needed by #2", "#2: needed by #3", "#3: newest proven", "#7: last",
		}},
		"none proven": {week, Policy{Yearly: 1}, nil, []string{"#7: yearly, newest, and none is proven"}},
		"a time to come, and what cannot be read": {`
			full 2026-11-10T03:00 broken
			full 2026-11-11T03:00
			full 2026-11-12T03:00
			full 2031-01-01T03:00`, Policy{Last: 1}, []int64{3}, []string{
			"#1: cannot be read", "#3: last, newest proven", "#4: of a time to come",
		}},
		"a newer chain whose full one is gone takes no place": {`
			full        2026-11-15T03:00
			incremental 2026-11-16T03:00 #1
			full        2026-11-17T03:00 gone
			incremental 2026-11-18T03:00 #3
			incremental 2026-11-19T03:00 #4`, Policy{Last: 1}, nil, []string{
			"#1: needed by #2", "#2: last, newest, and none is proven", "#4: cannot be restored, needed by #5", "#5: cannot be restored",
		}},
		"nor does one that a drill had proven before, or that cannot be read": {`
			full        2026-11-15T03:00
			full        2026-11-16T03:00
			full        2026-11-17T03:00 broken
			incremental 2026-11-18T03:00 #3`, Policy{Daily: 1}, []int64{4}, []string{
			"#2: daily, newest, and none is proven", "#3: cannot be read, needed by #4", "#4: cannot be restored",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, kept(t, c.sets, c.policy, c.proven...)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := Retain(nil, Policy{}, Circumstance{}); !errors.Is(err, ErrNoPolicy) {
		t.Error(err)
	}
	for _, p := range []Policy{{Last: -2}, {Within: -1}} {
		if p.Check() == nil {
			t.Errorf("%+v is taken", p)
		}
	}
}

// Whatever is kept can be restored, something always is, and the newest proven
// chain is among it.
func TestRetainKeepsWhatCanBeRestored(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var sets []Set
		at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		c := Circumstance{Now: at.AddDate(20, 0, 0), Zone: time.UTC, Proven: map[string]record.Instant{}}
		newest := ""
		for i := range rapid.IntRange(1, 40).Draw(rt, "sets") {
			at = at.Add(time.Duration(rapid.IntRange(1, 100).Draw(rt, "hours")) * time.Hour)
			s := Set{Named: Name{"a", at, int64(i + 1), Full}}
			if i > 0 && rapid.Bool().Draw(rt, "incremental") {
				s.Named.Kind, s.Parent = Incremental, sets[i-1].Title()
			}
			s.Kind, s.Number, s.At = s.Named.Kind, s.Named.Number, record.At(at)
			if rapid.IntRange(0, 3).Draw(rt, "proven") == 0 {
				c.Proven[s.Title()], newest = 1, s.Title()
			}
			sets = append(sets, s)
		}
		few := rapid.IntRange(0, 3)
		p := Policy{few.Draw(rt, "last"), few.Draw(rt, "hourly"), few.Draw(rt, "daily"), few.Draw(rt, "weekly"), few.Draw(rt, "monthly"), few.Draw(rt, "yearly"), 1}
		verdicts, err := Retain(sets, p, c)
		if err != nil {
			rt.Fatal(err)
		}
		is := map[string]bool{}
		for _, v := range verdicts {
			is[v.Set.Title()] = v.Keep
		}
		for _, v := range verdicts {
			if v.Keep && v.Set.Parent != "" && !is[v.Set.Parent] {
				rt.Errorf("%s is kept, and its parent is not", v.Set.Title())
			}
		}
		if !is[sets[len(sets)-1].Title()] || newest != "" && !is[newest] {
			rt.Errorf("%v", is)
		}
	})
}
