package acd

import (
	"bytes"

	"github.com/twinctl/twin/collector/cucm"
	"github.com/twinctl/twin/collector/record"
)

// decodeCUCM understands a call detail record of a Unified Communications
// Manager, one leg of a call. The call is the number of the server that it began
// at and its number there. Of queues it tells nothing.
func decodeCUCM(dst []Event, raw []byte, at record.Instant) []Event {
	r, err := cucm.Read(raw)
	if err != nil {
		return dst
	}
	var t texts
	id := trim(r[cucm.CallID])
	if server := trim(r[cucm.ManagerID]); len(server) > 0 && len(id) > 0 {
		id = bytes.Join([][]byte{server, id}, []byte{'-'})
	}
	t.grow(id, r[cucm.UniqueID], r[cucm.CallingNumber], r[cucm.OrigDevice], r[cucm.DestDevice], r[cucm.DestDevice],
		r[cucm.CalledNumber], r[cucm.FinalNumber], r[cucm.DestCause])
	e := Event{
		At: at, Type: CallLeg, Call: t.of(id), Leg: t.of(r[cucm.UniqueID]), Caller: t.of(r[cucm.CallingNumber]),
		Interface: t.of(r[cucm.DestDevice]),
		Record: &CDR{
			Channel: t.of(r[cucm.OrigDevice]), Destination: t.of(r[cucm.DestDevice]), Number: t.of(r[cucm.CalledNumber]),
			Data: t.of(r[cucm.FinalNumber]), Disposition: t.of(r[cucm.DestCause]), End: at, Billed: seconds(r[cucm.Duration]),
		},
	}
	if start, known := r.Time(cucm.Origination); known && start <= at && at-start <= longestSpan {
		e.Record.Start, e.Record.Duration = start, Spanning(at-start)
	}
	if answer, known := r.Time(cucm.Connect); known && answer <= at && at-answer <= longestSpan {
		e.Record.Answer = answer
	}
	return append(dst, e)
}
