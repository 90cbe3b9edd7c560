package bench

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/programs"
)

// A wait is how long a record took from the upstream's write until another
// process could read it.
type wait struct {
	said time.Time
	took time.Duration
}

// missingBeside is what is filled beside collecting: whole buckets, whose tallies
// are stored. To count parts of one would take the processor from what is
// measured.
const missingBeside = 3 * filledRate * int(record.BucketWidth/record.Second)

// BenchmarkFillBeside has one of two servers collect a feed, first while the
// other has nothing that it lacks, and then while it takes 90,000 records from
// there that it never heard. Both servers, the upstream and the reader share
// this machine all the time.
func BenchmarkFillBeside(b *testing.B) {
	program := filepath.Join(programs.In(b), "twind")
	for _, perSecond := range []int{10_000, 1_000} {
		b.Run(fmt.Sprintf("collected=%d", perSecond), func(b *testing.B) {
			for b.Loop() {
				alone := collectBeside(b, program, perSecond, 0)
				report(b, alone, collectBeside(b, program, perSecond, missingBeside))
			}
		})
	}
}

// collectBeside has one server collect so much a second, and returns how long
// that took while it filled what it lacks; if that is nothing, for as long as
// filling takes.
func collectBeside(b *testing.B, program string, perSecond, missing int) (during []wait) {
	b.Helper()
	const apart, measured = 10 * time.Second, time.Minute // until both know of each other
	u := newUpstream(b)
	a, z := newServer(b, "cms-a", node.Primary, deaf(b)), newServer(b, "cms-b", node.Secondary, u.Addr())
	pair(b, a, z)
	if _, err := a.data.History.Start(b.Context(), madeFeed); err != nil {
		b.Fatal(err)
	}
	unheard := ending(now(), time.Duration(missingBeside)*time.Second/filledRate, missing, lineBytes)
	if missing > 0 {
		hear(b, a.data.History, unheard)
	}
	stop := z.run(b, program)
	ctx, over := context.WithCancel(b.Context())
	u.speak <- func(c net.Conn) error { return speak(ctx, c, perSecond) }
	stopOther := a.run(b, program)
	started := time.Now()
	var begun, ended time.Time
	waits := z.follow(b, func() bool {
		switch copied := z.copied(b, unheard.Span); {
		case missing == 0:
			begun, ended = started.Add(apart), started.Add(apart+measured)
			return time.Now().After(ended)
		case copied == 0:
		case begun.IsZero():
			begun = time.Now()
		case copied >= int64(missing):
			ended = time.Now()
			return true
		}
		return false
	})
	over()
	<-u.spoke
	for _, w := range waits {
		if w.said.After(begun) && w.said.Before(ended) {
			during = append(during, w)
		}
	}
	if missing > 0 {
		b.ReportMetric(float64(missing)/ended.Sub(begun).Seconds(), "filled/s")
		b.ReportMetric(z.peakMiB(b), "MiB-resident")
		b.ReportMetric(a.peakMiB(b), "MiB-resident-other")
	}
	stop()
	stopOther()
	return during
}

// report tells how long records took alone and while it was filled, and how many
// times as long that is.
func report(b *testing.B, alone, filling []wait) {
	b.Helper()
	before, during := tooks(b, alone), tooks(b, filling)
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 0.50}, {"p99", 0.99}} {
		was, is := quantile(before, q.at), quantile(during, q.at)
		b.ReportMetric(was.Seconds()*1e3, "ms-"+q.name+"-alone")
		b.ReportMetric(is.Seconds()*1e3, "ms-"+q.name+"-filling")
		b.ReportMetric(is.Seconds()/was.Seconds(), "x-"+q.name)
	}
}

// tooks returns how long records took, if they are enough to say so.
func tooks(b *testing.B, all []wait) (took []time.Duration) {
	b.Helper()
	if len(all) < 1000 {
		b.Fatalf("%d records are too few", len(all))
	}
	for _, w := range all {
		took = append(took, w.took)
	}
	return took
}

// speak writes lines until ctx ends.
func speak(ctx context.Context, c net.Conn, perSecond int) error {
	for ctx.Err() == nil {
		if err := paced(c, perSecond, 1); err != nil {
			return err
		}
	}
	return nil
}

// follow reads the newest records as they become readable, until the end of
// what was said then. What was said in one instant with one that was read
// before is passed over.
func (s *server) follow(b *testing.B, over func() bool) (all []wait) {
	b.Helper()
	from := record.At(time.Now())
	deadline := time.Now().Add(2 * time.Minute)
	done := make(chan struct{})
	go func() { // beside, because looking must not hold up reading
		for time.Now().Before(deadline) {
			if over() {
				close(done)
				return
			}
			<-time.After(50 * time.Millisecond)
		}
	}()
	for time.Now().Before(deadline) {
		for r, err := range s.data.History.Records(b.Context(), history.Range{Feed: madeFeed, From: from}) {
			if err != nil {
				break // the feed is not known yet
			}
			from = r.At + 1
			all = append(all, wait{r.At.Time(), time.Since(r.At.Time())})
		}
		select {
		case <-done:
			return all
		case <-time.After(time.Millisecond):
		}
	}
	b.Fatal("it is not over after two minutes")
	return nil
}

// copied returns how many records there are in a span.
func (s *server) copied(b *testing.B, span record.Span) (n int64) {
	b.Helper()
	slots, err := s.data.History.Tallies(b.Context(), madeFeed, span, 24*time.Hour)
	if err != nil {
		b.Error(err) // not the benchmark's own goroutine
	}
	for _, slot := range slots {
		n += slot.Count
	}
	return n
}

// deaf returns an address at which nobody speaks.
func deaf(b *testing.B) net.Addr {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr()
}
