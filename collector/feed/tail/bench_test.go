package tail

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/twinctl/twin/collector/feed"
)

// BenchmarkFollow is the way of a line of 200 bytes from its file into the
// queue, with the position behind each.
func BenchmarkFollow(b *testing.B) {
	const lines = 100_000
	var content bytes.Buffer
	for i := range lines {
		head := fmt.Sprintf("%d|%06d|", began+int64(i/1000), i)
		fmt.Fprintf(&content, "%s%s\n", head, bytes.Repeat([]byte("x"), 199-len(head)))
	}
	s := newSite(b)
	s.write(content.String())
	b.SetBytes(200 * lines)
	b.ReportAllocs()
	for b.Loop() {
		s.restart() // from the beginning, since nothing is stored
		s.follower.voice = feed.NewVoice(feed.NewQueue(feed.Options{QueueLimit: 1 << 30}, Kind(), func() {}), nil)
		s.poll()
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
