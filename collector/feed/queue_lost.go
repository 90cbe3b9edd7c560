package feed

import "github.com/twinctl/twin/collector/record"

// Lost counts a rejection of which nothing is left to keep: what was said in a
// stretch of this session and thrown away before anybody could read it. That is
// a hole, whatever is heard or proven of the same stretch.
func (q *Queue) Lost(why Reason, text string, s record.Span) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.quarantine(Rejection{Reason: why, Text: text})
	if q.session { // else it is not heard anyway
		q.tellHole(Mark{What: HoleMark, From: s.From, Until: s.To, Reason: why})
	}
	q.dueIn(batchAge)
}

// tellHole tells of a hole of which both ends are known. One that begins where the
// last one did is the same one, longer: a flood must not make a mark of each loss.
func (q *Queue) tellHole(m Mark) {
	if last := len(q.batch.Marks) - 1; last >= 0 {
		if l := &q.batch.Marks[last]; l.What == HoleMark && l.Reason == m.Reason && l.From == m.From {
			l.lengthen(m.Until)
			return
		}
	}
	q.batch.Marks = append(q.batch.Marks, m)
}
