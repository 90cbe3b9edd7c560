package record_test

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

var bell = record.DigestOf([]byte("bell"))

func TestOrdinals(t *testing.T) {
	const s = record.Second
	type said struct {
		at   record.Instant
		what string
		want uint32
	}
	for name, all := range map[string][]said{
		"counts identical ones":              {{s, "a", 0}, {s, "a", 1}, {s, "b", 0}, {s, "a", 2}},
		"another time is another record":     {{s, "a", 0}, {s + 1, "a", 0}, {s, "a", 1}},
		"time may run backwards":             {{s, "a", 0}, {s - 4000, "a", 0}, {s, "a", 1}, {s - 4000, "a", 1}},
		"remembers for two seconds":          {{s, "a", 0}, {2 * s, "b", 0}, {3*s + 1, "b", 0}, {s, "a", 1}, {5 * s, "b", 0}, {s, "a", 2}},
		"across more than one generation":    {{s, "a", 0}, {s, "a", 1}, {4 * s, "b", 0}, {s, "a", 2}, {4 * s, "b", 1}},
		"one far ahead does not make forget": {{s, "a", 0}, {9 * s, "b", 0}, {s, "a", 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var o record.Ordinals
			for i, r := range all {
				if got := o.Next(r.at, record.DigestOf([]byte(r.what))); got != r.want {
					t.Errorf("record %d (%s at %d): ordinal %d, want %d", i, r.what, r.at, got, r.want)
				}
			}
		})
	}
}

// Records that are ordered by another time than their own, as calls are by
// their end, come back to an instant long after it.
func TestOrdinalsKeep(t *testing.T) {
	const keep = 100
	o := record.Ordinals{Keep: keep}
	o.Next(0, bell)
	for i := range record.Instant(keep - 1) {
		o.Next((i+1)*record.Hour, bell)
	}
	if n := o.Next(0, bell); n != 1 {
		t.Errorf("the last but %d has ordinal %d, want 1", keep, n)
	}
	for i := range record.Instant(3 * keep) {
		o.Next((i+1)*record.Hour+1, bell)
	}
	if n := o.Next(0, bell); n != 0 {
		t.Errorf("the first is still remembered: ordinal %d", n)
	}
}

// Whatever lies at most two seconds behind the newest is numbered as if
// everything were remembered.
func TestOrdinalsAgreeWithAFullCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o record.Ordinals
		full := map[record.Key]uint32{}
		var newest record.Instant
		for range rapid.IntRange(1, 200).Draw(t, "records") {
			newest += record.Instant(rapid.SampledFrom([]int64{0, 0, 1, 400_000, 1_900_000, 9_000_000}).Draw(t, "step"))
			at := newest - record.Instant(rapid.Int64Range(0, 4).Draw(t, "behind"))*record.Second/2
			k := record.Key{At: at, Digest: record.Digest{rapid.SampledFrom([]byte{1, 2}).Draw(t, "what")}}
			if got := o.Next(k.At, k.Digest); got != full[k] {
				t.Fatalf("%v: ordinal %d, want %d", k, got, full[k])
			}
			full[k]++
		}
	})
}

// A storm of distinct records within one instant must not make it forget the
// latest 65,536 of them, nor grow without end.
func TestOrdinalsAreBounded(t *testing.T) {
	const storm = 3 << 16
	var o record.Ordinals
	distinct := func(i int) (d record.Digest) {
		binary.BigEndian.PutUint64(d[:], uint64(i))
		return d
	}
	for i := range storm {
		o.Next(record.Second, distinct(i))
	}
	if n := o.Next(record.Second, distinct(storm-1<<16)); n != 1 {
		t.Errorf("the 65,536th last has ordinal %d, want 1", n)
	}
	if n := o.Next(record.Second, distinct(0)); n != 0 {
		t.Errorf("the first is still remembered: ordinal %d", n)
	}
}

// Whoever reads again from Reach numbers on exactly as if there had been no
// interruption.
func TestOrdinalsGoOnFromReach(t *testing.T) {
	type said struct {
		at record.Instant
		d  record.Digest
	}
	tell := func(o *record.Ordinals, place int, r said) uint32 {
		o.Place = int64(place)
		return o.Next(r.at, r.d)
	}
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) said {
			return said{record.Instant(rapid.Int64Range(0, 12).Draw(t, "at")) * record.Second / 2, bell}
		}), 2, 80).Draw(t, "all")
		stop := rapid.IntRange(1, len(all)-1).Draw(t, "stop")

		keep := rapid.IntRange(0, 8).Draw(t, "keep")
		whole, again := record.Ordinals{Keep: keep}, record.Ordinals{Keep: keep}
		for i, r := range all[:stop] {
			tell(&whole, i, r)
		}
		for i := int(whole.Reach()); i < stop; i++ {
			tell(&again, i, all[i])
		}
		for i := stop; i < len(all); i++ {
			if got, want := tell(&again, i, all[i]), tell(&whole, i, all[i]); got != want {
				t.Fatalf("record %d (at %d), stopped at %d: ordinal %d, want %d", i, all[i].at, stop, got, want)
			}
		}
	})
}
