package inert_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/inert"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "sales & support", "sales & support"},
		{"umlauts and script", "Zürich 東京 دعم", "Zürich 東京 دعم"},
		{"joiner in an emoji", "👩\u200d💻", "👩\u200d💻"},
		{"line ends", "a\r\nb\tc", `a\r\nb\tc`},
		{"colour", "\x1b[31mred", `\x1b[31mred`},
		{"one-byte control sequence", "\u009b2J", `\u009b2J`},
		{"delete", "\x7f", `\x7f`},
		{"turned direction", "gpj.\u202eexe", `gpj.\u202eexe`},
		{"isolates and marks", "\u2066\u200f\u061c", `\u2066\u200f\u061c`},
		{"line separators", "\u2028\u2029\u0085", `\u2028\u2029\u0085`},
		{"not UTF-8", "a\xffb", `a\xffb`},
		{"the replacement character itself", "\ufffd", "\ufffd"},
		{"tags", "\U000e0041", `\U000e0041`},
		{"NUL", "\x00", `\x00`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := inert.Text(c.in); got != c.want {
				t.Errorf("Text(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestName(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"cms-a", ""},
		{"Kundendienst Süd (24 h)", ""},
		{strings.Repeat("x", 256), ""},
		{"$(reboot); ' OR 1=1 --", ""},
		{"", "is empty"},
		{"  ", "is empty"},
		{strings.Repeat("x", 257), "257 bytes"},
		{"a\nb", `holds \n at byte 1`},
		{"a\u202eb", `holds \u202e at byte 1`},
		{"ab\xff", `holds \xff at byte 2`},
	} {
		err := inert.Name(c.in)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("Name(%q) = %v, want nil", c.in, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("Name(%q) = %v, want an error with %q", c.in, err, c.want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b]52;c;Zm9v\x07", "a\u202eb\xff\u009b", "\U000e0041\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := inert.Text(s)
		if !utf8.ValidString(out) {
			t.Fatalf("Text(%q) = %q is not UTF-8", s, out)
		}
		for _, r := range out {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("Text(%q) = %q holds %U", s, out, r)
			}
		}
		if again := inert.Text(out); again != out {
			t.Fatalf("Text(Text(%q)) = %q, want %q", s, again, out)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b\u202e\x7f\u009b", "\U000e0041"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		out := inert.JSON(doc)
		var want, got string
		if err := json.Unmarshal(doc, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &got); err != nil || got != want {
			t.Fatalf("JSON(%q) = %q reads %q (%v), want %q", doc, out, got, err, want)
		}
		if shown := inert.Text(string(out)); shown != string(out) {
			t.Fatalf("JSON(%q) = %q is not inert", doc, out)
		}
	})
}
