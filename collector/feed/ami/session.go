package ami

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

const (
	clockTolerance = time.Second                 // that the two clocks may differ before a person is told
	clockLimit     = time.Hour                   // that the upstream's may be ahead and be believed
	earliest       = 631_152_000 * record.Second // 1990: what shows less was never set
)

// A session is one login. One goroutine runs it, from the door's opening to
// its closing: it reads, and before each read it does what is due.
type session struct {
	*Source
	*talk
	door  feed.Door
	queue *feed.Queue

	pulse    pulse
	list     listing
	uptime   int64 // seconds, as FullyBooted said; negative while it has not
	leaving  bool  // the upstream said that it shuts down
	warnings warnings
	told     error // the warning that the queue has last heard
}

// warnings are what is not right although the feed is live; at most one of a kind.
type warnings struct{ time, clock, system error }

func (w warnings) first() error {
	for _, err := range []error{w.time, w.clock, w.system} {
		if err != nil {
			return err
		}
	}
	return nil
}

func newSession(s *Source, q *feed.Queue, door feed.Door) *session {
	return &session{Source: s, talk: newTalk(door, s.limit), door: door, queue: q, uptime: -1}
}

// run hears the upstream until the connection breaks or ctx ends. It says why
// as feed.Dialer.Run wants to hear it.
func (s *session) run(ctx context.Context) error {
	take := func(block []byte) error { return s.take(ctx, block) }
	if _, err := s.login(ctx, s.own, take); err != nil {
		return err
	}
	s.in.wait = func() error { return s.beforeRead(ctx) }
	err := s.hear(ctx)
	if ctx.Err() != nil {
		s.lastWord(context.WithoutCancel(ctx))
		s.goodbye()
	}
	if s.leaving && errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", feed.ErrShutdown, err)
	}
	return err
}

func (s *session) hear(ctx context.Context) error {
	s.ping(time.Now())
	s.list.id, _ = s.say("QueueStatus") // see ping
	for {
		if err := s.next(ctx); err != nil {
			return err
		}
	}
}

// next takes one block.
func (s *session) next(ctx context.Context) error {
	block, err := s.in.next()
	if errors.Is(err, errTooLong) {
		s.queue.Reject(feed.Rejected, "event longer than frame_limit", block, nil)
		return nil
	}
	if err != nil {
		return err
	}
	return s.take(ctx, block)
}

// beforeRead does what is due before a read that may block.
func (s *session) beforeRead(ctx context.Context) error {
	s.queue.Flush()
	now := time.Now()
	s.pulse.wake(now)
	if s.pulse.mute(now) {
		return &feed.Lost{Reason: feed.Mute, Err: fmt.Errorf("connected, but no answer to Ping for %s", answerTime)}
	}
	if s.pulse.due(now) {
		s.ping(now)
	}
	_ = s.conn.SetReadDeadline(s.pulse.listen()) // if it cannot be set, the read fails
	// Last, because whoever ended it interrupts only the reads of before.
	return ctx.Err()
}

// ping sends a Ping. That it cannot be sent is not yet the end: what the
// upstream said before it closed may still lie unread, and behind that reading
// fails by itself. At the worst, the answer that does not come ends the session.
func (s *session) ping(now time.Time) {
	_ = s.conn.SetWriteDeadline(now.Add(answerTime))
	id, _ := s.say("Ping")
	s.pulse.sent(id, now)
}

// take decides what becomes of a block.
func (s *session) take(ctx context.Context, block []byte) error {
	m := parse(block)
	switch {
	case m.response != nil:
		return s.response(block, m)
	case m.event == nil:
		s.queue.Reject(feed.Rejected, "neither an event nor an answer", block, nil)
	case m.actionID != nil:
		if string(m.actionID) == s.list.id && s.list.add(block, m, s.upstreamTime()) {
			s.queue.Snapshot(s.list.got)
			s.list = listing{}
		}
	case m.time == nil:
		s.untimed(block, m)
	default:
		return s.event(ctx, block, m)
	}
	return nil
}

// upstreamTime returns what the upstream's clock showed when it last told.
// Before that, ours has to do.
func (s *session) upstreamTime() record.Instant {
	if s.pulse.begun {
		return s.pulse.before
	}
	return record.At(time.Now())
}

// event makes a record of an event.
func (s *session) event(ctx context.Context, block []byte, m message) error {
	at, err := parseTime(m.time)
	if err != nil {
		s.queue.Reject(feed.Rejected, err.Error(), block, nil)
		return nil
	}
	s.notice(block, m)
	s.warnings.time = nil
	if err := s.queue.Record(ctx, record.New(at, 0, block), nil); err != nil {
		if errors.Is(err, feed.ErrOverrun) {
			return &feed.Lost{Reason: feed.Overrun, Err: err}
		}
		return err
	}
	s.report()
	return nil
}

// untimed takes an event without Timestamp. FullyBooted, said at each login,
// never has one.
func (s *session) untimed(block []byte, m message) {
	if string(m.event) == "FullyBooted" {
		s.notice(block, m)
		return
	}
	s.queue.Reject(feed.Rejected, errNoTime.Error(), block, nil)
	s.warnings.time = errNoTime
	s.report()
}

// notice learns of the upstream itself what an event says.
func (s *session) notice(block []byte, m message) {
	switch string(m.event) {
	case "FullyBooted":
		if up, ok := parseUptime(header(block, "Uptime")); ok {
			s.uptime = up
		}
	case "Shutdown":
		s.leaving = true
	}
	name := clip(m.system)
	if len(name) == 0 || string(name) == s.system {
		return
	}
	if s.system != "" {
		s.warnings.system = fmt.Errorf("the upstream calls itself %q, before it was %q: addresses must be doors to one upstream, another one is another feed",
			name, s.system)
	}
	s.system = string(name)
}

// response takes what answers one of our actions.
func (s *session) response(block []byte, m message) error {
	id := string(m.actionID)
	if id == "" || id != s.pulse.id {
		if err := accepted(block); err != nil && id == s.list.id {
			s.log.Warn("no snapshot of the queues", "address", s.door.Address, "err", err)
		}
		return nil
	}
	if err := accepted(block); err != nil {
		return &feed.Lost{Reason: feed.Refused, Err: fmt.Errorf("the upstream does not answer Ping: it says %w", err)}
	}
	now := record.At(time.Now())
	at, err := parseTime(m.time)
	if err != nil {
		return &feed.Lost{Reason: feed.Clock, Err: fmt.Errorf("the answer to Ping has no time: %w", err)}
	}
	if at < earliest || at > now.Add(clockLimit) {
		return &feed.Lost{Reason: feed.Clock, Err: fmt.Errorf("the upstream's clock shows %s, ours %s: set it right", at, now)}
	}
	s.answered(id, at, now)
	return nil
}

// answered moves the coverage by an answer to Ping.
func (s *session) answered(id string, at, now record.Instant) {
	begins, proven := s.pulse.answered(id, at)
	switch {
	case begins:
		s.begin(at)
	case proven > 0:
		s.queue.Proof(proven)
	}
	s.warnings.clock = clockWarning(at, now)
	s.report()
}

// begin opens the session in the queue.
func (s *session) begin(at record.Instant) {
	var run incarnation
	if s.uptime >= 0 {
		run = incarnationOf(at, s.uptime, s.heard)
		s.heard = run
	}
	s.queue.Begin(feed.Session{
		From:        at,
		Incarnation: run.name,
		UpSince:     run.since,
		Away:        s.door.Away,
	}, s.door.Address)
	s.told = nil
}

func clockWarning(upstream, ours record.Instant) error {
	differ := upstream.Sub(ours)
	if differ.Abs() <= clockTolerance {
		return nil
	}
	return fmt.Errorf("the upstream's clock differs from ours by %s: let both follow NTP", differ.Round(100*time.Millisecond))
}

// report tells the queue of a warning when it has changed.
func (s *session) report() {
	err := s.warnings.first()
	if err == s.told { //nolint:errorlint // the same one, not one like it
		return
	}
	s.told = err
	state := feed.Connecting
	if s.pulse.begun {
		state = feed.Live
	}
	s.queue.Report(feed.Health{State: state, Address: s.door.Address, Err: err})
}
