package record

// How far behind the newest one an instant may lie and still be remembered,
// and how many distinct records are remembered at the most.
const (
	ordinalWindow = 2 * Second
	ordinalCap    = 1 << 16
)

// Ordinals counts identical records with the same time within one delivery:
// one connection, or one file. The source counts, never the database, so that
// both twins number alike whatever they had stored before.
//
// Upstreams do not speak strictly in order of time, so the counts of a little
// while are kept: those of at least the last two seconds of upstream time and
// of the last Keep distinct records, or of the last 65,536 when there are more.
// The zero value is a new delivery.
type Ordinals struct {
	// Place is where the next record stands in what a source can read again:
	// see Reach. Other sources leave it alone.
	Place int64
	// Keep is how many distinct records are remembered at the least, however
	// far apart their times: for upstreams that order what they say by another
	// time than its own.
	Keep int

	young, old counts
}

// counts are those of the records from a certain one on.
type counts struct {
	of    map[timed]uint32
	since Instant // the time of the first of them
	reach int64   // the place of the earliest record that they rest upon
}

type timed struct {
	at     Instant
	digest Digest
}

// Next returns the ordinal of the record with that time and digest, and counts it.
func (o *Ordinals) Next(at Instant, d Digest) uint32 {
	known := len(o.young.of)
	if o.young.of == nil || known >= ordinalCap || known >= o.Keep && at-o.young.since > ordinalWindow {
		o.old, o.young = o.young, counts{make(map[timed]uint32), at, o.Place}
	}
	k := timed{at, d}
	n, ok := o.young.of[k]
	if !ok {
		if n, ok = o.old.of[k]; ok {
			o.young.reach = min(o.young.reach, o.old.reach)
		}
	}
	o.young.of[k] = n + 1
	return n
}

// Reach returns the place from which on a new Ordinals must be told the
// records again in order to number on exactly like this one.
func (o *Ordinals) Reach() int64 {
	if o.old.of == nil {
		return o.young.reach
	}
	return min(o.young.reach, o.old.reach)
}
