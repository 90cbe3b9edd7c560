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

// all tells whether every server's feed is as it should be.
func all(twins []*twin, so func(node.FeedDocument) bool) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		for _, t := range twins {
			if t.hasEnded() {
				return false, fmt.Errorf("demo: server %s has ended, see %s/twind.log", t.name, t.dir)
			}
			doc, err := t.status(ctx)
			if err != nil {
				return false, err
			}
			if len(doc.Feeds) != 1 || !so(doc.Feeds[0]) {
				return false, nil
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

func collecting(f node.FeedDocument) bool { return f.State == string(feed.Live) && f.Records > 0 }

// compare prints what each server holds, whether they hold the same, and whether
// anything is missing that no gap tells of.
func compare(ctx context.Context, out io.Writer, twins []*twin) error {
	fmt.Fprintf(out, "%-8s %-10s %8s %11s %9s %10s\n", "server", "role", "records", "duplicates", "rejected", "gaps open")
	var held []held
	for _, t := range twins {
		doc, err := t.status(ctx)
		if err != nil {
			return err
		}
		f := doc.Feeds[0]
		fmt.Fprintf(out, "%-8s %-10s %8d %11d %9d %10d\n", t.name, doc.Role, f.Records, f.Duplicates, f.Rejected, f.GapsOpen)
		h, err := hold(ctx, t.data.History)
		if err != nil {
			return err
		}
		held = append(held, h)
	}
	if held[0].digest != held[1].digest {
		return fmt.Errorf("demo: %w", ErrDiffer)
	}
	lost := held[0].missing() + held[1].missing()
	fmt.Fprintf(out, "histories equal, %d silently lost\n", lost)
	if lost > 0 {
		return fmt.Errorf("demo: %d records are in neither a history nor a gap", lost)
	}
	return nil
}

// held is what a server has of the recording.
type held struct {
	records int
	digest  [sha256.Size]byte // over every record in key order: its key and its bytes
	gaping  bool              // something may be missing, and the gap list says so
}

// missing counts what is neither there nor announced.
func (h held) missing() int {
	if h.gaping {
		return 0
	}
	return recordingEvents - h.records
}

func hold(ctx context.Context, db *history.DB) (held, error) {
	var h held
	gaps, err := db.Gaps(ctx, feedName)
	if err != nil {
		return h, err
	}
	for _, g := range gaps {
		h.gaping = h.gaping || g.State == history.GapOpen || g.State == history.GapLost
	}
	all := sha256.New()
	var head []byte
	for r, err := range db.Records(ctx, history.Range{Feed: feedName}) {
		if err != nil {
			return h, err
		}
		h.records++
		head = binary.BigEndian.AppendUint64(head[:0], uint64(r.At))
		head = binary.BigEndian.AppendUint32(head, r.N)
		head = binary.BigEndian.AppendUint32(head, uint32(len(r.Raw)))
		all.Write(head)
		all.Write(r.Raw)
	}
	all.Sum(h.digest[:0])
	return h, nil
}
