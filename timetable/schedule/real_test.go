//go:build real

package schedule_test

import (
	"archive/zip"
	"io"
	"iter"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

// TestRealEveryChangeOfEveryZone holds the planner against the oracle around
// each instant at which a clock of the world is set by whole minutes, from
// 1850 to 2044.
func TestRealEveryChangeOfEveryZone(t *testing.T) {
	changes := 0
	for _, zone := range everyZone(t) {
		for at, by := range changesOf(zone) {
			changes++
			around := by.Abs() + 3*time.Hour
			s := stretch{zone: zone, first: at.Add(-around), unit: time.Minute}.until(at.Add(around))
			for _, text := range []string{"30 2 * * *", "15,45 0-3,22-23 * * *", "17 * * * *", "0 */2 * * *"} {
				check(t, s, text)
			}
		}
	}
	t.Logf("%d changes", changes)
	if changes < 5000 {
		t.Errorf("only %d changes were found", changes)
	}
}

// changesOf looks at every day for whether the clock was set since the one
// before, and yields from when on and by how much.
func changesOf(zone *time.Location) iter.Seq2[time.Time, time.Duration] {
	offset := func(sec int) int { _, o := time.Unix(int64(sec), 0).In(zone).Zone(); return o }
	const day = 24 * 60 * 60
	return func(yield func(time.Time, time.Duration) bool) {
		for sec := -120 * 365 * day; sec < 75*365*day; sec += day {
			before, after := offset(sec), offset(sec+day)
			if before == after || before%60 != 0 || after%60 != 0 {
				continue
			}
			since := sort.Search(day, func(n int) bool { return offset(sec+n) != before })
			if !yield(time.Unix(int64(sec+since), 0).UTC(), time.Duration(after-before)*time.Second) {
				return
			}
		}
	}
}

// everyZone returns the zones that are built in, each under one of its names.
func everyZone(t *testing.T) (zones []*time.Location) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	all, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	seen := map[string]bool{}
	for _, f := range all.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) == 0 || seen[string(data)] {
			continue // a folder, or another name
		}
		seen[string(data)] = true
		zone, err := time.LoadLocationFromTZData(f.Name, data)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	return zones
}

// TestRealAnyFieldsOfAnyYear draws more of them than a test that runs all the
// time can afford.
func TestRealAnyFieldsOfAnyYear(t *testing.T) {
	all := years()
	for range 20 {
		anyFields(t, all)
	}
}
