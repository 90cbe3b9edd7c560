package feed_test

import (
	"encoding"
	"testing"
)

// A kept is a part of a position.
type kept[T any] interface {
	*T
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}

// stored is what is kept, after a restart.
func stored[T any, P kept[T]](t testing.TB, it P) P {
	t.Helper()
	text, err := it.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	again := P(new(T))
	if err := again.UnmarshalText(text); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return again
}

// fuzzStored reads what may be stored: what is taken comes out as it went in.
func fuzzStored[T any, P kept[T]](f *testing.F, it P) {
	text, _ := it.MarshalText()
	f.Add(text)
	f.Add([]byte("Bw=="))
	f.Add([]byte("?"))
	f.Fuzz(func(t *testing.T, text []byte) {
		it := P(new(T))
		if it.UnmarshalText(text) != nil {
			return
		}
		once, _ := it.MarshalText()
		if twice, _ := stored(t, it).MarshalText(); string(twice) != string(once) {
			t.Errorf("%q became %q, then %q", text, once, twice)
		}
	})
}
