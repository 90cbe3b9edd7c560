package acd

import (
	"strconv"
	"time"

	"github.com/twinctl/twin/collector/ech"
	"github.com/twinctl/twin/collector/record"
)

// How a segment of External Call History ended, as its column calldisp says.
const (
	echAnswered     = 2
	echAbandoned    = 3
	echInterflowed  = 4
	echBusy         = 5
	echDisconnected = 6
)

// decodeECH understands a record of External Call History, one segment of a
// call, in either form. Its first event is the leg; if the segment was disposed
// of in a split, what happened in that queue follows.
//
// All of it is told, and so counted, at the segment's end, after the agent's
// work for it: as the vendor's own interval reports have it. The queue is the
// number of the split that the segment was disposed in; who waited in several
// splits at once has waited once, and is offered once. The wait is the time in
// queues and the ringing, and never longer than until the disposition. A caller
// who was turned away before waiting was refused; one who left the split in
// another way than by an answer, or by hanging up, is told as timed out.
func decodeECH(dst []Event, raw []byte, at record.Instant) []Event {
	r, err := ech.Read(raw)
	if err != nil {
		return dst
	}
	e := Event{At: at, Wait: echWait(&r), Ring: echLength(&r, ech.RingTime)}
	e.nameECH(&r)
	how, _ := r.Number(ech.CallDisp)
	leg := e
	leg.Type, leg.Record = CallLeg, echBill(&r, at)
	dst = append(dst, leg)
	if e.Queue == "" || how <= 1 {
		return dst
	}
	if waited, known := r.Number(ech.QueueTime); (how == echBusy || how == echDisconnected) && known && waited == 0 {
		e.Type, e.Reason, e.Wait, e.Ring = Refused, echReason(how), Span{}, Span{}
		return append(dst, e)
	}
	joined := Event{At: at, Type: Offered, Queue: e.Queue, Call: e.Call, Leg: e.Leg, Caller: e.Caller}
	return e.endECH(append(dst, joined), &r, how)
}

// endECH appends how a wait ended, and the talk that came of it.
func (e *Event) endECH(dst []Event, r *ech.Record, how int64) []Event {
	switch how {
	case echAnswered:
		e.Type = Answered
		dst = append(dst, *e)
		e.Type, e.Ring, e.Talk, e.Reason = Completed, Span{}, echLength(r, ech.TalkTime), "caller"
		if released, _ := r.Number(ech.AgentReleased); released == 1 {
			e.Reason = "agent"
		}
		if moved, _ := r.Number(ech.Transferred); moved == 1 {
			e.Reason = transfer
		}
	case echAbandoned:
		e.Type, e.Ring = Abandoned, Span{}
	default:
		e.Type, e.Reason, e.Ring = TimedOut, echReason(how), Span{}
	}
	return append(dst, *e)
}

// nameECH fills in who and where.
func (e *Event) nameECH(r *ech.Record) {
	var t texts
	agent, caller := r.Text(ech.AnsLogID), r.Text(ech.CallingParty)
	t.grow(agent, caller)
	e.Agent, e.Caller = t.of(agent), t.of(caller)
	if id, known := r.Number(ech.CallID); known {
		e.Call = strconv.FormatInt(id, 10)
		segment, _ := r.Number(ech.Segment)
		e.Leg = e.Call + "/" + strconv.FormatInt(segment, 10)
	}
	if split, known := r.Number(ech.DispSplit); known && split != 0 {
		e.Queue = strconv.FormatInt(split, 10)
	}
}

// echBill returns the leg that a segment is. Its channel is the trunk that it
// came by, and its context the number that was called to reach the queue.
func echBill(r *ech.Record, at record.Instant) *CDR {
	var t texts
	how, known := r.Number(ech.CallDisp)
	channel, number, vdn, ucid := r.Text(ech.EqLoc), r.Text(ech.DialedNumber), r.Text(ech.DispVDN), r.Text(ech.UCID)
	t.grow(channel, number, vdn, ucid)
	c := &CDR{
		Channel: t.of(channel), Number: t.of(number), Context: t.of(vdn), Sequence: t.of(ucid),
		End: at, Duration: echLength(r, ech.Duration), Billed: echLength(r, ech.TalkTime),
	}
	if known {
		c.Disposition = echReason(how)
	}
	start, errStart := r.Time(ech.SegStart, time.UTC)
	stop, errStop := r.Time(ech.SegStop, time.UTC)
	if length := stop - start; errStart == nil && errStop == nil && start != 0 && length >= 0 && length <= longestSpan {
		c.Start = at - length
	}
	return c
}

// echReason returns the word for how a segment ended.
func echReason(how int64) string {
	switch how {
	case 1:
		return "connected"
	case echAnswered:
		return "answered"
	case echAbandoned:
		return "abandoned"
	case echInterflowed:
		return "interflowed"
	case echBusy:
		return "busy"
	case echDisconnected:
		return "disconnected"
	}
	return "other"
}

// echWait returns how long a segment waited in queues, and rang.
func echWait(r *ech.Record) Span {
	queued, rang := echLength(r, ech.QueueTime), echLength(r, ech.RingTime)
	if !queued.Known {
		return Span{}
	}
	wait := queued.Length + rang.Length
	if disposed := echLength(r, ech.DispTime); disposed.Length > 0 {
		wait = min(wait, disposed.Length)
	}
	return Spanning(min(wait, longestSpan))
}

// echLength returns a column of seconds.
func echLength(r *ech.Record, c ech.Column) Span {
	n, known := r.Number(c)
	if !known || n > int64(longestSpan/record.Second) {
		return Span{}
	}
	return Spanning(record.Instant(n) * record.Second)
}
