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
func complete(f node.FeedDocument) bool   { return f.Records >= recordingEvents }

// compare prints what each server holds, and whether they hold the same.
func compare(ctx context.Context, out io.Writer, twins []*twin) error {
	fmt.Fprintf(out, "%-8s %-10s %8s %11s %9s %5s\n", "server", "role", "records", "duplicates", "rejected", "gaps")
	var digests [][sha256.Size]byte
	for _, t := range twins {
		doc, err := t.status(ctx)
		if err != nil {
			return err
		}
		f := doc.Feeds[0]
		fmt.Fprintf(out, "%-8s %-10s %8d %11d %9d %5d\n", t.name, doc.Role, f.Records, f.Duplicates, f.Rejected, f.GapsOpen)
		d, err := digest(ctx, t.data.History, f.Name)
		if err != nil {
			return err
		}
		digests = append(digests, d)
	}
	if digests[0] != digests[1] {
		return fmt.Errorf("demo: %w", ErrDiffer)
	}
	fmt.Fprintln(out, "histories equal")
	return nil
}

// digest is over every record in key order: its key and its bytes.
func digest(ctx context.Context, h *history.DB, name string) (sum [sha256.Size]byte, err error) {
	all := sha256.New()
	var head []byte
	for r, err := range h.Records(ctx, history.Range{Feed: name}) {
		if err != nil {
			return sum, err
		}
		head = binary.BigEndian.AppendUint64(head[:0], uint64(r.At))
		head = binary.BigEndian.AppendUint32(head, r.N)
		head = binary.BigEndian.AppendUint32(head, uint32(len(r.Raw)))
		all.Write(head)
		all.Write(r.Raw)
	}
	all.Sum(sum[:0])
	return sum, nil
}
