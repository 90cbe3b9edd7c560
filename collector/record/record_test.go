package record_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

// keys draws keys that often agree in part.
func keys() *rapid.Generator[record.Key] {
	return rapid.Custom(func(t *rapid.T) record.Key {
		return record.Key{
			At:     record.Instant(rapid.Int64Range(-2, 2).Draw(t, "at")),
			Digest: record.Digest{0: rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0xff}).Draw(t, "first"), 15: rapid.Byte().Draw(t, "last")},
			N:      rapid.Uint32Range(0, 2).Draw(t, "n"),
		}
	})
}

func TestCompareIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := keys().Draw(t, "a"), keys().Draw(t, "b"), keys().Draw(t, "c")
		if a.Compare(b) != -b.Compare(a) {
			t.Fatalf("%v and %v: %d one way, %d the other", a, b, a.Compare(b), b.Compare(a))
		}
		if (a.Compare(b) == 0) != (a == b) {
			t.Fatalf("%v and %v: Compare %d", a, b, a.Compare(b))
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Fatalf("not transitive: %v, %v, %v", a, b, c)
		}
	})
}

func TestCompareGoesByTimeThenDigestThenOrdinal(t *testing.T) {
	inOrder := []record.Key{
		{At: -1, Digest: record.Digest{0xff}, N: 9},
		{At: 0, Digest: record.Digest{0x01}, N: 9},
		{At: 0, Digest: record.Digest{0x80}, N: 0},
		{At: 0, Digest: record.Digest{0x80}, N: 1},
		{At: 1},
	}
	shuffled := []record.Key{inOrder[3], inOrder[0], inOrder[4], inOrder[2], inOrder[1]}
	slices.SortFunc(shuffled, record.Key.Compare)
	if !slices.Equal(shuffled, inOrder) {
		t.Errorf("sorted %v, want %v", shuffled, inOrder)
	}
}

func TestNewDigestsTheRawBytes(t *testing.T) {
	r := record.New(7, 2, []byte("abc"))
	// The beginning of the well-known SHA-256 of "abc".
	if got, want := r.Digest.String(), "ba7816bf8f01cfea414140de5dae2223"; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	if r.At != 7 || r.N != 2 || !bytes.Equal(r.Raw, []byte("abc")) {
		t.Errorf("record %+v", r)
	}
}

func TestDigestSurvivesText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := record.DigestOf(rapid.SliceOf(rapid.Byte()).Draw(t, "raw"))
		got, err := record.ParseDigest(d.String())
		if err != nil || got != d {
			t.Fatalf("ParseDigest(%s) = %s, %v", d, got, err)
		}
	})
}

func TestParseDigestRefuses(t *testing.T) {
	for _, s := range []string{"", "ab", strings.Repeat("a", 31), strings.Repeat("a", 33), strings.Repeat("g", 32)} {
		if _, err := record.ParseDigest(s); err == nil || !strings.Contains(err.Error(), `"`+s+`"`) {
			t.Errorf("ParseDigest(%q): %v, want an error that names it", s, err)
		}
	}
}
