package history

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// TestGapCountsWhatIsStoredOfIt holds that a gap counts the records between its ends,
// and neither those on them nor any without a time of their own, wherever the ends lie
// among the buckets.
func TestGapCountsWhatIsStoredOfIt(t *testing.T) {
	h := open(t)
	start(t, h, "pbx")
	start(t, h, "other")
	hour := noon - noon%record.Day
	var b feed.Batch
	at := func(instant record.Instant) {
		b.Records = append(b.Records, record.New(instant, 0, fmt.Append(nil, len(b.Records))))
	}
	for range 2000 {
		at(hour + record.Instant(rand.Int64N(int64(record.Hour))))
	}
	ends := []record.Instant{hour, hour + 1, hour + record.BucketWidth - 1, hour + record.BucketWidth, hour + record.BucketWidth + 1, hour + 2*record.BucketWidth}
	for range 6 {
		ends = append(ends, hour+record.Instant(rand.Int64N(int64(record.Hour))))
	}
	for _, end := range ends {
		at(end - 1)
		at(end)
		at(end + 1)
	}
	b.Records = append(b.Records, record.New(hour+record.Minute, record.Untimed, []byte("arrived then")))
	b.Records = append(b.Records, record.New(hour+3*record.BucketWidth+1, record.Untimed, []byte("arrived then too")))
	commit(t, h, "pbx", b)
	commit(t, h, "other", feed.Batch{Records: b.Records[:100]})
	err := h.db.Update(t.Context(), func(tx *store.Tx) error {
		for _, from := range ends {
			for _, to := range append(ends, maxInstant) {
				if to < from {
					continue
				}
				if _, err := tx.Exec(`
					INSERT INTO gap (feed, start, until, reason, state)
					SELECT id, ?, nullif(?, ?), 'lost_session', 'filled' FROM feed WHERE name = 'pbx'`, from, to, maxInstant); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gaps(t, h, "pbx") {
		to := maxInstant
		if g.To != nil {
			to = *g.To
		}
		want := int64(0)
		for _, r := range b.Records {
			if r.Key.Timed() && r.Key.At > g.From && r.Key.At < to {
				want++
			}
		}
		if g.Records != want {
			t.Errorf("of the gap from %s to %s %d records count, want %d", g.From, to, g.Records, want)
		}
	}
}
