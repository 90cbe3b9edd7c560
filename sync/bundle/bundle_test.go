package bundle

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/fixtures/draws"
)

func hashed(text string) admin.Hash {
	return admin.Row{Kind: "queue", Key: text, Body: admin.Body{"title": text}}.Hash()
}

// sample is a bundle with an entry of each type.
func sample() *Bundle {
	return &Bundle{
		Pair: "pair", Sender: "cms-a", Drift: admin.Root{3}, Head: audit.Head{ID: 5, Hash: audit.Hash{6}}, Epoch: 3, From: 411, To: 412, BaseRoot: admin.Root{1}, TargetRoot: admin.Root{2},
		Catalogue: 1, Author: "anna", Kinds: []string{"queue", "agent"},
		Ops: []admin.Op{
			{Kind: "agent", Key: "100", New: admin.Body{"title": "Ann \x1b[31m'; DROP", "number": int64(7), "aliases": []string{"PJSIP/100"}}},
			{Kind: "queue", Key: "sales", Old: hashed("was"), New: admin.Body{"on": true}},
			{Kind: "queue", Key: "../../x", Old: hashed("gone")},
			{Kind: "queue", Key: "both", Old: hashed("both"), Same: true},
			{Kind: "agent", Key: "neither", Same: true},
		},
	}
}

func encoded(t testing.TB, b *Bundle) []byte {
	t.Helper()
	text, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestABundleIsReadAsItWasWritten(t *testing.T) {
	b := sample()
	text := encoded(t, b)
	got, err := Read(DigestOf(text), text)
	if err != nil {
		t.Fatal(err)
	}
	want := sample()
	want.Ops = []admin.Op{b.Ops[2], b.Ops[3], b.Ops[1], b.Ops[0], b.Ops[4]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	facts := admin.Facts{
		Pair: "pair", Epoch: 3, Catalogue: 1, From: 411, To: 412, BaseRoot: admin.Root{1}, Drift: admin.Root{3}, Target: admin.Root{2},
		Bundle: audit.Hash(DigestOf(text)), Bytes: int64(len(text)), Sender: "cms-a", Head: want.Head,
	}
	if diff := cmp.Diff(facts, got.Facts(text)); diff != "" {
		t.Errorf("facts (-want +got)\n%s", diff)
	}
	counts := []Count{{Kind: "queue", Changed: 1, Removed: 1, Agreed: 1}, {Kind: "agent", Added: 1, Agreed: 1}}
	if diff := cmp.Diff(counts, got.Counts()); diff != "" {
		t.Errorf("counts (-want +got)\n%s", diff)
	}
}

func TestOneByteAlteredIsRefused(t *testing.T) {
	text := encoded(t, sample())
	name := DigestOf(text)
	for at := range text {
		for bit := range 8 {
			bad := bytes.Clone(text)
			bad[at] ^= 1 << bit
			if _, err := Read(name, bad); !errors.Is(err, ErrBundle) {
				t.Fatalf("byte %d, bit %d: %v", at, bit, err)
			}
		}
		if _, err := Read(name, text[:at]); !errors.Is(err, ErrBundle) {
			t.Fatalf("cut at %d: %v", at, err)
		}
		// Also under a name that fits it: half a bundle is none.
		if _, err := Read(DigestOf(text[:at]), text[:at]); !errors.Is(err, ErrBundle) {
			t.Fatalf("cut at %d, renamed: %v", at, err)
		}
	}
	longer := append(bytes.Clone(text), 0)
	if _, err := Read(DigestOf(longer), longer); !errors.Is(err, ErrBundle) {
		t.Errorf("with a byte behind it: %v", err)
	}
}

// plainOf returns what a bundle is before it is compressed.
func plainOf(t testing.TB, b *Bundle) []byte {
	t.Helper()
	all, err := b.entries()
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if err := b.write(&plain, all); err != nil {
		t.Fatal(err)
	}
	return plain.Bytes()
}

// packed compresses what need not be a bundle, and names it.
func packed(t testing.TB, plain []byte) (Digest, []byte) {
	t.Helper()
	out := bytes.NewBufferString(magic)
	w, err := flate.NewWriter(out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(plain)
	w.Close()
	return DigestOf(out.Bytes()), out.Bytes()
}

func TestWhatNoEncoderWritesIsRefused(t *testing.T) {
	all, err := sample().entries()
	if err != nil {
		t.Fatal(err)
	}
	write := func(change func(b *Bundle, all []entry) []entry) []byte {
		b := sample()
		var plain bytes.Buffer
		if err := b.write(&plain, change(b, slices.Clone(all))); err != nil {
			t.Fatal(err)
		}
		return plain.Bytes()
	}
	good := plainOf(t, sample())
	rewrite := func(from, to string) []byte {
		if !bytes.Contains(good, []byte(from)) || len(from) != len(to) {
			t.Fatalf("%q for %q cannot be", to, from)
		}
		return bytes.Replace(good, []byte(from), []byte(to), 1)
	}
	last := len(good) - 1
	for name, plain := range map[string][]byte{
		"nothing":                  {},
		"rows out of order":        write(func(_ *Bundle, all []entry) []entry { slices.Reverse(all); return all }),
		"a row twice":              write(func(_ *Bundle, all []entry) []entry { return append(all[:1], all...) }),
		"a row less than counted":  write(func(_ *Bundle, all []entry) []entry { return all[1:] }),
		"a row more than counted":  write(func(_ *Bundle, all []entry) []entry { return append(all, entry{kind: 1, key: "z", same: true}) }),
		"a kind that is not there": write(func(_ *Bundle, all []entry) []entry { return append(all, entry{kind: 2, key: "z", same: true}) }),
		"a key that is not UTF-8":  write(func(_ *Bundle, all []entry) []entry { all[4].key = "\xff"; return all }),
		"no body":                  write(func(_ *Bundle, all []entry) []entry { all[3].body = []byte("null"); return all }),
		"a body in another form":   write(func(_ *Bundle, all []entry) []entry { all[3].body = []byte(`{ "on":true}`); return all }),
		"a body that says twice":   write(func(_ *Bundle, all []entry) []entry { all[3].body = []byte(`{"on":true,"on":true}`); return all }),
		"nothing removed":          write(func(_ *Bundle, all []entry) []entry { all[0].hash = admin.Hash{}; return all }),
		"backwards":                write(func(b *Bundle, all []entry) []entry { b.To = b.From; return all }),
		"a negative epoch":         write(func(b *Bundle, all []entry) []entry { b.Epoch = -1; return all }),
		"a header in another form": rewrite(`{"pair":"pair"`, `{"Pair":"pair"`),
		"a header with more in it": rewrite(`"pair":"pair"`, `"pear":"pair"`),
		"another count at the end": append(bytes.Clone(good[:last]), good[last]+1),
		"more behind the end":      append(bytes.Clone(good), 0),
		"an unknown entry":         append(bytes.Clone(good[:last-4]), 9, 0, 0, 0, 0),
		"a header too long":        append(binary.BigEndian.AppendUint32(nil, maxHeader+1), good[4:]...),
	} {
		digest, text := packed(t, plain)
		if _, err := Read(digest, text); !errors.Is(err, ErrBundle) {
			t.Errorf("%s: %v", name, err)
		}
	}
	digest, text := packed(t, good)
	if _, err := Read(digest, text); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestABundleThatUnpacksToTooMuchIsRefused(t *testing.T) {
	b := sample()
	p := &plainReader{r: bytes.NewReader(plainOf(t, b)), left: 100}
	if _, err := parse(p); !errors.Is(err, errEndless) {
		t.Errorf("parse: %v", err)
	}
	if _, err := Read(Digest{}, make([]byte, MaxBytes+1)); !errors.Is(err, ErrBundle) || !strings.Contains(err.Error(), "at most") {
		t.Errorf("read: %v", err)
	}
}

func TestBundlesThatAreTooLargeAreNotWritten(t *testing.T) {
	if draws.Raced {
		t.Skip("one goroutine")
	}
	for name, change := range map[string]func(*Bundle){
		"a long key":      func(b *Bundle) { b.Ops[0].Key = strings.Repeat("k", maxKey+1) },
		"a long body":     func(b *Bundle) { b.Ops[0].New = admin.Body{"title": strings.Repeat("k", admin.MaxBody)} },
		"a long author":   func(b *Bundle) { b.Author = strings.Repeat("k", maxHeader) },
		"many rows":       func(b *Bundle) { b.Ops, b.Kinds = agreeing(MaxRows+1), []string{"queue"} },
		"many large rows": func(b *Bundle) { b.Ops, b.Kinds = large(maxPlain/admin.MaxBody+9), []string{"queue"} },
	} {
		b := sample()
		change(b)
		if _, err := b.Encode(); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBundlesThatCannotBeAreNotWritten(t *testing.T) {
	for name, change := range map[string]func(*Bundle){
		"a row twice":             func(b *Bundle) { b.Ops[3].Key = "sales" },
		"a kind that is not said": func(b *Bundle) { b.Kinds = b.Kinds[:1] },
		"a kind said twice":       func(b *Bundle) { b.Kinds[1] = "queue" },
		"a kind for nothing":      func(b *Bundle) { b.Kinds = append(b.Kinds, "user") },
		"nothing removed":         func(b *Bundle) { b.Ops[2].Old = admin.Hash{} },
		"the same and not":        func(b *Bundle) { b.Ops[1].Same = true },
	} {
		b := sample()
		change(b)
		if _, err := b.Encode(); !errors.Is(err, ErrBundle) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func agreeing(n int) []admin.Op {
	all := make([]admin.Op, n)
	for i := range all {
		all[i] = admin.Op{Kind: "queue", Key: fmt.Sprint(i), Same: true}
	}
	return all
}

func large(n int) []admin.Op {
	body := admin.Body{"title": strings.Repeat("k", admin.MaxBody-100)}
	all := make([]admin.Op, n)
	for i := range all {
		all[i] = admin.Op{Kind: "queue", Key: fmt.Sprint(i), New: body}
	}
	return all
}

func drawBundle(t *rapid.T) *Bundle {
	b := &Bundle{
		Pair: rapid.String().Draw(t, "pair"), Epoch: rapid.Int64Range(0, 9).Draw(t, "epoch"), From: rapid.Int64Range(0, 9).Draw(t, "from"),
		Catalogue: rapid.Int().Draw(t, "catalogue"), Author: rapid.String().Draw(t, "author"),
	}
	b.To = b.From + rapid.Int64Range(1, 9).Draw(t, "to")
	for _, key := range rapid.SliceOfNDistinct(rapid.String(), 0, 12, rapid.ID).Draw(t, "keys") {
		kind := rapid.SampledFrom([]string{"queue", "agent", "user"}).Draw(t, "kind")
		if !slices.Contains(b.Kinds, kind) {
			b.Kinds = append(b.Kinds, kind)
		}
		old := hashed(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "old"))
		switch rapid.IntRange(0, 3).Draw(t, "what") {
		case 0:
			b.Ops = append(b.Ops, admin.Op{Kind: kind, Key: key, New: drawBody(t)})
		case 1:
			b.Ops = append(b.Ops, admin.Op{Kind: kind, Key: key, Old: old, New: drawBody(t)})
		case 2:
			b.Ops = append(b.Ops, admin.Op{Kind: kind, Key: key, Old: old})
		default:
			b.Ops = append(b.Ops, admin.Op{Kind: kind, Key: key, Old: old, Same: true})
		}
	}
	return b
}

func drawBody(t *rapid.T) admin.Body {
	body := admin.Body{}
	for _, field := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,4}`), 0, 4, rapid.ID).Draw(t, "fields") {
		body[field] = rapid.OneOf(
			rapid.Just[any]("Grüße <&>   \x1b"), rapid.Just[any](int64(-9)), rapid.Just[any](true), rapid.Just[any]([]string{"", "x"}),
		).Draw(t, "value")
	}
	return body
}

func TestBundlesHaveOneForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBundle(t)
		text, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		name := DigestOf(text)
		got, err := Read(name, text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := got.Encode()
		if err != nil || !bytes.Equal(again, text) {
			t.Fatalf("read and written again it is another: %v", err)
		}
		b.Ops = rapid.Permutation(b.Ops).Draw(t, "ops")
		if other, err := b.Encode(); err != nil || DigestOf(other) != name {
			t.Fatalf("in another order it has another name: %v", err)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(encoded(f, sample()))
	f.Add(encoded(f, &Bundle{To: 1}))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := Read(DigestOf(text), text)
		if err != nil {
			if !errors.Is(err, ErrBundle) {
				t.Errorf("%v is no ErrBundle", err)
			}
			return
		}
		if _, err := b.Encode(); err != nil {
			t.Errorf("it was read, and cannot be written: %v", err)
		}
	})
}

// FuzzParse goes past the compression, of which random bytes rarely are any.
func FuzzParse(f *testing.F) {
	f.Add(plainOf(f, sample()))
	f.Add(plainOf(f, &Bundle{To: 1}))
	f.Fuzz(func(t *testing.T, plain []byte) {
		b, err := parse(&plainReader{r: bytes.NewReader(plain), left: maxPlain})
		if err != nil {
			return
		}
		if !bytes.Equal(plainOf(t, b), plain) {
			t.Errorf("%q is another bundle when it is written again", plain)
		}
	})
}
