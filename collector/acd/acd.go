// Package acd understands what contact-centre feeds say: who waited how long,
// who answered, and what each agent did with the time. It is pure: no clock,
// no I/O, and the same records in key order always give the same counts.
//
// A Decoder makes events of records, and a Fold counts the events of a feed by
// these rules. Each count belongs to the interval of its own event's time.
//
// # Calls
//
//   - Each joining of a queue is one offered, so that an overflow is offered to
//     both queues: each of them had the caller to serve.
//   - A wait is as long as the upstream says, in whole seconds, for that is what
//     it tells people too; from joining to leaving where it does not say.
//   - AMI calls every wait without an answer abandoned at first, and tells by
//     an Outcome in what other way it ended; and one that was left by key is only
//     Left, like one that an answer follows. Such a wait is counted as what
//     it seems, and when more is told corrected in the interval where it ended.
//   - A site that does not listen for outcomes still has the caller's bill: who
//     did something else after the queue had not hung up in it. Once outcomes
//     are heard, bills are not asked, as they mislead where a dialplan works on
//     after the hang-up. Who joins another queue had not hung up either.
//   - A wait whose end never comes is lost: when the upstream begins anew, when
//     the caller joins another queue, and after a day. A restart is told, or
//     seen by the numbers of channels, which count from nothing again.
//   - Call detail records count nothing by themselves, be they of cdr_csv, smdr or
//     cucm_cdr: none tells what queue somebody waited in, and how long.
//   - A segment of ech tells all of its wait at its end, and is counted then. It
//     tells nothing of keys, of empty queues or of rings in vain: a report leaves
//     these out. Of agents it tells what they did, but not when: they have no
//     rows.
//
// # Agents
//
// An agent is in one of these at a time, so that the parts sum to the staffed
// time and no time is counted twice, in however many queues the agent is. Of
// several at once the first in this list is meant:
//
//   - talk: from connect to complete. A call that is answered ends the talk
//     before, if its end was not told; and a phone that falls idle does.
//   - ringing: from the call of the agent's phone to the answer, the ring in vain,
//     or the leaving of the call. Where only the length of a ring is told, after
//     it, the time before is taken from what it was counted as.
//   - other call: the phone is in use otherwise. It comes after ringing because
//     a phone is in use before its answer is told.
//   - paused: in any of the queues, for the reason of the pause that began last.
//   - available: all the rest, also if the phone of a member that was added
//     cannot be reached: the queue still counts on it.
//
// Staffed is who was added to a queue until removed from the last one, or from
// login to logoff. Members that are configured are never added; they are
// staffed while their phone can be reached. Who is called, answers or pauses in a
// queue is a member of it, though that was not heard.
//
// What an agent did before the first that is known of it in an interval, or
// since a restart, is unknown, except where that first is a login. Wrap-up is
// counted only where a feed tells of it, which none of these formats does.
//
// # Order
//
// Key order is nearly that of what happened: AMI may tell an event up to 4 ms
// before its cause, and a file with whole seconds anywhere within the second.
// An event that does not follow from what is known is held for that long, and
// then counted as it is: what it follows from was never told.
//
// # Knowledge
//
// All that a fold knows can be carried over to another one. It is bounded, and
// ends by itself: what was not heard of for a day is forgotten, at the next
// interval's border. So whoever counts anew from a border on will come to the
// same carry after a while, and can stop there.
package acd

import "github.com/twinctl/twin/collector/record"

// IntervalWidth is how long a stored interval is. All longer stretches are
// sums of intervals.
const IntervalWidth = 15 * record.Minute

// Interval returns the beginning of the interval that at lies in.
func Interval(at record.Instant) record.Instant {
	over := at % IntervalWidth
	if over < 0 {
		over += IntervalWidth
	}
	return at - over
}
