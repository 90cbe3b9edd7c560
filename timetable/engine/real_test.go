//go:build real

package engine

import (
	"os"
	"strconv"
	"testing"
)

func TestRealYear(t *testing.T) { someDays(t, 366) }

// TestRealPairs is the model of two engines at length: 200 cases, or as
// many as TWIN_PAIRS says (10000 take a quarter of an hour).
func TestRealPairs(t *testing.T) {
	cases := 200
	if said := os.Getenv("TWIN_PAIRS"); said != "" {
		var err error
		if cases, err = strconv.Atoi(said); err != nil {
			t.Fatal(err)
		}
	}
	manyPairs(t, cases)
}
