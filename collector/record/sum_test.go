package record_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

func digests() *rapid.Generator[record.Digest] {
	return rapid.Custom(func(t *rapid.T) record.Digest {
		return record.Digest(rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.Just[byte](0xff)), 16, 16).Draw(t, "digest"))
	})
}

func TestSumIsTheSumInWhateverOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(digests()).Draw(t, "all")
		var sum record.Sum
		want := new(big.Int)
		for _, d := range all {
			sum = sum.Add(d)
			want.Add(want, new(big.Int).SetBytes(d[:]))
		}
		want.Mod(want, new(big.Int).Lsh(big.NewInt(1), 128))
		if b := sum.Bytes(); new(big.Int).SetBytes(b[:]).Cmp(want) != 0 {
			t.Fatalf("sum %x, want %x", b, want)
		}

		var left, right record.Sum
		for i, d := range rapid.Permutation(all).Draw(t, "shuffled") {
			if i%2 == 0 {
				left = left.Add(d)
			} else {
				right = right.Add(d)
			}
		}
		if left.Plus(right) != sum || right.Plus(left) != sum {
			t.Fatal("the sum depends on order or grouping")
		}
	})
}

func TestSumCountsRepeats(t *testing.T) {
	d := record.DigestOf([]byte("again"))
	once := record.Sum{}.Add(d)
	twice := once.Add(d)
	if twice == (record.Sum{}) || twice == once || once != record.SumFrom(d) {
		t.Errorf("none %v, once %v, twice %v", record.Sum{}, once, twice)
	}
}

func TestSumSurvivesBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := record.SumFrom(digests().Draw(t, "a")).Add(digests().Draw(t, "b"))
		if got := record.SumFrom(s.Bytes()); got != s {
			t.Fatalf("%v became %v", s, got)
		}
	})
}
