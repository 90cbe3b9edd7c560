package feed

import "context"

// Told returns how many records and rejections were told so far: a mark for
// Stored, up to which whatever was told before lies.
func (q *Queue) Told() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.told
}

// Stored waits until everything that was told up to the mark is stored: on
// disk, the rejections too, so that it may be acknowledged to the upstream. It
// does not hurry that on; Flush does. It returns the mark up to which all is
// stored, which may be a later one. The error is ctx's.
func (q *Queue) Stored(ctx context.Context, mark uint64) (uint64, error) {
	for {
		q.mu.Lock()
		stored, room := q.stored, q.room
		q.mu.Unlock()
		if stored >= mark {
			return stored, nil
		}
		select {
		case <-room:
		case <-ctx.Done():
			return stored, ctx.Err()
		}
	}
}
