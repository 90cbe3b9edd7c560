package history

import (
	"context"
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// Whatever is counted is read as it was written.
func TestIntervalRowsKeepWhatWasCounted(t *testing.T) {
	h := begun(t)
	rapid.Check(t, func(t *rapid.T) {
		queue := acd.QueueRow{Start: noon, Queue: rapid.String().Draw(t, "queue"), Counts: rapid.Make[acd.QueueCounts]().Draw(t, "queue counts")}
		agent := acd.AgentRow{Start: noon, Agent: rapid.String().Draw(t, "agent"), Counts: rapid.Make[acd.AgentCounts]().Draw(t, "agent counts")}
		if len(agent.Counts.PausedFor) == 0 {
			agent.Counts.PausedFor = nil
		}
		count(t, h, Stretch{Span: record.Span{From: noon, To: noon + quarter}, Told: []Told{{noon, acd.Counted{
			Queues: []acd.QueueRow{queue}, Agents: []acd.AgentRow{agent},
		}}}})
		n := 0
		for got, err := range h.QueueIntervals(context.Background(), Intervals{"pbx", always}) {
			if diff := gocmp.Diff(queue, got); err != nil || diff != "" {
				t.Fatalf("%v %s", err, diff)
			}
			n++
		}
		for got, err := range h.AgentIntervals(context.Background(), Intervals{"pbx", always}) {
			if diff := gocmp.Diff(agent, got); err != nil || diff != "" {
				t.Fatalf("%v %s", err, diff)
			}
			n++
		}
		if n != 2 {
			t.Fatalf("%d rows", n)
		}
	})
}

// A page that ends within what was told of one queue and interval does not cut
// it in two.
func TestIntervalPagesDoNotCutARow(t *testing.T) {
	const starts, names = 50, 41
	h := begun(t)
	s := Stretch{Span: record.Span{From: noon, To: noon + (2*starts+1)*quarter}}
	for i := range record.Instant(starts) {
		var rows []acd.QueueRow
		for n := range names {
			rows = append(rows, offered(noon+i*quarter, fmt.Sprintf("q%02d", n), 1))
		}
		at := noon + i*quarter
		s.Told = append(s.Told, toldAt(at, rows...), toldAt(at+starts*quarter, rows...), toldAt(at+(starts+1)*quarter, rows...))
	}
	// Three rows of each, told at three times: pageRows is no multiple of that.
	count(t, h, s)
	if rows := scalar(t, h, `SELECT count(*) FROM queue_interval`); rows <= pageRows {
		t.Fatalf("%d rows are one page", rows)
	}
	got := queueRows(t, h, always)
	if len(got) != starts*names {
		t.Fatalf("%d rows", len(got))
	}
	for i, row := range got {
		if want := fmt.Sprintf("%d q%02d 3", i/names, i%names); row != want {
			t.Fatalf("row %d is %q, want %q", i, row, want)
		}
	}
	for range h.QueueIntervals(t.Context(), Intervals{"pbx", always}) {
		break // whoever has enough is left alone
	}
}
