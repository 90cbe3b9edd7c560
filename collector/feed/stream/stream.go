// Package stream hears connections: what every kind needs whose records come
// over TCP, from an upstream that it dials or from one that dials it. What cuts
// a connection into records is given to it.
//
// While connected, coverage is proven up to what arrived last, and up to ten
// seconds ago, less what the upstream may hold back. That the other machine is
// gone is noticed within ten seconds, by keepalives. A record that the end of
// its connection cut is not told. It ends the session, so that a gap says where
// it is missing.
//
// # Listening
//
// An upstream may hold several connections, each of them a delivery of its own;
// the feed is covered while there is at least one that has said a record: who
// has not may be anybody, and proves nothing. With its first record it is the
// upstream's, which then was heard since that connection was opened, or since
// the last frame of it that cannot be a record. Between connections there is no
// order of time: a frame that is rejected is missing from what was proven then.
//
// More than 32 are refused, and more than 16 of one host (of IPv6: one network
// of 64 bits), so that no host takes all places. But one that never said a
// record makes room after a second, so that idle strangers do not keep the
// upstream out, and one that said nothing for a minute makes room for another
// of its host. What a refused one had to say is missing: the session ends with
// the reason overrun, and none begins until ten minutes after the last one was
// refused, by when it has tried again. Meanwhile the health says who was
// refused, and all others are heard and stored. Who connects and goes again at
// once without a record, as a probe does, leaves no trace. Nor does a host that
// the feed does not listen to (allow_from): it is hung up on. Whose times lie too
// far apart (feed.TooFar) waits alone; nothing is proven beyond what waits.
package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// Frames cut what a connection says into frames. One goroutine calls them.
type Frames interface {
	// Next returns the next frame, which is valid until the next call, by which
	// it was told; an empty one is nothing. It blocks as the connection does.
	// A *feed.LongLineError and a *Unfit stand for one frame that was read to
	// its end. Any other error is final.
	Next() ([]byte, error)
	// Buffered tells whether Next has a frame to return without reading on.
	Buffered() bool
	// Unfinished returns how many bytes of a frame were read whose end was not,
	// and the first of them.
	Unfinished() (size int64, head []byte)
	// TooLong tells whether the unfinished frame is too long already.
	TooLong() bool
}

// An Answerer is Frames whose upstream is told what was stored, and repeats the
// rest: its connection is a conversation.
type Answerer interface {
	Frames
	// Answer answers each frame once it is stored. It runs beside whoever calls
	// Next until ctx ends, and then, for a second at the most, until what is
	// owed still is answered. It closes the connection when it cannot answer.
	Answer(ctx context.Context)
	// Debt returns since when a frame waits for its answer, zero if none does,
	// and when the last answer was given.
	Debt() (since, paid time.Time)
}

// An Unfit frame is one that cannot be kept. It was read to its end.
type Unfit struct {
	Head []byte // its beginning
	Err  error  // what is wrong with it
}

func (e *Unfit) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with it.
func (e *Unfit) Unwrap() error { return e.Err }

// Foreign says that the other side speaks something else than it should.
type Foreign struct{ Err error }

func (e *Foreign) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Foreign) Unwrap() error { return e.Err }

// Hearing is how connections are listened to.
type Hearing struct {
	Limit   int // bytes of a frame
	Frames  func(c net.Conn, q *feed.Queue) Frames
	Format  feed.Format
	Body    func(head []byte) []byte // what Format reads of the beginning of a rejected frame; nil: all of it
	Late    time.Duration            // what arrived proves coverage up to this long before
	Silence time.Duration            // the longest that an upstream keeps; 0 is for ever
	Repeats bool                     // the upstream says again what was not answered: every ordinal is 0
	// Lags says that the upstream keeps what it cannot deliver, and says it
	// later, in order of time: see pace.
	Lags bool
	// Keeps says that it keeps all of that, however long nobody listens: a
	// session then continues the one before.
	Keeps bool
	Log   *slog.Logger
}

// Dialer makes a source that connects to its upstream.
func (h Hearing) Dialer(o feed.DialOptions) (feed.Source, error) {
	d, err := o.Dialer(h.Log)
	if err != nil {
		return nil, err
	}
	return &dialer{hearing: h, dial: d}, nil
}

// Listener makes a source that its upstream connects to.
func (h Hearing) Listener(o ListenOptions) (feed.Source, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	from, err := o.Senders()
	if err != nil {
		return nil, err
	}
	return &listener{hearing: h, ListenOptions: o, from: from}, nil
}

// ErrWaiting is the health of a source that listens and to which nobody has
// connected yet.
var ErrWaiting = errors.New("waiting for the upstream to connect")

// Quiet reads how long an upstream may say nothing, as it stands under the key
// silence: from a second to a day, or for ever where nothing is said.
func Quiet(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	return Span("silence", text, time.Second)
}

// Span reads the duration that stands under a key: at least least, and at most a day.
func Span(key, text string, least time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > 24*time.Hour {
		return 0, &feed.KeyError{Key: key, Err: fmt.Errorf("%q: want a time from %s to 24h, as 2s", text, least)}
	}
	return d, nil
}
