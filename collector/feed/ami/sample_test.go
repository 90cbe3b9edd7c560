package ami

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

// sample reads the settings of scripts/asterisk/manager.conf as Asterisk does:
// a semicolon begins a comment.
func sample(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../../scripts/asterisk/manager.conf")
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, ";")
		if name, value, ok := strings.Cut(line, "="); ok {
			name = strings.TrimSpace(name)
			settings[name] = append(settings[name], strings.TrimSpace(value))
		}
	}
	return settings
}

func TestSampleHasWhatTheKindNeeds(t *testing.T) {
	got := sample(t)
	for name, want := range map[string]string{
		"enabled": "yes", "timestampevents": "yes", "allowmultiplelogin": "yes", "tlsenable": "yes",
		"read": Kind().Options().(*Options).Events, "write": "",
	} {
		if v := got[name]; len(v) != 1 || v[0] != want {
			t.Errorf("%s is %q, want %q once", name, v, want)
		}
	}
}

// Of all that a real Asterisk says, the filters let through what is counted.
func TestFiltersOfTheSample(t *testing.T) {
	var filters []*regexp.Regexp
	for _, f := range sample(t)["eventfilter"] {
		filters = append(filters, regexp.MustCompile("(?s)"+f))
	}
	passes := func(block []byte) bool {
		for _, f := range filters {
			if f.Match(block) {
				return true
			}
		}
		return false
	}
	passed := 0
	r := newBlockReader(bytes.NewReader(fixture(t, "pbx-all-classes")), 64<<10)
	for {
		block, err := r.next()
		if err != nil {
			break
		}
		if parse(block).time == nil {
			continue // said to one client alone, which no filter sees
		}
		class, _, _ := strings.Cut(header(block, "Privilege"), ",")
		want := class == "agent" || class == "cdr" || class == "system" || header(block, "Variable") == "QUEUESTATUS"
		if passes(block) != want {
			t.Errorf("lets through: %t, want %t:\n%s", !want, want, block)
		}
		if want {
			passed++
		}
	}
	if passed == 0 {
		t.Error("nothing was let through")
	}
}
