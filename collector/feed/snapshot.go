package feed

import "github.com/twinctl/twin/collector/record"

// A Snapshot is how things stood when a source asked: what its upstream
// answered to this client alone. It is no record, twins do not compare it, and
// it is stored nowhere.
type Snapshot struct {
	At      record.Instant // by the upstream's clock, at the latest: when it began to answer
	Answers [][]byte       // as records are; the source bounds them
	Cut     bool           // there was more: what is not in it may be there all the same
}

// Snapshot hands over how things stand between the records that were told
// before and those that will be. Only the latest is kept until it is taken.
func (q *Queue) Snapshot(s Snapshot) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batch.Snapshot, q.batch.After = &s, len(q.batch.Records)
	q.makeDue()
}
