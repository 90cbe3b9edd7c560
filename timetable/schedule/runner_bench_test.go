package schedule

import (
	"fmt"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
)

// BenchmarkLibraryRunner is the yardstick of the engine's BenchmarkStart and
// BenchmarkEdit: the library's own runner with as many timetables, which
// decides nothing, writes nothing down and forgets all when it ends.
func BenchmarkLibraryRunner(b *testing.B) {
	const many = 100_000
	load := func() *cron.Cron {
		c := cron.New(cron.WithLocation(time.UTC))
		for i := range many {
			if _, err := c.AddFunc(fmt.Sprintf("%d %d * * *", i%60, i/60%24), func() {}); err != nil {
				b.Fatal(err)
			}
		}
		return c
	}
	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			c := load()
			c.Start()
			c.Entries() // it answers once it has planned all of them
			b.StopTimer()
			<-c.Stop().Done()
			b.StartTimer()
		}
	})
	b.Run("edit", func(b *testing.B) {
		c := load()
		c.Start()
		c.Entries()
		for b.Loop() {
			id, err := c.AddFunc("30 6 * * *", func() {})
			if err != nil {
				b.Fatal(err)
			}
			c.Remove(id)
			c.Entry(id)
		}
		<-c.Stop().Done()
	})
}
