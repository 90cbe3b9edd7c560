// Package feed is the contract between an upstream and the collector: what a
// kind of feed must tell, and what all kinds share (the queue, the ordered
// address list, back-off, formats, framing).
//
// # A further kind
//
// A kind is how records come: one package below this one, and one line in the
// literal list of package collector. It answers eight questions, in its own
// package comment and in its [Kind]:
//
//   - Where does the upstream's own time stand? What has none is not a record.
//   - What are the canonical bytes? Framing and line ends come off first, so
//     that both twins keep, and digest, the same.
//   - What does the upstream send again? If it repeats itself after a
//     reconnect, every record has ordinal 0 (Repeats). Otherwise the source
//     numbers identical records of one delivery with record.Ordinals.
//   - What proves coverage, and up to which instant? Proof is what the
//     upstream showed, never what we hope.
//   - What is the position to go on from, if there is any (Resumes)?
//   - How is a mute or half-open upstream noticed within ten seconds, without
//     TCP's help?
//   - Does it speak in order of time? What comes in several deliveries does not,
//     and its sessions say so (Several): what is rejected then may be of any time
//     that is not proven yet.
//   - Can the upstream be made to wait? If so a full queue does that. If not
//     (Overruns), a full queue ends the session with the reason "overrun".
//
// A format is what a record looks like; it does not depend on the kind.
package feed

import (
	"context"
	"errors"
	"log/slog"

	"github.com/twinctl/twin/collector/record"
)

// A Kind describes one way in which records come.
type Kind struct {
	Name     string   // as in twin.toml
	Code     int      // as in the record table; never reused
	Formats  []string // the formats that it can carry; nil means any
	Format   string   // the format when none is configured; "" means it must be said
	Repeats  bool     // the upstream says again after a reconnect what it said before
	Resumes  bool     // goes on from a stored position, so that a stop leaves no gap
	Overruns bool     // the upstream cannot be made to wait
	Unproven bool     // nothing acknowledges what it says: its coverage is what was listened to
	Suffix   string   // what stood behind each record on the wire: the framing, for export

	// Options returns a pointer to a struct with toml tags and the defaults set:
	// the keys that this kind alone understands.
	Options func() any
	// Open checks the configuration and returns the source. It neither dials
	// nor opens. An error should be a *KeyError where a key is to blame.
	Open func(Config) (Source, error)
}

// Config is what a kind gets to make a source of.
type Config struct {
	Options        // what all kinds understand
	Own     any    // what Kind.Options returned, filled in
	Format  Format // the format that was asked for
	Log     *slog.Logger
	// Reach opens the storage of another machine: what it takes lies above all
	// feeds. It dials, and retries nothing; its errors are *Lost.
	Reach func(context.Context, Remote) (Storage, error)
}

// A Source hears one upstream. Run tells the queue everything that it hears,
// reconnects by itself, and returns nil once ctx has ended and all that it
// started has stopped. An error means that it cannot go on at all. It always
// leaves with the session ended.
type Source interface {
	Run(ctx context.Context, from Start, q *Queue) error
}

// A Tester is a source that can examine its upstream for a person who asks
// what is wrong. With login false it stops short of logging in, because the
// upstream serves one session of a feed at a time.
type Tester interface {
	Test(ctx context.Context, login bool) []Check
}

// A Check is one line of a test's answer.
type Check struct {
	Name   string  `json:"name"`
	Result Verdict `json:"result"`
	Text   string  `json:"text"` // what was seen and, unless it is fine, the way out
	Cause  error   `json:"-"`    // why it failed, where a program can tell more of that; or nil
}

// A Verdict is the outcome of a Check.
type Verdict string

// The verdicts.
const (
	Pass Verdict = "pass"
	Warn Verdict = "warn"
	Fail Verdict = "fail"
)

// Start is where a source goes on.
type Start struct {
	Position     []byte         // what was stored with the last record; nil at first
	CoveredUntil record.Instant // zero at first
}

// A Reason is why a stretch of a feed was not heard, in one word that scripts
// can rely on.
type Reason string

// The reasons that stand in the gap list.
const (
	Stopped     Reason = "stopped"     // twind was stopped, or the feed taken out
	Reconnect   Reason = "reconnect"   // we began anew: a person asked, its section changed, or an earlier address answers again
	Misconfig   Reason = "config"      // it cannot be heard as it is configured, or its port is taken
	Crashed     Reason = "crashed"     // twind died without a last word
	Unreachable Reason = "unreachable" // no address answered, or the upstream closed
	Mute        Reason = "mute"        // connected, but nothing came back any more
	Refused     Reason = "refused"     // the upstream does not let us in
	Paused      Reason = "paused"      // a person paused the feed
	Overrun     Reason = "overrun"     // it spoke faster than could be stored, or over more connections than are heard
	DiskFull    Reason = "disk_full"   // there was no room to store it
	Rejected    Reason = "rejected"    // a frame or record that cannot be kept
	Clock       Reason = "clock"       // a time that cannot be true
	Skipped     Reason = "skipped"     // the upstream numbers its calls, and some numbers did not come
	NoUpstream  Reason = "no_upstream" // the upstream said that it shuts down, and was away
)

// ErrOverrun is returned by Queue.Record when the queue is full and the
// upstream cannot be made to wait. The source ends its session.
var ErrOverrun = errors.New("queue is full and the upstream cannot wait")

// A KeyError blames one key of a feed's section in twin.toml.
type KeyError struct {
	Key string // as written there, relative to the section: "addresses", "time.zone"
	Err error
}

func (e *KeyError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *KeyError) Unwrap() error { return e.Err }
