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
// the last frame of it that cannot be a record. More than 16 are refused,
// but one that never said a record makes room after a second, so that idle
// strangers do not keep the upstream out. Who connects and goes again at once
// without a record, as a probe does, leaves no trace.
package stream

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// Frames cut what a connection says into frames. One goroutine calls them.
type Frames interface {
	// Next returns the next frame, which is valid until the next call, by which
	// it was told; an empty one is nothing. It blocks as the connection does.
	// A *feed.LongLineError stands for one frame that was read to its end. Any
	// other error is final.
	Next() ([]byte, error)
	// Buffered tells whether Next has a frame to return without reading on.
	Buffered() bool
	// Unfinished returns how many bytes of a frame were read whose end was not,
	// and the first of them.
	Unfinished() (size int64, head []byte)
	// TooLong tells whether the unfinished frame is too long already.
	TooLong() bool
}

// Hearing is how connections are listened to.
type Hearing struct {
	Limit   int // bytes of a frame
	Frames  func(io.Reader) Frames
	Format  feed.Format
	Late    time.Duration // what arrived proves coverage up to this long before
	Silence time.Duration // the longest that an upstream keeps; 0 is for ever
	Log     *slog.Logger
}

// Dialer makes a source that connects to its upstream.
func (h Hearing) Dialer(o feed.DialOptions) (feed.Source, error) {
	d, err := o.Dialer(h.Log)
	if err != nil {
		return nil, err
	}
	return &dialer{hearing: h, dial: d}, nil
}

// Listener makes a source that its upstream connects to, at host:port.
func (h Hearing) Listener(address string) (feed.Source, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, &feed.KeyError{Key: "listen", Err: fmt.Errorf(`%q: want host:port, as "127.0.0.1:9000": %w`, address, err)}
	}
	return &listener{hearing: h, address: address}, nil
}

// ErrWaiting is the health of a source that listens and to which nobody has
// connected yet.
var ErrWaiting = errors.New("waiting for the upstream to connect")

// Span reads the duration that stands under a key: at least least, and at most a day.
func Span(key, text string, least time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > 24*time.Hour {
		return 0, &feed.KeyError{Key: key, Err: fmt.Errorf("%q: want a time from %s to 24h, as 2s", text, least)}
	}
	return d, nil
}
