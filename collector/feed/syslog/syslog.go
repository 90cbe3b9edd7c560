// Package syslog hears syslog messages of RFC 5424 and RFC 3164 over UDP, TCP
// and TLS: their sender comes to us.
//
// The eight questions that package feed asks of a kind:
//
//   - The time stands where the format says. With format syslog that is the
//     header of the message; one without usable time is stored with the time at
//     which it arrived, and marked. With any other format a message without a
//     readable time is rejected.
//   - The canonical bytes: with format syslog the whole message as it was sent,
//     without framing and line ends. With any other the part MSG alone: see
//     feed.SyslogBody.
//   - The upstream says nothing twice; identical messages of one time are
//     numbered anew in each connection, and over UDP from the start of the
//     session on.
//   - Nothing proves coverage: over UDP nothing is acknowledged, over TCP only
//     to the sender's kernel, which tells the sender nothing when we are gone.
//     So coverage is what was listened to, and is told as unproven. Over TCP it
//     is as for lines. Over UDP it begins when we listen, and reaches up to when
//     the last datagram that was read had come, or nothing had, less late.
//   - There is no order of time between senders; see package stream.
//   - There is no position: what is said while nobody listens is a gap.
//   - That the other machine is gone is noticed within ten seconds over TCP, by
//     keepalives. Over UDP, or when it is frozen, it cannot be told from a quiet
//     one unless silence says how long it may be quiet at the most.
//   - Over TCP a full queue makes the upstream wait. Over UDP the kernel throws
//     away what we do not fetch in time; it counts that, and what it threw away
//     is told as a hole with the reason overrun, from what was proven before up
//     to the datagram behind it, or to when we asked for the count because none
//     came. A kernel before Linux 4.12 cannot be asked: there, what is thrown
//     away is told only with the next datagram. Times that lie too far apart
//     make a sender wait over TCP, and that one alone; over UDP their messages
//     are refused, with the same reason.
//
// # Framing
//
// Over TCP and TLS the first byte of a connection decides: a digit begins a
// count of octets (RFC 6587), anything else a line. A frame that is too long is
// rejected and skipped to its end. A count that is none ends the connection.
// A datagram is one message; one that is longer than frame_limit is rejected.
package syslog

import (
	"errors"
	"fmt"
	"net"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
)

// options are the keys that this kind understands.
type options struct {
	stream.ListenOptions
	Transport string `toml:"transport"` // udp or tcp; with tls_cert_file, TLS over the latter
	Late      string `toml:"late"`      // how long the upstream may hold a message back
	Silence   string `toml:"silence"`   // how long it may say nothing; empty: for ever
}

// Kind describes syslog.
func Kind() feed.Kind {
	return feed.Kind{
		Name:     "syslog",
		Code:     4,
		Format:   "syslog",
		Unproven: true,
		Suffix:   "\n",
		Options:  func() any { return &options{Late: "2s"} },
		Open:     open,
	}
}

func open(c feed.Config) (feed.Source, error) {
	own, ok := c.Own.(*options)
	if !ok {
		return nil, fmt.Errorf("options are %T, not those of kind syslog", c.Own)
	}
	late, err := stream.Span("late", own.Late, 0)
	if err != nil {
		return nil, err
	}
	silence, err := stream.Quiet(own.Silence)
	if err != nil {
		return nil, err
	}
	body := feed.SyslogBody(c.Options)
	switch own.Transport {
	case "tcp":
		h := stream.Hearing{
			Limit: c.FrameLimit, Format: c.Format, Late: late, Silence: silence, Log: c.Log, Body: body,
			Frames: func(conn net.Conn, _ *feed.Queue) stream.Frames { return newCutter(conn, c.FrameLimit, body) },
		}
		return h.Listener(own.ListenOptions)
	case "udp":
		if own.TLS() {
			return nil, &feed.KeyError{Key: "transport", Err: errors.New(`"udp" knows no TLS: want "tcp" with tls_cert_file`)}
		}
		if _, _, err := net.SplitHostPort(own.Listen); err != nil {
			return nil, &feed.KeyError{Key: "listen", Err: fmt.Errorf(`%q: want host:port, as "127.0.0.1:514": %w`, own.Listen, err)}
		}
		from, err := own.Senders()
		if err != nil {
			return nil, err
		}
		return &datagrams{address: own.Listen, from: from, limit: c.FrameLimit, body: body, format: c.Format, late: late, silence: silence, log: c.Log}, nil
	}
	return nil, &feed.KeyError{Key: "transport", Err: fmt.Errorf(`%q: want "udp" or "tcp"`, own.Transport)}
}
