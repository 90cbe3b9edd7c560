package files

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A fault is what is wrong with a file, for people to see while it lasts.
type fault struct {
	text  string
	state mark // of the file, while it stays where it is; 0 where it does not
	since time.Time
}

// showFault is how long a fault of a file that is not there any more is shown.
const showFault = 24 * time.Hour

func (r *reader) blame(text string, state mark) { r.wrong = fault{text, state, time.Now()} }

// stands tells whether there is a fault to show.
func (r *reader) stands(now time.Time) bool {
	f := r.wrong
	switch {
	case f.text == "":
		return false
	case f.state == 0 || r.ledger.moves:
		return now.Sub(f.since) < showFault
	}
	return r.ledger.knows(f.state)
}

// lose says that something was written which cannot be read any more.
func (r *reader) lose(why error) {
	r.log.Warn("records may be lost", "err", why)
	r.blame(why.Error(), 0)
	r.goOn()
	r.voice.Reject(feed.Rejected, why.Error(), nil, nil)
}

// listening tells whether a session is open. One may have been ended by whoever
// watches over the reader.
func (r *reader) listening() bool { return r.session && !r.voice.Hung() }

// goOn begins a session, if none is open and nothing was missed.
func (r *reader) goOn() {
	if !r.listening() && r.resumed {
		r.begins(r.covered)
	}
}

// hear begins a session, if none is, with a record of that time which is about
// to be told.
func (r *reader) hear(when record.Instant) {
	r.goOn()
	if !r.listening() && when > r.covered {
		r.begins(min(when, record.At(time.Now())))
	}
}

// tellSkipped tells of calls that are missing. Where no session is open yet, the
// one to come has that hole.
func (r *reader) tellSkipped() {
	if !r.listening() {
		return
	}
	for _, m := range r.skipped {
		r.voice.Missing(m)
		r.pos.Absent.Await(m)
	}
	r.skipped = nil
}

// begins opens a session, if none is; first is the first instant that it hears.
// A file may be read again, and then its records come again.
func (r *reader) begins(first record.Instant) {
	if r.listening() {
		return
	}
	r.voice.Begin(feed.Session{From: first, Continues: r.resumed, Again: true, Several: true}, r.place)
	r.session, r.resumed, r.away, r.pos.Mute = true, true, time.Time{}, false
	r.covered = max(r.covered, first)
}

// prove tells the queue up to when everything was heard, after a look that began
// at that time.
func (r *reader) prove(began time.Time) {
	r.away = time.Time{}
	if r.quiet(began) {
		return
	}
	r.goOn()
	heard := r.ledger.heard(began)
	if !heard.IsZero() {
		at := record.At(heard)
		r.begins(at)
		if at > r.covered {
			r.covered = at
			r.voice.Proof(at)
		}
		if r.listening() { // else it is told to the next session
			r.skips(betweenFiles, r.pos.Series.Due(at))
		}
	}
	r.tellSkipped()
	if !r.listening() {
		return
	}
	health := feed.Health{State: feed.Live, Address: r.place}
	if r.stands(began) {
		health.Err = errors.New(r.wrong.text)
	}
	r.voice.Report(health)
}

// quiet tells whether nothing new has come for longer than it may: then the
// session is over, until something comes. What was not heard lies between what was
// proven and the first record of that, whoever failed to write it.
func (r *reader) quiet(now time.Time) bool {
	if r.silence == 0 || !r.pos.Mute && now.Sub(r.came) < r.silence {
		return false
	}
	why := fmt.Errorf("nothing new came for %s", r.silence)
	if !r.pos.Mute {
		r.log.Warn("feed is down: its directory is mute", "path", r.place, "err", why)
		r.session, r.resumed, r.pos.Mute = false, false, true
		r.advance() // a restart would go on as if nothing had been missed
	}
	r.voice.End(feed.Mute, why)
	r.voice.Report(feed.Health{State: feed.Down, Address: r.place, Err: why})
	return true
}

// missing tells the queue that the directory cannot be read at present, and
// returns when to try again. Only when that lasts, the session is over.
func (r *reader) missing(err error) time.Duration {
	now := time.Now()
	if r.away.IsZero() {
		r.away, r.told = now, ""
	}
	reason := feed.Unreachable
	if lost, ok := errors.AsType[*feed.Lost](err); ok {
		reason, err = lost.Reason, lost.Err
	}
	if err.Error() != r.told {
		r.told = err.Error()
		r.log.Warn("cannot read the directory", "path", r.place, "err", err)
	}
	if r.listening() && now.Sub(r.away) >= feed.Patience {
		r.log.Warn("feed is down: its directory stays away", "path", r.place, "err", err)
		r.session = false
		r.voice.End(reason, err)
	}
	if !r.listening() {
		r.voice.Report(feed.Health{State: feed.Down, Address: r.place, Err: fmt.Errorf("waiting for the directory: %w", err)})
	}
	if reason == feed.Refused {
		return refusedWait
	}
	return min(r.poll, retryAfter)
}
