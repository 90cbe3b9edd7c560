package demo

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

const pollInterval = 100 * time.Millisecond

// waitFor asks again and again until it is so.
func waitFor(ctx context.Context, within time.Duration, what string, so func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("demo: waited %s for %s", within, what))
	defer cancel()
	for {
		done, err := so(ctx)
		if done || err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pollInterval):
		}
	}
}

// all tells whether every feed of every server is as it should be.
func all(twins []*twin, so func(way, node.FeedDocument) bool) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		for _, t := range twins {
			if t.hasEnded() {
				return false, fmt.Errorf("demo: server %s has ended, see %s/twind.log", t.name, t.dir)
			}
			feeds, err := t.feeds(ctx)
			if err != nil || len(feeds) != len(t.ways) {
				return false, err
			}
			for i, w := range t.ways {
				if !so(w, feeds[i]) {
					return false, nil
				}
			}
		}
		return true, nil
	}
}

func (t *twin) hasEnded() bool {
	select {
	case <-t.ended:
		return true
	default:
		return false
	}
}

// feeds returns how the server's feeds are, in the order of its ways.
func (t *twin) feeds(ctx context.Context) ([]node.FeedDocument, error) {
	doc, err := t.status(ctx)
	var feeds []node.FeedDocument
	for _, w := range t.ways {
		for _, f := range doc.Feeds {
			if f.Name == w.feed {
				feeds = append(feeds, f)
			}
		}
	}
	return feeds, err
}

// records counts what the server has stored by now, by feed.
func (t *twin) records(ctx context.Context) (map[string]int64, error) {
	has := make(map[string]int64)
	for _, w := range t.ways {
		e, err := t.data.History.Extent(ctx, w.feed)
		if err != nil {
			return nil, err
		}
		has[w.feed] = e.Records
	}
	return has, nil
}

func collecting(_ way, f node.FeedDocument) bool {
	return f.State == string(feed.Live) && f.Records > 0
}

// compare prints what each server holds, whether they hold the same, and whether
// anything is missing that no gap tells of.
func compare(ctx context.Context, out io.Writer, twins []*twin) error {
	named := func(string) string { return "" }
	if len(twins[0].ways) > 1 {
		named = func(name string) string { return fmt.Sprintf("%-9s ", name) }
	}
	fmt.Fprintf(out, "%-8s %-10s %s%8s %11s %9s %10s\n", "server", "role", named("feed"), "records", "duplicates", "rejected", "gaps open")
	for _, t := range twins {
		doc, err := t.status(ctx)
		if err != nil {
			return err
		}
		for _, f := range doc.Feeds {
			fmt.Fprintf(out, "%-8s %-10s %s%8d %11d %9d %10d\n", t.name, doc.Role, named(f.Name), f.Records, f.Duplicates, f.Rejected, f.GapsOpen)
		}
	}
	lost := 0
	for _, w := range twins[0].ways {
		missing, err := compareFeed(ctx, twins, w)
		if err != nil {
			return err
		}
		lost += missing
	}
	fmt.Fprintf(out, "histories equal, %d silently lost\n", lost)
	if lost > 0 {
		return fmt.Errorf("demo: %d records are in neither a history nor a gap", lost)
	}
	return nil
}

// compareFeed returns how many records of a feed are missing, on both together,
// without being announced.
func compareFeed(ctx context.Context, twins []*twin, w way) (missing int, err error) {
	var digest [sha256.Size]byte
	for i, t := range twins {
		h, err := hold(ctx, t.data.History, w)
		if err != nil {
			return 0, err
		}
		if i > 0 && h.digest != digest {
			return 0, fmt.Errorf("demo: feed %s: %w", w.feed, ErrDiffer)
		}
		if h.again > 0 {
			return 0, fmt.Errorf("demo: %s has %d records of feed %s twice: %w", t.name, h.again, w.feed, errNotSo)
		}
		digest = h.digest
		if !h.gaping {
			missing += w.events - h.records
		}
	}
	return missing, nil
}

// held is what a server has of the recording, in which nothing is said twice.
type held struct {
	records int
	again   int               // of these, what is there already
	digest  [sha256.Size]byte // over every record in key order: its key and its bytes
	gaping  bool              // something may be missing, and the gap list says so
}

func hold(ctx context.Context, db *history.DB, w way) (held, error) {
	var h held
	gaps, err := db.Gaps(ctx, w.feed)
	if err != nil {
		return h, err
	}
	for _, g := range gaps {
		h.gaping = h.gaping || g.State == history.GapOpen || g.State == history.GapLost
	}
	all, known := sha256.New(), make(map[[sha256.Size]byte]bool)
	var head []byte
	for r, err := range db.Records(ctx, history.Range{Feed: w.feed}) {
		if err != nil {
			return h, err
		}
		h.records++
		if sum := sha256.Sum256(r.Raw); known[sum] {
			h.again++
		} else {
			known[sum] = true
		}
		head = binary.BigEndian.AppendUint64(head[:0], uint64(r.At))
		head = binary.BigEndian.AppendUint32(head, r.N)
		head = binary.BigEndian.AppendUint32(head, uint32(len(r.Raw)))
		all.Write(head)
		all.Write(r.Raw)
	}
	all.Sum(h.digest[:0])
	return h, nil
}
