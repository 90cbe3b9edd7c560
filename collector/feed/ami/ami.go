// Package ami hears an Asterisk through its manager interface.
//
//   - The upstream's own time is the Timestamp header (seconds and
//     microseconds), which timestampevents = yes in manager.conf turns on. An
//     event without it is rejected, and the health of the feed says so.
//   - The canonical bytes are the event's lines with their line ends, without
//     the last one and without the blank line.
//   - Asterisk tells every client the same events, so ordinals are always 0.
//     What answers this client alone is no record: responses, and events with
//     an ActionID. One such answer is worth having: how the queues stand, asked
//     for after each login, goes to the queue as a feed.Snapshot.
//   - Coverage is proven by Ping, whose answer carries Asterisk's clock: the
//     first answer begins a session at its time, and each further one proves
//     that everything up to the answer before it was heard. (Not up to itself:
//     events overtake each other by some milliseconds.) Who leaves in order
//     says two more, so that nothing counts as missed that was heard.
//   - There is no position: what is not heard is gone, until the twin fills it.
//   - A mute upstream is one that leaves a Ping unanswered for four seconds.
//     Pings are five seconds apart, so that it is noticed within ten.
//   - Asterisk drops a client that does not read, so it cannot be made to wait:
//     a full queue ends the session with the reason "overrun".
package ami

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/secret"
)

// Options are the keys of this kind.
type Options struct {
	feed.DialOptions
	Username   string `toml:"username"`
	SecretFile string `toml:"secret_file"` // 0600; read at each login
	Events     string `toml:"events"`      // classes, as in manager.conf's read
	Auth       string `toml:"auth"`        // "md5" or "plain"
}

const defaultPreferFirst = 3

// Kind describes the Asterisk Manager Interface.
func Kind() feed.Kind {
	return feed.Kind{
		Name:     "ami",
		Code:     1,
		Formats:  []string{"ami"},
		Format:   "ami",
		Repeats:  true,
		Overruns: true,
		Suffix:   "\r\n\r\n",
		Options: func() any {
			return &Options{
				DialOptions: feed.DialOptions{PreferFirst: defaultPreferFirst},
				Events:      "agent,cdr,system,dialplan",
				Auth:        "md5",
			}
		},
		Open: open,
	}
}

// A Source hears one Asterisk.
type Source struct {
	own    Options
	limit  int
	dialer *feed.Dialer
	log    *slog.Logger

	heard  incarnation // of the latest session; serve's own
	system string      // the SystemName that events carry; serve's own
}

func open(c feed.Config) (feed.Source, error) {
	own, ok := c.Own.(*Options)
	if !ok {
		return nil, fmt.Errorf("feed %s: options are %T, want *ami.Options", c.Name, c.Own)
	}
	if err := own.check(); err != nil {
		return nil, err
	}
	dialer, err := own.Dialer(c.Log)
	if err != nil {
		return nil, err
	}
	dialer.Probe = probe
	return &Source{own: *own, limit: c.FrameLimit, dialer: dialer, log: c.Log}, nil
}

func (o *Options) check() error {
	if o.Username == "" {
		return &feed.KeyError{Key: "username", Err: errors.New("missing: want a user of Asterisk's manager.conf")}
	}
	if !oneLine(o.Username) {
		return &feed.KeyError{Key: "username", Err: fmt.Errorf("%q: want no control characters", o.Username)}
	}
	if o.Events == "" || !oneLine(o.Events) {
		return &feed.KeyError{Key: "events", Err: fmt.Errorf("%q: want classes, as \"agent,cdr,system,dialplan\"", o.Events)}
	}
	if o.Auth != "md5" && o.Auth != "plain" {
		return &feed.KeyError{Key: "auth", Err: fmt.Errorf("%q: want \"md5\" or \"plain\"", o.Auth)}
	}
	if o.SecretFile == "" {
		return &feed.KeyError{Key: "secret_file", Err: errors.New("missing: want the name of a file that holds the secret of manager.conf")}
	}
	if _, err := secret.Read(o.SecretFile); err != nil {
		return &feed.KeyError{Key: "secret_file", Err: err}
	}
	return nil
}

// oneLine tells whether s can be the value of a header: what breaks lines
// would be read as a further header.
func oneLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Run hears the upstream until ctx ends. It reconnects by itself; see feed.Dialer.
func (s *Source) Run(ctx context.Context, _ feed.Start, q *feed.Queue) error {
	return s.dialer.Run(ctx, q, func(ctx context.Context, door feed.Door) error {
		return newSession(s, q, door).run(ctx)
	})
}
