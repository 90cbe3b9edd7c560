package bundle

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// noise returns bytes that do not repeat.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

// resume sends what is missing at the other end, and returns what it holds then.
func resume(t *testing.T, m Manifest, text, held []byte) []byte {
	t.Helper()
	missing, err := m.Missing(bytes.NewReader(held))
	if err != nil {
		t.Fatal(err)
	}
	extents, err := m.Extents(missing)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, m.Size)
	copy(got, held)
	for _, e := range extents {
		copy(got[e.At:], text[e.At:e.At+e.Size])
	}
	return got
}

func TestPiecesResumeAfterACutAnywhere(t *testing.T) {
	text := noise(2*PieceSize + 77)
	m := ManifestOf(text)
	if err := m.Check(); err != nil || len(m.Pieces) != 3 {
		t.Fatalf("%d pieces: %v", len(m.Pieces), err)
	}
	cuts := []int{0, 1, PieceSize - 1, PieceSize, PieceSize + 1, 2 * PieceSize, len(text) - 1, len(text)}
	for range 24 {
		cuts = append(cuts, rand.IntN(len(text)))
	}
	for _, cut := range cuts {
		missing, err := m.Missing(bytes.NewReader(text[:cut]))
		if err != nil {
			t.Fatal(err)
		}
		want := []int{0, 1, 2}[min(cut/PieceSize, 2):]
		if cut == len(text) {
			want = nil
		}
		if !slices.Equal(missing, want) {
			t.Errorf("cut at %d: pieces %v are missing, want %v", cut, missing, want)
		}
		if got := resume(t, m, text, text[:cut]); DigestOf(got) != m.Name {
			t.Errorf("cut at %d: what was sent is not the bundle", cut)
		}
	}
}

// A small bundle has one piece: every cut, and every byte that rots.
func TestASmallBundleResumesAfterACutAtEachByte(t *testing.T) {
	text := encoded(t, sample())
	m := ManifestOf(text)
	for cut := range len(text) + 1 {
		if got := resume(t, m, text, text[:cut]); !bytes.Equal(got, text) {
			t.Fatalf("cut at %d: what was sent is not the bundle", cut)
		}
	}
	for at := range text {
		bad := bytes.Clone(text)
		bad[at]++
		if missing, err := m.Missing(bytes.NewReader(bad)); err != nil || len(missing) != 1 {
			t.Fatalf("byte %d rots: %v are missing, %v", at, missing, err)
		}
	}
	// An older spool may be longer: what is behind the bundle is not its own.
	if missing, err := m.Missing(bytes.NewReader(append(bytes.Clone(text), "more"...))); err != nil || len(missing) != 0 {
		t.Errorf("with more behind it: %v are missing, %v", missing, err)
	}
}

type broken struct{}

var errBroken = errors.New("broken disk")

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

func TestADiskThatCannotBeReadIsNoMissingPiece(t *testing.T) {
	if _, err := ManifestOf([]byte("x")).Missing(broken{}); !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
}

func TestManifestsThatCannotBe(t *testing.T) {
	good := ManifestOf(noise(PieceSize + 1))
	for name, m := range map[string]Manifest{
		"nothing":         {},
		"negative":        {Size: -1},
		"too large":       {Size: MaxBytes + 1, Pieces: make([]Digest, MaxBytes/PieceSize+1)},
		"too few pieces":  {Name: good.Name, Size: good.Size, Pieces: good.Pieces[:1]},
		"one of another":  {Name: good.Name, Size: 1, Pieces: good.Pieces[:1]},
		"too many pieces": {Name: good.Name, Size: good.Size, Pieces: append(good.Pieces, Digest{})},
	} {
		if err := m.Check(); !errors.Is(err, ErrBundle) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDigests(t *testing.T) {
	d := DigestOf([]byte("x"))
	var got Digest
	if err := got.UnmarshalText([]byte(d.String())); err != nil || got != d || len(d.Short()) != 8 {
		t.Errorf("%v, %v", got, err)
	}
	upper := bytes.ToUpper([]byte(d.String()))
	for _, bad := range []string{"", "ab", string(upper), d.String() + "0", "../" + d.String()[3:], "\n" + d.String()[1:]} {
		var none Digest
		if err := none.UnmarshalText([]byte(bad)); err == nil || none != (Digest{}) {
			t.Errorf("%q: %v, %v", bad, none, err)
		}
	}
}

func TestExtents(t *testing.T) {
	m := ManifestOf(noise(3*PieceSize + 5))
	for _, c := range []struct {
		missing []int
		want    []Extent
	}{
		{nil, nil},
		{[]int{0, 1, 2, 3}, []Extent{{m.Name, 0, m.Size}}},
		{[]int{3}, []Extent{{m.Name, 3 * PieceSize, 5}}},
		{[]int{0, 2, 3}, []Extent{{m.Name, 0, PieceSize}, {m.Name, 2 * PieceSize, PieceSize + 5}}},
		{[]int{1, 2}, []Extent{{m.Name, PieceSize, 2 * PieceSize}}},
	} {
		got, err := m.Extents(c.missing)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%v: %v (-want +got)\n%s", c.missing, err, diff)
		}
		for _, e := range got {
			if again, err := ParseExtent(e.Path()); err != nil || again != e {
				t.Errorf("%s: %v, %v", e.Path(), again, err)
			}
		}
	}
	for _, bad := range [][]int{{-1}, {4}, {1, 1}, {2, 1}} {
		if got, err := m.Extents(bad); !errors.Is(err, ErrBundle) || got != nil {
			t.Errorf("%v: %v, %v", bad, got, err)
		}
	}
}

func TestPathsThatAreNone(t *testing.T) {
	name := DigestOf(nil).String()
	for _, bad := range []string{
		"", "bundles", "bundles/" + name, "bundles/x/0/1", "other/" + name + "/0/1", "/bundles/" + name + "/0/1",
		"bundles/" + name + "/0/0", "bundles/" + name + "/0/-1", "bundles/" + name + "/1/1", "bundles/" + name + "/00/1",
		"bundles/" + name + "/0/1/", "bundles/" + name + "/0/+1", "bundles/../" + name + "/0/1", "bundles/" + name + "/0/67108865",
		"bundles/" + name + "/67108864/1", "bundles/" + name + "/9223372036853727232/1048576", "bundles/" + name + "/0/1\n",
	} {
		if e, err := ParseExtent(bad); !errors.Is(err, ErrBundle) || e != (Extent{}) {
			t.Errorf("%q: %v, %v", bad, e, err)
		}
	}
}
