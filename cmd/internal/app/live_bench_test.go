package app

import (
	"testing"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// BenchmarkFollow is what it costs to follow a feed: to read its records, hold
// them against their digests, understand them and know how things stand.
func BenchmarkFollow(b *testing.B) {
	p := newPBX(b)
	const records = liveTurn
	text := make([]byte, 900)
	for i := range text {
		text[i] = "x\n"[i%30/29]
	}
	var batch feed.Batch
	for i := range records {
		r := p.event([]string{"QueueCallerJoin", "AgentCalled", "QueueCallerLeave", "VarSet"}[i%4], i/4)
		batch.Records = append(batch.Records, record.New(r.At, 0, append(r.Raw, text...)))
	}
	if _, err := p.data.History.Commit(b.Context(), []history.Batch{{Feed: "log", Batch: batch}}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f := newFollower("log", "ami")
		if err := f.catchUp(b.Context(), p.data.History); err != nil || f.seq != records {
			b.Fatal(f.seq, err)
		}
	}
	b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "records/s")
}
