package acd

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// Carry returns all that the fold knows, for RestoreFold: nil for nothing.
// Folds that will count alike from here on have the same carry, byte for byte,
// so that who counts anew can tell when the rest need not be.
func (f *Fold) Carry() []byte {
	if !f.known() {
		return nil
	}
	w := carryWriter{[]byte{FoldVersion}}
	w.instant(f.now)
	w.instant(f.heard)
	w.instant(f.restarted)
	w.text(f.boot.system)
	w.number(f.boot.second)
	w.number(f.boot.counter)
	w.flag(f.tells)
	w.size(len(f.legs))
	for _, id := range slices.Sorted(maps.Keys(f.legs)) {
		w.text(id)
		w.leg(f.legs[id])
	}
	w.size(len(f.agents))
	for _, name := range slices.Sorted(maps.Keys(f.agents)) {
		w.agent(f.agents[name])
	}
	w.size(len(f.held))
	for i := range f.held {
		w.event(&f.held[i])
	}
	return w.b
}

// A carryWriter appends what a fold knows: numbers as varints, texts after
// their length, lists after how many there are.
type carryWriter struct{ b []byte }

func (w *carryWriter) number(n int64)           { w.b = binary.AppendVarint(w.b, n) }
func (w *carryWriter) instant(i record.Instant) { w.number(int64(i)) }
func (w *carryWriter) size(n int)               { w.b = binary.AppendUvarint(w.b, uint64(n)) }

func (w *carryWriter) flag(on bool) {
	if on {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

func (w *carryWriter) text(s string) {
	w.size(len(s))
	w.b = append(w.b, s...)
}

func (w *carryWriter) texts(list []string) {
	w.size(len(list))
	for _, s := range list {
		w.text(s)
	}
}

func (w *carryWriter) span(s Span) {
	w.flag(s.Known)
	w.instant(s.Length)
}

func (w *carryWriter) leg(l *leg) {
	w.wait(&l.wait)
	w.wait(&l.former)
	w.instant(l.changed)
	w.b = append(w.b, byte(l.hint))
	w.instant(l.hinted)
	w.texts(l.rings)
}

func (w *carryWriter) wait(t *wait) {
	w.text(t.queue)
	w.instant(t.joined)
	w.instant(t.ended)
	w.b = append(w.b, byte(t.how))
	w.span(t.length)
	w.flag(t.told)
	w.flag(t.out)
	w.text(t.agent)
	if w.texts(t.ceased); len(t.ceased) > 0 {
		w.instant(t.ceasedAt)
	}
}

func (w *carryWriter) agent(a *agent) {
	w.text(a.name)
	w.instant(a.heard)
	w.instant(a.counted)
	w.segment(&a.segment)
	w.segment(&a.before)
	w.size(len(a.queues))
	for _, m := range a.queues {
		w.text(m.queue)
		w.text(m.phone)
		w.b = append(w.b, byte(m.as))
		w.instant(m.until)
		w.flag(m.paused)
		w.text(m.why)
		w.instant(m.turned)
	}
	w.size(len(a.phones))
	for _, p := range a.phones {
		w.text(p.name)
		w.text(string(p.state))
		w.instant(p.idle)
	}
	w.texts(a.rings)
	w.text(a.talk)
	if w.flag(a.talking); a.talking {
		w.instant(a.answered)
	}
}

// segment writes of one what may still turn out to be something else.
func (w *carryWriter) segment(s *segment) {
	w.b = append(w.b, byte(s.doing))
	w.instant(s.since)
	if s.doing == available || s.doing == inPause {
		w.text(s.why)
		w.instant(s.rungFrom)
		w.instant(s.rungTo)
	}
}

// event writes of a held event what is counted by.
func (w *carryWriter) event(e *Event) {
	w.instant(e.At)
	for _, s := range []string{string(e.Type), e.Queue, e.Agent, e.Interface, e.Leg, e.Reason, string(e.Device)} {
		w.text(s)
	}
	for _, s := range []Span{e.Wait, e.Ring, e.Talk} {
		w.span(s)
	}
	w.flag(e.Paused != nil)
	w.flag(e.Paused != nil && *e.Paused)
	w.flag(e.Static)
}
