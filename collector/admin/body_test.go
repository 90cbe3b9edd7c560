package admin

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// bodies draws any body, of whatever kind.
var bodies = rapid.Custom(func(t *rapid.T) Body {
	value := rapid.OneOf(
		rapid.String().AsAny(), rapid.Int64().AsAny(), rapid.Bool().AsAny(), rapid.SliceOfN(rapid.String(), 0, 3).AsAny())
	return rapid.MapOfN(rapid.StringMatching(`[a-z]{1,3}`), value, 0, 5).Draw(t, "body")
})

func TestCanonicalIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := bodies.Draw(t, "body").Canonical()
		if !json.Valid(text) {
			t.Fatalf("no JSON: %s", text)
		}
		back, err := ParseBody(text)
		if err != nil || !bytes.Equal(back.Canonical(), text) {
			t.Fatalf("%s was read as %v, %v", text, back, err)
		}
		var loose Body
		if err := json.Unmarshal(text, &loose); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(back, loose); diff != "" {
			t.Fatal(diff)
		}
		asPlain(t, text)
	})
}

// asPlain holds the quick reading of a body to the other one.
func asPlain(t interface{ Fatalf(string, ...any) }, text []byte) (is bool) {
	quick, is := decodePlain(text)
	if !is {
		return false
	}
	if slow, err := decodeAny(text); err != nil || !cmp.Equal(quick, slow) {
		t.Fatalf("%s was read as %v, want %v, %v", text, quick, slow, err)
	}
	return true
}

func TestPlainBodies(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`:                                true,
		`{"a":"b","c":[],"d":["e","ü"]}`:    true,
		`{"a":0,"b":12,"c":true,"d":false}`: true,
		`{"a":9223372036854775807}`:         true,
		`{"a":9223372036854775808}`:         false,
		`{"a":"\u0001"}`:                    false,
		`{"a":"\\"}`:                        false,
		"{\"a\":\"\xff\"}":                  false,
		"{\"a\":\"\n\"}":                    false,
		`{"a":-1}`:                          false,
		`{"a":01}`:                          false,
		`{"a":1.5}`:                         false,
		`{"a":null}`:                        false,
		`{"a":{}}`:                          false,
		`{"a":[1]}`:                         false,
		`{"a":["b"}`:                        false,
		`{"a":"b",}`:                        false,
		`{"a":"b"`:                          false,
		`{"a" :"b"}`:                        false,
		`{"a":"b"} `:                        false,
		`{"a"`:                              false,
		`{`:                                 false,
		``:                                  false,
		`null`:                              false,
	} {
		if is := asPlain(t, []byte(text)); is != want {
			t.Errorf("%s is plain: %t", text, is)
		}
	}
}

// However a text was typed, it is the same one, and so is its row.
func TestUnicodeFormsAreEqual(t *testing.T) {
	composed, apart := Body{"name": "Müller"}, Body{"name": "Mu\u0308ller"}
	if !bytes.Equal(composed.Canonical(), apart.Canonical()) {
		t.Errorf("%s and %s", composed.Canonical(), apart.Canonical())
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		a := Row{"queue", "a", Body{"name": norm.NFD.String(text)}}
		b := Row{"queue", "a", Body{"name": norm.NFC.String(text)}}
		if a.Hash() != b.Hash() {
			t.Errorf("%s and %s", a.Body.Canonical(), b.Body.Canonical())
		}
	})
}

func TestHashTellsRowsApart(t *testing.T) {
	rows := rapid.Custom(func(t *rapid.T) Row {
		text := rapid.StringMatching(`[ab"{}]{0,3}`)
		return Row{text.Draw(t, "kind"), text.Draw(t, "key"), Body{"a": text.Draw(t, "value")}}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := rows.Draw(t, "a"), rows.Draw(t, "b")
		if same := cmp.Equal(a, b); (a.Hash() == b.Hash()) != same {
			t.Errorf("%+v and %+v", a, b)
		}
	})
	if got := (Row{"queue", "a", nil}).Hash(); got != (Hash{}) {
		t.Errorf("no row has the hash %v", got)
	}
	if (Row{"queue", "a", Body{}}).Hash() == (Hash{}) {
		t.Error("a row of defaults has no hash")
	}
}

func TestHashAsText(t *testing.T) {
	want := Row{"queue", "a", Body{}}.Hash()
	text, err := want.MarshalText()
	if err != nil || len(text) != 32 || string(text) != want.String() {
		t.Fatalf("%q, %v", text, err)
	}
	var got Hash
	if err := got.UnmarshalText(text); err != nil || got != want {
		t.Errorf("read back %v, %v", got, err)
	}
	for _, bad := range []string{"", "ab", string(text) + "00", strings.Repeat("g", 32)} {
		if err := got.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestParseBodyRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"another order":   `{"b":1,"a":1}`,
		"white space":     `{"a": 1}`,
		"twice the same":  `{"a":1,"a":1}`,
		"a fraction":      `{"a":1.5}`,
		"an exponent":     `{"a":1e3}`,
		"minus nothing":   `{"a":-0}`,
		"too much":        `{"a":9223372036854775808}`,
		"null":            `{"a":null}`,
		"an object":       `{"a":{}}`,
		"a mixed list":    `{"a":["x",1]}`,
		"not composed":    "{\"a\":\"u\u0308\"}",
		"not UTF-8":       "{\"a\":\"\xff\"}",
		"escaped":         `{"a":"\u0041"}`,
		"more behind it":  `{"a":1}{}`,
		"cut off":         `{"a":1`,
		"a list":          `[]`,
		"large":           `{"a":"` + strings.Repeat("x", MaxBody) + `"}`,
		"deep":            `{"a":` + strings.Repeat("[", 20000),
		"no JSON at all":  `'; DROP TABLE row`,
		"a terminal's":    "{\"a\":\"\x1b[2J\"}",
		"escaped its way": `{"a":"\u001B[2J"}`,
	} {
		if b, err := ParseBody([]byte(text)); err == nil {
			t.Errorf("%s: %.40q was read as %v", name, text, b)
		}
	}
}

func FuzzParseBody(f *testing.F) {
	for _, seed := range []string{`{}`, `null`, `{"a":["x"],"b":-1,"c":true,"d":"\u001b\"\\<é"}`, `{"a":1.0}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := ParseBody(text)
		if err != nil || b == nil {
			return
		}
		if !bytes.Equal(b.Canonical(), text) {
			t.Errorf("%q was read as %q", text, b.Canonical())
		}
	})
}
