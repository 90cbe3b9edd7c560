package acd

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/record"
)

// An incarnation is how far the numbers of an Asterisk's channels have come: a
// Uniqueid is the system's name, if it has one, the second of its making, and
// a counter that begins anew with the program.
type incarnation struct {
	system          string
	second, counter int64
}

// bootSlack is how many seconds an upstream's clock may be set back without
// looking like a restart.
const bootSlack = 2

// incarnationOf reads a Uniqueid, as 1795226032.8 or pbx1-1795226032.8.
func incarnationOf(leg string) (b incarnation, ok bool) {
	if i := strings.LastIndexByte(leg, '-'); i >= 0 {
		b.system, leg = leg[:i], leg[i+1:]
	}
	second, counter, ok := strings.Cut(leg, ".")
	if !ok {
		return b, false
	}
	var err error
	if b.second, err = strconv.ParseInt(second, 10, 64); err != nil {
		return b, false
	}
	b.counter, err = strconv.ParseInt(counter, 10, 64)
	return b, err == nil
}

// boots notices a restart that was not told: a channel of later whose number
// is lower. It ends calls alone: what is known of agents may have been heard
// since.
func (f *Fold) boots(e *Event) {
	b, ok := incarnationOf(e.Leg)
	switch {
	case !ok:
	case b.system != f.boot.system: // who feeds several systems tells of restarts, or does not
		f.boot = b
	case b.counter < f.boot.counter:
		if b.second > f.boot.second+bootSlack {
			f.boot = b
			f.drop(e.At)
		}
	case b.second >= f.boot.second:
		f.boot = b
	}
}

// restart ends all calls, and what was known of agents. What was told with the
// time of the restart itself is of after it: no upstream is that quick.
func (f *Fold) restart(at record.Instant) {
	f.release(at + f.slack) // what was told before is of before
	f.drop(at)
	f.boot, f.restarted = incarnation{}, at
	for name, a := range f.agents {
		if a.heard < at {
			f.account(a, at)
			delete(f.agents, name)
		}
	}
}

// drop ends all calls. Those that were put out in an orderly way may still
// tell how they ended.
func (f *Fold) drop(at record.Instant) {
	if at == f.dropped {
		return
	}
	before := f.lasting
	f.lasting, f.dropped = map[string]*leg{}, at // one that was large is slow to look through
	for id, l := range before {
		if l.changed >= at {
			f.lasting[id] = l
			continue
		}
		f.hush(l, id, at)
		switch l.how {
		case waiting:
			if l.joined == 0 {
				delete(f.legs, id)
				continue
			}
			f.finish(l, lost, at, Span{})
		case talking:
			f.talkOver(l.agent, id, at)
			l.how, l.ended = done, at
		default:
		}
	}
}

// forget ends what is known of a leg.
func (f *Fold) forget(id string, l *leg, at record.Instant) {
	f.hush(l, id, at)
	if l.how == waiting && l.joined != 0 {
		f.finish(l, lost, at, Span{})
	}
	if l.how == talking {
		f.talkOver(l.agent, id, at)
	}
	delete(f.legs, id)
	delete(f.lasting, id)
}

// makeRoom makes room for a leg by forgetting those of whom nothing was heard for
// longest.
func (f *Fold) makeRoom(at record.Instant) {
	if len(f.legs) < manyLegs {
		return
	}
	for _, id := range eldest(f.legs, func(l *leg) record.Instant { return l.changed }) {
		f.forget(id, f.legs[id], at)
	}
}

// eldest returns the names of a quarter of them, in order.
func eldest[T any](of map[string]*T, heard func(*T) record.Instant) []string {
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(heard(of[a]), heard(of[b])), cmp.Compare(a, b))
	})
	return names[:len(names)/4]
}
