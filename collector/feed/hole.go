package feed

import "github.com/twinctl/twin/collector/record"

// A hole is a stretch of a session that begins behind what was heard before a
// rejection; see several for those of deliveries that come side by side. It ends
// with the next later record, with proof from after the rejection, or with the
// session. It is told when it begins, as short as can be, because a crash must
// not lose it, and in full length when it has ended.
//
// Proof may be of the upstream's clock, which may differ from ours, and tells
// of a time somewhat before it. So it is from after a rejection if it is the
// second one since, and of a later time than ours was.
type hole struct {
	Mark
	behind record.Instant // the record that ends it is later than this
	seen   record.Instant // local time of the last rejection in it
	proofs int            // since then
	told   int            // where it stands in the growing batch; -1 once that was taken
}

// proof notes that proof came, and tells whether it ends the hole.
func (h *hole) proof(until record.Instant) bool {
	if h == nil {
		return false
	}
	h.proofs++
	return h.proofs > 1 && until > h.seen
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
	if !q.session { // not heard anyway, unless by a session that begins with what was before
		q.early = spoilt{why, now}
		return
	}
	if q.several != nil {
		q.several.reject(&q.batch, q.proven, spoilt{why, now})
		return
	}
	if q.hole == nil {
		heard := max(q.proven, q.lastAt)
		from := min(heard, now) // one record of a clock that is ahead must not move it
		m := Mark{What: HoleMark, From: from, Until: from + 1, Reason: why}
		q.hole = &hole{Mark: m, behind: heard, told: len(q.batch.Marks)}
		q.batch.Marks = append(q.batch.Marks, m)
	}
	q.hole.seen, q.hole.proofs = now, 0
}

// endHole closes the hole, if one is open.
func (q *Queue) endHole(until record.Instant) {
	h := q.hole
	if h == nil {
		return
	}
	q.hole = nil
	if h.told >= 0 {
		q.batch.Marks[h.told].lengthen(until)
		return
	}
	h.lengthen(until)
	q.batch.Marks = append(q.batch.Marks, h.Mark)
}

// lengthen makes the mark of a hole reach so far.
func (m *Mark) lengthen(until record.Instant) { m.Until = max(m.Until, until) }
