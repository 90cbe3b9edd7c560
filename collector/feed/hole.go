package feed

import "github.com/twinctl/twin/collector/record"

// A hole is a stretch of a session that begins behind what was heard before a
// rejection. It ends with the next record, with proof from after the rejection,
// or with the session. It is told when it begins, as short as can be, because
// a crash must not lose it, and in full length when it has ended.
type hole struct {
	Mark
	seen record.Instant // local time of the last rejection in it
	told int            // where it stands in the growing batch; -1 once that was taken
}

// taken notes that the batch that tells of the hole grows no more.
func (h *hole) taken() {
	if h != nil {
		h.told = -1
	}
}

// extendHole begins a hole in the session, if none is open, and keeps it open
// until proof from after now comes.
func (q *Queue) extendHole(why Reason, now record.Instant) {
	if !q.session {
		return // not heard anyway
	}
	if q.hole == nil {
		m := Mark{What: HoleMark, From: q.heardTo, Until: q.heardTo + 1, Reason: why}
		q.hole = &hole{Mark: m, told: len(q.batch.Marks)}
		q.batch.Marks = append(q.batch.Marks, m)
	}
	q.hole.seen = now
}

// endHole closes the hole, if one is open.
func (q *Queue) endHole(until record.Instant) {
	h := q.hole
	if h == nil {
		return
	}
	q.hole = nil
	h.Until = max(h.Until, until)
	if h.told >= 0 {
		q.batch.Marks[h.told] = h.Mark
		return
	}
	q.batch.Marks = append(q.batch.Marks, h.Mark)
}
