package acd

import "github.com/twinctl/twin/collector/record"

// outcome says how a wait ended where AMI tells it apart from the end. It may
// come before the end; and after the joining of the next queue.
func (f *Fold) outcome(e *Event) {
	f.tells = true
	var how verdict
	switch e.Reason {
	case "full", "joinempty", "joinunavail":
		f.queue(e.At, e.Queue).Refused++
		return
	case "timeout":
		how = timedOut
	case "leaveempty", "leaveunavail":
		how = leftEmpty
	case "withdraw":
		how = abandoned
	default: // continue, which is of a talk
		return
	}
	l := f.legs[e.Leg]
	if l == nil {
		return
	}
	switch w := l.judged(e.At, f.slack); {
	case w != nil:
		f.judge(w, how)
		w.told = true
	case l.how == waiting:
		l.hint, l.hinted = how, e.At
	}
}

// judged returns the ended wait that an outcome is of, nil for none.
func (l *leg) judged(at, slack record.Instant) *wait {
	w := &l.wait
	if w.how == waiting {
		w = l.before(at, slack)
	}
	if w == nil || w.told {
		return nil
	}
	switch w.how {
	case abandoned, timedOut, leftEmpty, byKey, lost:
		return w
	case waiting, talking, done:
	}
	return nil
}

// billed takes the caller's bill for an outcome, where no other is told: who
// had done something else since the queue had not hung up in it.
func (f *Fold) billed(e *Event) {
	l := f.legs[e.Leg]
	if l == nil || f.tells || !f.provisional || e.Record == nil {
		return
	}
	if app := e.Record.Application; app == "" || app == "Queue" {
		return
	}
	if end := e.Record.End; end != 0 && end+2*lateEcho < l.joined {
		return // of something before the queue
	}
	switch {
	case l.how == abandoned && !l.told:
		f.judge(&l.wait, timedOut)
	case l.undecided():
		l.hint, l.hinted = timedOut, e.At
	}
}
