package acd

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/record"
)

// errCarry is what is wrong with a carry that this program did not write, or
// that came to harm.
var errCarry = errors.New("it cannot be read")

// RestoreFold returns the fold of a format's events that had the carry. One of
// another FoldVersion is refused.
func RestoreFold(format string, carry []byte) (*Fold, error) {
	f := NewFold(format)
	if len(carry) == 0 {
		return f, nil
	}
	if carry[0] != FoldVersion {
		return nil, fmt.Errorf("carry of a fold: it is of version %d, not %d", carry[0], FoldVersion)
	}
	r := carryReader{b: carry[1:]}
	f.now, f.heard, f.restarted = r.instant(), r.instant(), r.instant()
	f.boot = incarnation{r.text(), r.number(), r.number()}
	f.tells = r.flag()
	for range r.size() {
		id := r.text()
		f.legs[id] = r.leg()
		f.lasting[id] = f.legs[id]
	}
	for range r.size() {
		a := r.agent()
		f.agents[a.name] = a
	}
	for range r.size() {
		f.held = append(f.held, r.event())
	}
	if r.bad || len(r.b) > 0 || f.heard > f.now || f.now-f.heard > silence+IntervalWidth {
		return nil, fmt.Errorf("carry of a fold: %w", errCarry)
	}
	return f, nil
}

// A carryReader takes a carry apart. Once something is wrong, all else is zero.
type carryReader struct {
	b   []byte
	bad bool
}

func (r *carryReader) fail() {
	r.b, r.bad = nil, true
}

func (r *carryReader) number() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *carryReader) instant() record.Instant { return record.Instant(r.number()) }

// size reads how many follow, each of at least a byte.
func (r *carryReader) size() int {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > uint64(len(r.b)-size) {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return int(n)
}

func (r *carryReader) small() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *carryReader) flag() bool { return r.small() == 1 }

func (r *carryReader) text() string {
	n := r.size()
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *carryReader) texts() []string {
	var list []string
	for range r.size() {
		list = append(list, r.text())
	}
	return list
}

func (r *carryReader) span() Span {
	known := r.flag()
	return Span{r.instant(), known}
}

func (r *carryReader) leg() *leg {
	return &leg{
		wait:    r.wait(),
		former:  r.wait(),
		changed: r.instant(),
		hint:    verdict(r.small()),
		hinted:  r.instant(),
		rings:   r.texts(),
	}
}

func (r *carryReader) wait() wait {
	w := wait{
		queue:  r.text(),
		joined: r.instant(),
		ended:  r.instant(),
		how:    verdict(r.small()),
		length: r.span(),
		told:   r.flag(),
		out:    r.flag(),
		agent:  r.text(),
		ceased: r.texts(),
	}
	if len(w.ceased) > 0 {
		w.ceasedAt = r.instant()
	}
	return w
}

func (r *carryReader) agent() *agent {
	a := &agent{
		name:    r.text(),
		heard:   r.instant(),
		counted: r.instant(),
		segment: r.segment(),
		before:  r.segment(),
		met:     true,
	}
	for range r.size() {
		a.queues = append(a.queues, member{
			queue:  r.text(),
			phone:  r.text(),
			as:     belonging(r.small()),
			until:  r.instant(),
			paused: r.flag(),
			why:    r.text(),
			turned: r.instant(),
		})
	}
	for range r.size() {
		a.phones = append(a.phones, phone{r.text(), Device(r.text()), r.instant()})
	}
	a.rings = r.texts()
	a.talk, a.talking = r.text(), r.flag()
	if a.talking {
		a.answered = r.instant()
	}
	return a
}

func (r *carryReader) segment() segment {
	s := segment{doing: doing(r.small()), since: r.instant()}
	if s.doing == available || s.doing == inPause {
		s.why = r.text()
		s.rungFrom, s.rungTo = r.instant(), r.instant()
	}
	return s
}

func (r *carryReader) event() Event {
	e := Event{At: r.instant(), Type: Type(r.text()), Queue: r.text(), Agent: r.text(), Interface: r.text(), Leg: r.text()}
	e.Reason, e.Device = r.text(), Device(r.text())
	e.Wait, e.Ring, e.Talk = r.span(), r.span(), r.span()
	told, on := r.flag(), r.flag()
	if told {
		e.Paused = &on
	}
	e.Static = r.flag()
	return e
}
