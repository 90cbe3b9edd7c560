// Package lines hears records that come as lines over TCP: from an upstream
// that it dials, or from one that dials it.
//
// The eight questions that package feed asks of a kind:
//
//   - The time stands where the format says. A line without a readable one is
//     rejected.
//   - The canonical bytes are the line without its line feed, a carriage return
//     before that, and NUL bytes at its beginning. Empty lines are nothing.
//   - The upstream says nothing twice; identical lines of one time are numbered
//     anew in each connection.
//   - While connected, coverage is proven up to what arrived last, and up to ten
//     seconds ago, less what the upstream may hold back (late). One that we dial
//     is known to have taken us up when it says something, or after a second.
//   - One that we dial speaks in order of time; of those that dial us there may
//     be several, see package stream.
//   - There is no position: what is said while nobody listens is a gap.
//   - That the other machine is gone is noticed within ten seconds, by
//     keepalives. An upstream that is frozen, while its machine still
//     acknowledges, cannot be told from a quiet one unless silence says how
//     long it may be quiet at the most.
//   - A full queue makes the upstream wait, by TCP's means.
//
// A line that the end of its connection cut is not stored. It ends the session,
// so that a gap says where it is missing.
//
// How several connections, strangers and breaks are dealt with stands in
// package stream.
package lines

import (
	"errors"
	"fmt"
	"net"
	"reflect"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
)

// options are the keys that this kind alone understands.
type options struct {
	feed.DialOptions
	stream.ListenOptions        // instead of addresses
	Late                 string `toml:"late"`    // how long the upstream may hold a record back
	Silence              string `toml:"silence"` // how long it may say nothing; empty: for ever
}

// Kind describes lines over TCP.
func Kind() feed.Kind {
	return feed.Kind{
		Name:    "lines",
		Code:    3,
		Format:  "text",
		Suffix:  "\n",
		Options: func() any { return &options{Late: "2s"} },
		Open:    open,
	}
}

func open(c feed.Config) (feed.Source, error) {
	own, ok := c.Own.(*options)
	if !ok {
		return nil, fmt.Errorf("options are %T, not those of kind lines", c.Own)
	}
	h := stream.Hearing{Limit: c.FrameLimit, Frames: cutter(c.FrameLimit), Format: c.Format, Log: c.Log}
	var err error
	if h.Late, err = stream.Span("late", own.Late, 0); err != nil {
		return nil, err
	}
	if h.Silence, err = stream.Quiet(own.Silence); err != nil {
		return nil, err
	}
	if reflect.ValueOf(own.ListenOptions).IsZero() {
		return dialling(own.DialOptions, h)
	}
	return listening(own, h)
}

// cutter cuts connections at their line feeds.
func cutter(limit int) func(net.Conn, *feed.Queue) stream.Frames {
	return func(c net.Conn, _ *feed.Queue) stream.Frames { return feed.NewLineReader(c, limit) }
}

func dialling(o feed.DialOptions, h stream.Hearing) (feed.Source, error) {
	if len(o.Addresses) == 0 {
		return nil, &feed.KeyError{Key: "addresses", Err: errors.New(
			`missing: say where the upstream is, as ["tcp://pbx.example:9000"], or listen = "127.0.0.1:9000" to be called by it`)}
	}
	return h.Dialer(o)
}

func listening(o *options, h stream.Hearing) (feed.Source, error) {
	if !reflect.ValueOf(o.DialOptions).IsZero() {
		return nil, &feed.KeyError{Key: "listen", Err: errors.New("addresses and what belongs to them cannot be said together with it: leave one out")}
	}
	return h.Listener(o.ListenOptions)
}
