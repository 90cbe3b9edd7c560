package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// Between these a time can be true, as far as the queue is concerned; ahead is
// by how much it may lie after now.
var earliest = record.At(time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC))

const ahead = time.Hour

// lost says that lines were written which cannot be read any more.
func (f *follower) lost(why error) {
	f.log.Warn("lines may be lost", "path", f.path, "err", why)
	f.voice.End(feed.Unreachable, why)
	f.session, f.pos.LostAt = false, time.Now().UnixMicro()
}

// listening tells whether a session is open. One may have been ended by whoever
// watches over the follower.
func (f *follower) listening() bool { return f.session && !f.voice.Hung() }

// continues tells whether nothing was missed since covered.
func (f *follower) continues() bool { return f.covered != 0 && f.pos.LostAt == 0 }

// goOn begins a session, if none is open and nothing was missed.
func (f *follower) goOn() {
	if !f.listening() && f.continues() {
		f.begin(f.covered)
	}
}

// hear begins a session, if none is, with a line of that time which is about to
// be told. Not every line shows since when all is heard: a time that cannot be
// true does not, nor one from before a loss. Then the end of the file will.
func (f *follower) hear(when record.Instant) {
	f.goOn()
	if f.listening() {
		return
	}
	now := record.At(f.file.readAt)
	if when <= max(f.covered, earliest) || when > now.Add(ahead) {
		return
	}
	if f.pos.LostAt != 0 {
		when += record.Second // where times are whole seconds, what was lost may have this one
	}
	f.begin(min(when, now))
}

// begin opens a session, if none is; first is the first instant that it hears.
// It tells the position: a loss is over.
func (f *follower) begin(first record.Instant) {
	if f.listening() {
		return
	}
	f.voice.Begin(feed.Session{From: first, Continues: f.continues()}, f.path)
	f.session, f.away = true, time.Time{}
	f.covered = max(f.covered, first)
	if f.pos.LostAt != 0 {
		f.pos.LostAt = 0
		f.advance()
	}
}

// advance tells q the position without a line.
func (f *follower) advance() {
	f.encoded = f.pos.appendTo(f.encoded[:0])
	f.voice.Advance(f.encoded)
}

// prove tells q up to when everything was heard. At most once a second: proof
// costs a commit.
func (f *follower) prove() {
	f.away = time.Time{}
	f.goOn()
	f.begin(max(record.At(f.file.readAt).Add(-behind), record.Instant(f.pos.LostAt)))
	if f.file.readAt.Sub(f.proven) < time.Second {
		return
	}
	f.proven = f.file.readAt
	until := f.proven
	if opened := f.file.opened; !opened.IsZero() {
		until = opened
	}
	if at := record.At(until).Add(-behind); at > f.covered {
		f.covered = at
		f.voice.Proof(at)
	}
}

// missing tells q that the file cannot be read at present. Only when that
// lasts, the session is over.
func (f *follower) missing(err error) {
	now := time.Now()
	if f.away.IsZero() {
		f.away, f.told = now, ""
	}
	f.tellOnce(err)
	err = fmt.Errorf("waiting for the file: %w", err)
	if f.listening() && now.Sub(f.away) < feed.Patience {
		return
	}
	if f.listening() {
		f.log.Warn("feed is down: the file stays away", "path", f.path, "err", err)
		f.session = false
		f.voice.End(feed.Unreachable, err)
	}
	state := feed.Down
	if errors.Is(err, fs.ErrNotExist) && (f.pos == nil || now.Sub(f.away) < feed.Patience) {
		state = feed.Connecting
	}
	f.voice.Report(feed.Health{State: state, Address: f.path, Err: err})
}

// tellOnce logs why the file cannot be read, unless it did so last. One that is
// not there yet may well come; whatever else is wrong wants a person.
func (f *follower) tellOnce(why error) {
	if why.Error() == f.told {
		return
	}
	f.told = why.Error()
	if errors.Is(why, fs.ErrNotExist) {
		f.log.Info("waiting for the file", "path", f.path, "err", why)
		return
	}
	f.log.Warn("cannot read the file", "path", f.path, "err", why)
}
