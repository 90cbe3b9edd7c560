package collector

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// upTo returns the texts of a feed that were stored up to seq.
func upTo(t *testing.T, h *history.DB, name string, seq int64) (texts string) {
	t.Helper()
	for row, err := range h.Arrivals(context.Background(), name, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Seq <= seq {
			texts += string(row.Raw)
		}
	}
	return texts
}

// tell tells the letters as records; where there is a "!", a snapshot that says
// what was told before it.
func (m *mike) tell(letters string) {
	at := record.At(time.Now())
	m.said <- func(ctx context.Context, q *feed.Queue) error {
		for i, letter := range letters {
			if letter == '!' {
				q.Snapshot(feed.Snapshot{At: at, Answers: [][]byte{[]byte(letters[:i])}})
			} else if err := q.Record(ctx, record.New(at+record.Instant(i), 0, []byte(string(letter))), nil); err != nil {
				return err
			}
		}
		q.Flush()
		return nil
	}
}

// A snapshot comes once what was said before it is stored, and says where it
// belongs among the records, also where another feed's are stored with them.
func TestASnapshotKeepsItsPlaceAmongTheRecords(t *testing.T) {
	bubble(t, func(t *testing.T, h *history.DB) {
		var mu sync.Mutex
		var places, want []string
		before := ""
		m, other := newMike(), newMike()
		c := runWith(t, h, Options{
			Observe: func(Commit) {}, Room: func() bool { return true },
			Snapshot: func(s Snapshot) {
				mu.Lock()
				defer mu.Unlock()
				places = append(places, s.Feed+": "+upTo(t, h, s.Feed, s.Seq))
				want = append(want, "pbx: "+before+strings.ReplaceAll(string(s.Answers[0]), "!", ""))
			},
		}, m.feed("pbx"), other.feed("other"))
		pass(time.Second)
		for _, letters := range []string{"ab!cd", "e!", "!f", "g!h!i", "jklmnopqrstuvwxyz!0123456789"} {
			other.say(letters)
			m.tell(letters)
			pass(time.Second)
			before += strings.ReplaceAll(letters, "!", "")
		}
		if err := c.stop(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, places); diff != "" || len(places) < 5 {
			t.Errorf("%d snapshots (-want +got):\n%s", len(places), diff)
		}
	})
}
