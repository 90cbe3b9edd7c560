package ami

import (
	"bytes"
	"time"
)

const snapshotLimit = 1 << 20 // bytes

// A Snapshot is how the queues stood at a login: what QueueStatus answered to
// this client alone. It is no record, and twins do not compare it.
type Snapshot struct {
	Taken  time.Time // when it was complete; zero if there is none
	Events [][]byte  // QueueParams, QueueMember and QueueEntry, as records are
	Cut    bool      // there was more than fits into a mebibyte
}

// Snapshot returns the latest one. Any goroutine may call it; it must not
// change the events.
func (s *Source) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot
}

func (s *Source) setSnapshot(p Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshot = p
}

// A listing gathers the events of a list until it is complete.
type listing struct {
	id   string // of the action that asked for it
	got  Snapshot
	size int
}

// add takes an event of the list. It returns true with the one that ends it.
func (l *listing) add(block []byte, m message, now time.Time) (complete bool) {
	if bytes.Equal(m.event, []byte("QueueStatusComplete")) {
		l.got.Taken = now
		return true
	}
	if l.size += len(block); l.size > snapshotLimit {
		l.got.Cut = true
		return false
	}
	l.got.Events = append(l.got.Events, bytes.Clone(block))
	return false
}
