package task

import (
	"strings"
	"testing"
)

func TestWhy(t *testing.T) {
	for _, c := range []struct{ name, task, said, want string }{
		{"nothing", "sync", "", ""},
		{"a hint behind it", "backup full", "twinctl: there is no backup yet\nTry: twinctl backup full\n", ": there is no backup yet"},
		{"more behind it", "sync", "twinctl: one\ntwinctl: two\n3 rows\nTry: x\n", ": two"},
		{"without an end", "sync", "twinctl: one", ": one"},
		{"for programs", "sync", `{"error":"a\nb\u001b","hint":"x","exit":4}` + "\n", `: a; b\x1b`},
		{"for programs, cut", "sync", `{"error":"a`, `: {"error":"a`},
		{"no error of its own", "compare", "pbx  1  2  no\nthe histories differ\nNext: twinctl fill\n", ": the histories differ"},
		{"nothing but a hint", "compare", "Try: x\n", ""},
		{"a program of the site's", "exec /bin/x", "twinctl: one\ntwo\r\n\n  \n", ": two"},
		{"a program that calls a verb", "exec /bin/x", "twinctl: one\nTry: two\n", ": twinctl: one"},
		{"in the middle of a line", "sync", "a twinctl: one\n", ": a twinctl: one"},
		{"hostile", "sync", "twinctl: \x1b[2J\n", `: \x1b[2J`},
		{"long", "sync", "twinctl: " + strings.Repeat("ü", 200), ": " + strings.Repeat("ü", 120) + "..."},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, err := Parse(c.task)
			if err != nil {
				t.Fatal(err)
			}
			if got := one.why(c.said); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
