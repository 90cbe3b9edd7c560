// Package floors holds the house to its plan: which folder stands on which,
// where each outside dependency comes in, and how large a piece may grow. It
// is a test and nothing else, reads the sources with the standard library, and
// needs no linter to be installed.
package floors

import (
	"slices"
	"testing"
)

// root is the module's own folder, seen from here.
const root = "../../.."

// A rule looks at all files at once and says, a line each, what breaks it.
type rule struct {
	name  string
	check func([]file) []string
}

// rules lists everything that is held. What is decided stands in plan_test.go.
var rules = []rule{
	{"imports run down the floors", each(floorsRunDown)},
	{"two sides stay apart", each(sidesStayApart)},
	{"inside collector the arrows run down too", each(arrowsRunDown)},
	{"the collector never learns its role", each(collectorIsBlind)},
	{"one door per outside dependency", each(oneDoor)},
	{"one package comment", onePackageComment},
	{"a package is named as its folder, and for what it is", each(goodName)},
	{"files stay small", each(smallFile)},
	{"functions stay small", each(smallFunctions)},
	{"nothing runs before main", each(noInit)},
	{"a context is never a field", each(noContextField)},
	{"forbidden words", each(noForbiddenWord)},
	{"tests do not sleep", each(noSleepInTests)},
}

func TestHouse(t *testing.T) {
	files, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("found %d Go files under %s: the walk went wrong", len(files), root)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, line := range r.check(files) {
				t.Error(line)
			}
		})
	}
}

// each turns a check of one file into a check of all.
func each(check func(file) []string) func([]file) []string {
	return func(files []file) []string {
		var found []string
		for _, f := range files {
			found = append(found, check(f)...)
		}
		slices.Sort(found)
		return found
	}
}
