package feed

import "github.com/twinctl/twin/collector/record"

const (
	chunkSize   = 256 << 10 // raw bytes are kept in chunks of this size
	spareChunks = 16        // chunks that wait to be used again
	spareSlots  = 16 << 10  // records for which room is kept
)

// An arena holds the memory of a queue's batches. What a batch took is used
// again once it is stored: at hundreds of thousands of records a second the
// garbage would otherwise cost more memory than the records.
type arena struct {
	growing, storing, spare [][]byte        // chunks
	stored, unused          []record.Record // of the batch being stored, and of one before
}

// keep returns a copy of raw.
func (a *arena) keep(raw []byte) []byte {
	last := len(a.growing) - 1
	if last < 0 || cap(a.growing[last])-len(a.growing[last]) < len(raw) {
		a.growing = append(a.growing, a.chunk(len(raw)))
		last++
	}
	c := a.growing[last]
	at := len(c)
	c = append(c, raw...)
	a.growing[last] = c
	return c[at:len(c):len(c)]
}

// chunk returns an empty chunk for at least size bytes.
func (a *arena) chunk(size int) []byte {
	last := len(a.spare) - 1
	if size > chunkSize || last < 0 {
		return make([]byte, 0, max(chunkSize, size))
	}
	c := a.spare[last]
	a.spare = a.spare[:last]
	return c[:0]
}

// take notes that the growing batch, with those records, is being stored, and
// returns room for the records of the next.
func (a *arena) take(records []record.Record) []record.Record {
	a.storing, a.growing = a.growing, a.storing[:0]
	a.stored = records
	room := a.unused
	a.unused = nil
	return room
}

// free takes back what the batch that was stored had.
func (a *arena) free() {
	for _, c := range a.storing {
		if cap(c) == chunkSize && len(a.spare) < spareChunks {
			a.spare = append(a.spare, c)
		}
	}
	clear(a.storing)
	a.storing = a.storing[:0]
	if clear(a.stored); cap(a.stored) <= spareSlots {
		a.unused = a.stored[:0]
	}
	a.stored = nil
}
