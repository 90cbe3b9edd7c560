package app

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

const threeFeeds = oneFeed + `
[[feed]]
name = "new"
kind = "tail"
format = "queue_log"
path = "new"
[[feed]]
name = "notes"
kind = "tail"
format = "text"
path = "notes"
time.layout = "2006-01-02 15:04:05"
`

func TestRebuildIsAnswered(t *testing.T) {
	s := initialized(t, configured(t, threeFeeds), io.Discard)
	setFeeds(t, s)
	noon := record.At(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	line := record.New(noon, 0, []byte("1795262400|1.1|sales|NONE|ENTERQUEUE||555|1"))
	if _, err := s.data.History.Commit(t.Context(), []history.Batch{{Feed: "log", Batch: feed.Batch{Records: []record.Record{line}}}}); err != nil {
		t.Fatal(err)
	}
	await.Run(t, s.counter.Run)
	s.counter.Notify()
	await.Until(t, "it is counted", func() bool {
		c, err := s.data.History.CountedState(t.Context(), "log")
		return err == nil && c.Through > noon
	})
	c := &recounter{s.counter, s.data.Node, s.log}
	ask := func(args string) node.Answer {
		return c.ask(t.Context(), node.Request{Verb: Rebuild, Args: json.RawMessage(args), Actor: "maria"})
	}
	for args, want := range map[string]int64{
		`{}`:                                1,
		`{"feeds":["log"]}`:                 1,
		`{"from":"2026-11-21T12:14:00Z"}`:   1, // the interval that it lies in
		`{"from":"2026-11-21T12:15:00Z"}`:   0,
		`{"to":"2026-11-21T12:00:00Z"}`:     0,
		`{"to":"2026-11-21T12:00:00.001Z"}`: 1,
	} {
		var done RebuildAnswer
		a := ask(args)
		if err := json.Unmarshal([]byte(a.Text), &done); a.Exit != 0 || err != nil {
			t.Errorf("%s: %+v, %v", args, a, err)
			continue
		}
		if len(done.Feeds) != 1 || done.Feeds[0].Feed != "log" || done.Feeds[0].Records != want {
			t.Errorf("%s: %s", args, a.Text)
		}
	}
	for args, text := range map[string]string{
		`{"feeds":["notes"]}`: `feed "notes" is not counted`, `{"feeds":["log","nope"]}`: `feed "nope" is not counted`, `[]`: "request rebuild",
	} {
		if a := ask(args); cli.Code(a.Exit) != cli.Usage || !strings.Contains(a.Text, text) {
			t.Errorf("%s: %+v", args, a)
		}
	}
	for row, err := range s.data.History.QueueIntervals(t.Context(), history.Intervals{Feed: "log", Span: record.Span{To: 1 << 62}}) {
		if err != nil || row.Start != acd.Interval(noon) || row.Counts.Offered != 1 {
			t.Errorf("%+v, %v", row, err)
		}
	}
}
