// Package relp hears records that come by RELP, the syslog transport that is
// acknowledged: an rsyslog with omrelp connects, and each of its messages is
// answered once it is on disk.
//
// The eight questions that package feed asks of a kind:
//
//   - The time stands where the format says. With format syslog that is the
//     header of the message; one without usable time is stored with the time at
//     which it arrived, and marked. With any other format a message without a
//     readable time is rejected.
//   - The canonical bytes: with format syslog the whole message as it was sent,
//     without line ends behind it. With any other the part MSG alone, so that a
//     line of a file has the same bytes as if it had been followed by kind tail:
//     see feed.SyslogBody.
//   - The upstream says again what was not answered: every ordinal is 0. So
//     identical messages of one time are one record, except those without usable
//     time, of which each arrival is one.
//   - What proves coverage: see below.
//   - There is no order of time between senders; see package stream.
//   - There is no position. The upstream has one: what was not answered.
//   - That the other machine is gone is noticed within ten seconds, by
//     keepalives. One that is frozen cannot be told from a quiet one unless
//     silence says how long it may be quiet at the most: then its connection is
//     closed, and it opens another when it has something to say.
//   - A full queue makes the upstream wait: it gets no answers, and TCP holds up
//     the rest.
//
// Answers go out in the order of the commands, after the commit, the one of a
// message that cannot be kept (too long, no time) after the commit that counts
// and quarantines it: the upstream would else send it again for ever. What is
// no frame of RELP ends the connection with an answer that says why. When we
// stop, what is stored is answered, and the hint serverclose is sent.
//
// How several connections, strangers and breaks are dealt with stands in
// package stream.
//
// # Coverage
//
// The upstream keeps what it cannot deliver, in its memory at least, and says
// it later in the order in which it came. So what arrives may be old:
//
//   - While the messages that arrive are at most late older than their arrival,
//     the upstream holds nothing back, and proof is as for lines: up to what
//     arrived last, and up to ten seconds ago, less late.
//   - While what arrives is older, the upstream is catching up, and proof goes
//     no further than the time of the message that came last.
//   - Once nothing has come for late, and everything that came is answered, it
//     has caught up, and the first rule holds again.
//   - While an answer is owed, proof goes no further than when its message came,
//     less late: the upstream's window may be full.
//
// A connection that breaks leaves a gap from what was proven last until the next
// one is opened, for the upstream may have lost what it kept, unless keeps says
// that it does not: that it has a queue on disk, or follows a file and knows how
// far it was delivered. Then the next session continues the last one, also after
// this server was down, and there is no gap once it has caught up. Until it has,
// coverage ends where it was, and what is proven is what was shown: each message
// proves the time up to its own. A message that was rejected last, before the
// break, cannot be placed in time: then there is a gap all the same.
package relp

import (
	"fmt"
	"net"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
)

// options are the keys that this kind understands.
type options struct {
	stream.ListenOptions
	Late  string `toml:"late"`  // how long the upstream may hold a message back
	Keeps bool   `toml:"keeps"` // the upstream keeps what it could not deliver: nothing is missing after a break

	Silence string `toml:"silence"` // how long it may say nothing; empty: for ever
}

// Kind describes RELP.
func Kind() feed.Kind {
	return feed.Kind{
		Name:    "relp",
		Code:    5,
		Format:  "syslog",
		Repeats: true,
		Suffix:  "\n",
		Options: func() any { return &options{Late: "2s"} },
		Open:    open,
	}
}

func open(c feed.Config) (feed.Source, error) {
	own, ok := c.Own.(*options)
	if !ok {
		return nil, fmt.Errorf("options are %T, not those of kind relp", c.Own)
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
	h := stream.Hearing{
		Limit: c.FrameLimit, Format: c.Format, Late: late, Silence: silence, Log: c.Log,
		Repeats: true, Lags: true, Keeps: own.Keeps, Body: body,
		Frames: func(conn net.Conn, q *feed.Queue) stream.Frames {
			return newTalk(conn, q, c.FrameLimit, body)
		},
	}
	return h.Listener(own.ListenOptions)
}
