package demo

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/feed/replay"
)

// ErrFeed is returned for feeds that the demo cannot have.
var ErrFeed = errors.New("want ami, tail, relp or tail,relp")

// A way is how what the upstream says comes to the servers: a feed that both
// have. What is counted is the first of them.
type way struct {
	kind   string
	feed   string // its name
	events int    // of the recording
	how    string // what a person is told of it
	waits  string // where what is said waits for a server that is away; "" where it does not
}

// ways returns those that are asked for, as "tail,relp".
func ways(kinds string) ([]way, error) {
	var all []way
	for kind := range strings.SplitSeq(kinds, ",") {
		w := way{kind: kind, feed: feedName, events: recordingLines}
		switch kind {
		case replay.AMI:
			w.events, w.how = recordingEvents, fmt.Sprintf("%d events", recordingEvents)
		case replay.Tail:
			w.how, w.waits = fmt.Sprintf("%d lines of a queue_log that grows and is rotated", recordingLines), "in the file"
		case replay.RELP:
			w.how, w.waits = fmt.Sprintf("%d lines of a queue_log, sent by RELP", recordingLines), "at the sender"
		default:
			return nil, fmt.Errorf("demo: feed %q: %w", kinds, ErrFeed)
		}
		if slices.ContainsFunc(all, func(o way) bool { return o.kind == kind || !o.keeps() || !w.keeps() }) {
			return nil, fmt.Errorf("demo: feed %q: %w", kinds, ErrFeed)
		}
		if len(all) > 0 {
			w.feed += "-" + kind
		}
		all = append(all, w)
	}
	return all, nil
}

// keeps tells whether what is said while a server is away comes to it later.
func (w way) keeps() bool { return w.waits != "" }

// keeping tells whether the ways keep it: all do, or there is ami alone.
func keeping(ways []way) bool { return ways[0].keeps() }

// listed says something of each way.
func listed(ways []way, what func(way) string) string {
	var said []string
	for _, w := range ways {
		said = append(said, what(w))
	}
	return strings.Join(said, ", and ")
}

// section is the way's feed in a server's twin.toml. Where is what it dials,
// follows or listens on.
func (w way) section(where string, several bool) string {
	text := fmt.Sprintf("[[feed]]\nname        = %q\nkind        = %q\n", w.feed, w.kind)
	if w.keeps() {
		text += "format      = \"queue_log\"\n"
	}
	if several {
		text += fmt.Sprintf("source      = %q\n", feedName)
	}
	switch w.kind {
	case replay.Tail:
		return text + fmt.Sprintf("path        = %q\n", where)
	case replay.RELP:
		return text + fmt.Sprintf("listen      = %q\nkeeps       = true\n", where)
	default:
		return text + fmt.Sprintf("addresses   = [%q]\nusername    = %q\nsecret_file = \"pbx.secret\"\n", "tcp://"+where, user)
	}
}
