package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParams(t *testing.T) {
	for _, c := range []struct {
		spec string
		want []param
	}{
		{"", nil},
		{"FEED", []param{{name: "FEED"}}},
		{"[VERB [SUB]]", []param{{name: "VERB", optional: true}, {name: "SUB", optional: true}}},
		{"NAME [FILE...]", []param{{name: "NAME"}, {name: "FILE", optional: true, repeated: true}}},
		{"FILE...", []param{{name: "FILE", repeated: true}}},
		{"on|off", []param{{name: "on|off", choices: []string{"on", "off"}}}},
	} {
		if diff := cmp.Diff(c.want, params(c.spec), cmp.AllowUnexported(param{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.spec, diff)
		}
	}
}

func TestCheckArgs(t *testing.T) {
	for _, c := range []struct {
		spec string
		args []string
		ok   bool
	}{
		{"", nil, true},
		{"", []string{"a"}, false},
		{"A [B]", nil, false},
		{"A [B]", []string{"a"}, true},
		{"A [B]", []string{"a", "b"}, true},
		{"A [B]", []string{"a", "b", "c"}, false},
		{"F...", nil, false},
		{"F...", []string{"a", "b", "c"}, true},
		{"[F...]", nil, true},
		{"on|off", []string{"on"}, true},
		{"on|off", []string{"offf"}, false},
	} {
		inv := invocation{path: []*Command{{Name: "p"}, {Name: "v", Args: c.spec}}, args: c.args}
		if err := inv.checkArgs(); (err == nil) != c.ok {
			t.Errorf("%q with %q: %v", c.spec, c.args, err)
		}
	}
}

// TestCodes keeps the table whole: each status has a text, once.
func TestCodes(t *testing.T) {
	seen := make(map[string]Code)
	for _, c := range codes() {
		if twin, ok := seen[c.String()]; ok {
			t.Errorf("%d and %d both say %q", twin, c, c)
		}
		seen[c.String()] = c
	}
	for _, v := range verdicts() {
		if _, ok := seen[v.code.String()]; !ok {
			t.Errorf("%v leads to %d, which is not in the table", v.err, int(v.code))
		}
	}
}
