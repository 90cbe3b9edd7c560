// Package lines hears records that come as lines over TCP: from an upstream
// that it dials, or from one that dials it.
//
// The seven questions that package feed asks of a kind:
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
// # Listening
//
// An upstream may hold several connections, each of them a delivery of its own;
// the feed is covered while there is at least one that has said a record: who
// has not may be anybody, and proves nothing. With its first record it is the
// upstream's, which then was heard since that connection was opened, or since
// the last line of it that cannot be a record. More than 16 are refused,
// but one that never said a record makes room after a second, so that idle
// strangers do not keep the upstream out. Who connects and goes again at once
// without a record, as a probe does, leaves no trace.
package lines

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// options are the keys that this kind alone understands.
type options struct {
	feed.DialOptions
	Listen  string `toml:"listen"`  // host:port, instead of addresses
	Late    string `toml:"late"`    // how long the upstream may hold a record back
	Silence string `toml:"silence"` // how long it may say nothing; empty: for ever
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
	h := hearing{limit: c.FrameLimit, format: c.Format, log: c.Log}
	var err error
	if h.late, err = span("late", own.Late, 0); err != nil {
		return nil, err
	}
	if own.Silence != "" {
		if h.silence, err = span("silence", own.Silence, time.Second); err != nil {
			return nil, err
		}
	}
	if own.Listen == "" {
		return dialling(own.DialOptions, h)
	}
	return listening(own, h)
}

func dialling(o feed.DialOptions, h hearing) (feed.Source, error) {
	if len(o.Addresses) == 0 {
		return nil, &feed.KeyError{Key: "addresses", Err: errors.New(
			`missing: say where the upstream is, as ["tcp://pbx.example:9000"], or listen = "127.0.0.1:9000" to be called by it`)}
	}
	d, err := o.Dialer(h.log)
	if err != nil {
		return nil, err
	}
	return &dialer{hearing: h, dial: d}, nil
}

func listening(o *options, h hearing) (feed.Source, error) {
	if !reflect.ValueOf(o.DialOptions).IsZero() {
		return nil, &feed.KeyError{Key: "listen", Err: errors.New("addresses and what belongs to them cannot be said together with it: leave one out")}
	}
	if _, _, err := net.SplitHostPort(o.Listen); err != nil {
		return nil, &feed.KeyError{Key: "listen", Err: fmt.Errorf(`%q: want host:port, as "127.0.0.1:9000": %w`, o.Listen, err)}
	}
	return &listener{hearing: h, address: o.Listen}, nil
}

// span reads a duration of at least least and at most a day.
func span(key, text string, least time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > 24*time.Hour {
		return 0, &feed.KeyError{Key: key, Err: fmt.Errorf("%q: want a time from %s to 24h, as 2s", text, least)}
	}
	return d, nil
}
