package admin

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func exported(t tb, s *server) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Export(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestExportIsReadable(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("queue", "support", Body{"name": "Support", "service_level": int64(30)}), set("queue", "to sell", Body{}),
		set("queue-group", "g", Body{"queues": []string{"support", "to sell"}}), set("threshold", "t", Body{"measure": "waiting", "off": true}))
	_, got, _ := strings.Cut(exported(t, s), "back.\n")
	want := `format = 1

[queue.support]
name = 'Support'
service_level = 30

[queue.'to sell']

[queue-group.g]
queues = ['support', 'to sell']

[threshold.t]
measure = 'waiting'
off = true
`
	if got != want {
		t.Errorf("%s", got)
	}
}

// names draws what people call things, and what others would.
var names = rapid.OneOf(
	rapid.SampledFrom([]string{`'; DROP TABLE row; --`, `../../x`, `a.b`, `"`, `'`, `\`, `#`, `[x]`, "ü", "u\u0308", "日本", "\u00a0x", "x=1", "true", "1"}),
	rapid.StringMatching(`[ -~]{1,20}`), rapid.StringN(1, 20, 256))

func TestExportIsImportedExactly(t *testing.T) {
	from, to := open(t, primary), open(t, primary)
	rapid.Check(t, func(rt *rapid.T) {
		randomEdits(rt, from)
		text := exported(rt, from)
		if edits, err := from.Import(rt.Context(), strings.NewReader(text), true); err != nil || len(edits) != 0 {
			rt.Fatalf("the same again: %+v, %v", edits, err)
		}
		edits, err := to.Import(rt.Context(), strings.NewReader(text), true)
		if err != nil {
			rt.Fatal(err)
		}
		if _, err := to.Change(rt.Context(), ann, edits, How{}); err != nil {
			rt.Fatal(err)
		}
		to.wants(rt, from.all(rt))
	})
}

func TestImportRefuses(t *testing.T) {
	s := open(t, primary)
	for name, c := range map[string]struct{ text, want string }{
		"no format":    {`[queue.a]`, "want format = 1"},
		"newer format": {`format = 2`, "want format = 1"},
		"no TOML":      {"format = 1\n[queue.a", "line 2"},
		"unknown kind": {"format = 1\n[quue.a]", "did you mean queue?"},
		"no table":     {"format = 1\nqueue = 1", "queue is no table"},
		"no row":       {"format = 1\n[queue]\na = 1", "queue/a is no table"},
		"field":        {"format = 1\n[queue.a]\nnane = 'x'", "(name?)"},
		"mixed list":   {"format = 1\n[queue-group.a]\nqueues = ['x', 1]", "want refs"},
		"a time":       {"format = 1\n[queue.a]\nname = 2026-11-21", "want text"},
		"twice":        {"format = 1\n[queue.a]\n[queue.a]", "line 3"},
		"twice spelt":  {"format = 1\n[queue.\"u\u0308\"]\n[queue.\"\u00fc\"]", "named twice"},
		"escape":       {"format = 1\n[queue.\"\\u001b\"]", "printable"},
	} {
		if _, err := s.Import(t.Context(), strings.NewReader(c.text), false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	_, err := s.Import(t.Context(), strings.NewReader("format = 1\n"+strings.Repeat("#", maxImport)), false)
	if !errors.Is(err, ErrInvalid) {
		t.Errorf("large: %v", err)
	}
}

func TestImportPrunesOnlyWhenTold(t *testing.T) {
	s := open(t, primary)
	s.change(t, set("queue", "a", Body{"name": "A"}), set("queue", "b", Body{}))
	text := "format = 1\n[queue.a]\nname = 'AA'\n[queue.c]\n"
	for prune, want := range map[bool]int{false: 2, true: 3} {
		edits, err := s.Import(t.Context(), strings.NewReader(text), prune)
		if err != nil || len(edits) != want {
			t.Errorf("prune %v: %+v, %v", prune, edits, err)
		}
	}
}
