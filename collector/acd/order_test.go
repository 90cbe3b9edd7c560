package acd_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// disordered returns the events as another client may have heard them: those
// of the manager up to 4 ms later than they happened, in the same interval;
// those of a file in any order within their second.
func disordered(events []acd.Event, format string, seed uint64) []acd.Event {
	rnd := rand.New(rand.NewPCG(seed, 0))
	other := slices.Clone(events)
	rnd.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
	if format == "ami" {
		for i := range other {
			at := other[i].At
			other[i].At = min(at+record.Instant(rnd.IntN(4001)), acd.Interval(at)+acd.IntervalWidth-1)
		}
	}
	slices.SortStableFunc(other, func(a, b acd.Event) int { return cmp.Compare(a.At, b.At) })
	return other
}

// However near events are told in another order, the queues' counts are the
// same, and the agents' but for those milliseconds.
func TestFoldTakesDisorder(t *testing.T) {
	for _, run := range runs {
		t.Run(run.file, func(t *testing.T) {
			events := understood(t, keyed(t, run.file, run.format), run.format)
			want := folded(run.format, events)
			for seed := range uint64(3) {
				got := folded(run.format, disordered(events, run.format, seed))
				if diff := gocmp.Diff(columns(want.Queues), columns(got.Queues)); diff != "" {
					t.Errorf("seed %d: in order, in disorder: %s", seed, diff)
				}
				for _, diff := range apart(agentColumns(want.Agents), agentColumns(got.Agents), record.Second/2) {
					t.Errorf("seed %d: %s", seed, diff)
				}
			}
		})
	}
}

// apart returns where agents' counts differ, their times by more than slack.
func apart(a, b map[string]map[string]int64, slack record.Instant) (diffs []string) {
	for who, row := range a {
		for _, column := range []string{"answered", "ring_no_answer", "ring_cancelled", "transferred", "completed", "handled"} {
			if row[column] != b[who][column] {
				diffs = append(diffs, fmt.Sprintf("%s: %s %d, then %d", who, column, row[column], b[who][column]))
			}
		}
		for _, column := range []string{"staffed", "available", "paused", "ringing", "talk", "other", "unknown"} {
			if d := row[column] - b[who][column]; max(d, -d) > int64(slack) {
				diffs = append(diffs, fmt.Sprintf("%s: %s %s, then %s", who, column,
					record.Instant(row[column]).Sub(0), record.Instant(b[who][column]).Sub(0)))
			}
		}
	}
	return diffs
}
