package bench

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// A wait is how long a record took from the upstream's write until another
// process could read it.
type wait struct {
	said time.Time
	took time.Duration
}

// BenchmarkFillBeside has one of two servers collect 10,000 records a second,
// and take 250,000 that it never heard from the other meanwhile. Both, the
// upstream and the reader share this machine.
func BenchmarkFillBeside(b *testing.B) {
	const perSecond, quiet, missing = 10_000, 5, 250_000
	program := buildTwind(b)
	for b.Loop() {
		u := newUpstream(b)
		a, z := newServer(b, "cms-a", node.Primary, deaf(b)), newServer(b, "cms-b", node.Secondary, u.Addr())
		pair(b, a, z)
		if _, err := a.data.History.Start(b.Context(), madeFeed); err != nil {
			b.Fatal(err)
		}
		unheard := ending(now(), missing*time.Second/filledRate, missing, lineBytes)
		hear(b, a.data.History, unheard)
		z.run(b, program)
		u.speak <- func(c net.Conn) error { return paced(c, perSecond, quiet) }
		waits := z.follow(b, func() bool { return len(u.spoke) > 0 })
		<-u.spoke
		report(b, waits, "-alone")

		ctx, over := context.WithCancel(b.Context())
		u.speak <- func(c net.Conn) error { return speak(ctx, c, perSecond) }
		a.run(b, program)
		var begun, ended time.Time
		waits = z.follow(b, func() bool {
			switch copied := z.copied(b, unheard.Span); {
			case copied == 0:
			case begun.IsZero():
				begun = time.Now()
			case copied >= missing:
				ended = time.Now()
				return true
			}
			return false
		})
		over()
		<-u.spoke
		var during []wait
		for _, w := range waits {
			if w.said.After(begun) && w.said.Before(ended) {
				during = append(during, w)
			}
		}
		report(b, during, "-filling")
		b.ReportMetric(missing/ended.Sub(begun).Seconds(), "filled/s")
		b.ReportMetric(z.peakMiB(b), "MiB-resident")
		b.ReportMetric(a.peakMiB(b), "MiB-resident-other")
	}
}

// report tells how long records took, if there were enough of them to say so.
func report(b *testing.B, all []wait, when string) {
	b.Helper()
	if len(all) < 1000 {
		b.Fatalf("%d records%s are too few", len(all), when)
	}
	var took []time.Duration
	for _, w := range all {
		took = append(took, w.took)
	}
	b.ReportMetric(quantile(took, 0.50).Seconds()*1e3, "ms-p50"+when)
	b.ReportMetric(quantile(took, 0.99).Seconds()*1e3, "ms-p99"+when)
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
	deadline, looked := time.Now().Add(2*time.Minute), time.Time{}
	for time.Now().Before(deadline) {
		for r, err := range s.data.History.Records(b.Context(), history.Range{Feed: madeFeed, From: from}) {
			if err != nil {
				break // the feed is not known yet
			}
			from = r.At + 1
			all = append(all, wait{r.At.Time(), time.Since(r.At.Time())})
		}
		if time.Since(looked) > 50*time.Millisecond {
			if over() {
				return all
			}
			looked = time.Now()
		}
		<-time.After(time.Millisecond)
	}
	b.Fatal("it is not over after two minutes")
	return nil
}

// copied returns how many records there are in a span.
func (s *server) copied(b *testing.B, span record.Span) (n int64) {
	b.Helper()
	slots, err := s.data.History.Tallies(b.Context(), madeFeed, span, 24*time.Hour)
	if err != nil {
		b.Fatal(err)
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
