package acd_test

import (
	"bytes"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// carried counts events as folded does, but in as many folds as there are
// places to split, each restored from the carry of the one before.
func carried(t *testing.T, format string, events []acd.Event, split func(before, next record.Instant) bool) acd.Counted {
	t.Helper()
	f := acd.NewFold(format)
	var all acd.Counted
	next := func(at record.Instant) {
		f.Advance(at)
		all = joined(all, f.Take())
		carry := f.Carry()
		var err error
		if f, err = acd.RestoreFold(format, carry); err != nil {
			t.Fatal(err)
		}
		if again := f.Carry(); !bytes.Equal(again, carry) {
			t.Fatalf("at %s the carry is\n%q, restored\n%q", at, carry, again)
		}
	}
	var last record.Instant
	for _, e := range events {
		for border := acd.Interval(last) + acd.IntervalWidth; last != 0 && border <= e.At; border += acd.IntervalWidth {
			next(border)
		}
		if split(last, e.At) {
			next(e.At)
		}
		f.Add(e)
		last = e.At
	}
	f.Advance(last + record.Second)
	return joined(all, f.Take())
}

// joined is what was counted in two parts.
func joined(a, b acd.Counted) acd.Counted {
	return acd.Counted{Queues: append(a.Queues, b.Queues...), Agents: append(a.Agents, b.Agents...)}
}

// A fold that is split at every border, or before every event, counts like one
// that is not.
func TestFoldIsCarriedOn(t *testing.T) {
	for _, run := range runs {
		t.Run(run.file, func(t *testing.T) {
			events := understood(t, keyed(t, run.file, run.format), run.format)
			want := folded(run.format, events)
			n := 0
			for name, split := range map[string]func(before, next record.Instant) bool{
				"borders": func(_, _ record.Instant) bool { return false },
				"often": func(before, next record.Instant) bool {
					n++
					return next > before && n%53 == 0
				},
			} {
				got := carried(t, run.format, events, split)
				if diff := gocmp.Diff(columns(want.Queues), columns(got.Queues)); diff != "" {
					t.Errorf("%s: whole, split: %s", name, diff)
				}
				if diff := gocmp.Diff(agentColumns(want.Agents), agentColumns(got.Agents)); diff != "" {
					t.Errorf("%s: whole, split: %s", name, diff)
				}
			}
		})
	}
}
