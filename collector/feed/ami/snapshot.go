package ami

import (
	"bytes"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// snapshotLimit is how much of a snapshot is kept, in bytes: some ten thousand
// memberships of queues.
const snapshotLimit = 4 << 20

// A listing gathers the events of a list until it is complete: QueueParams,
// QueueMember and QueueEntry, as records are.
type listing struct {
	id   string // of the action that asked for it
	got  feed.Snapshot
	size int
}

// add takes an event of the list, which comes at that time of the upstream. It
// returns true with the one that ends the list.
func (l *listing) add(block []byte, m message, at record.Instant) (complete bool) {
	if l.got.At == 0 {
		l.got.At = at
	}
	if bytes.Equal(m.event, []byte("QueueStatusComplete")) {
		return true
	}
	if l.size += len(block); l.size > snapshotLimit {
		l.got.Cut = true
		return false
	}
	l.got.Answers = append(l.got.Answers, bytes.Clone(block))
	return false
}
