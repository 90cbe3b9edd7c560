package record

// A Tally is what is known of a set of records without looking at each: how
// many there are, and the sum of their digests. Two sets with the same tally
// are taken to be the same. Tallies compare with ==; the zero value is that of
// no records.
type Tally struct {
	Count int64 `json:"count"`
	Sum   Sum   `json:"sum"` // 32 hex digits as text
}

// Add returns the tally of the set and one more record with that digest.
func (t Tally) Add(d Digest) Tally { return Tally{t.Count + 1, t.Sum.Add(d)} }

// Plus returns the tally of both sets, which share no record.
func (t Tally) Plus(o Tally) Tally { return Tally{t.Count + o.Count, t.Sum.Plus(o.Sum)} }
