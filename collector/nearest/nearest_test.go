package nearest_test

import (
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/nearest"
)

func TestWord(t *testing.T) {
	keys := []string{"addresses", "name", "kind", "listen", "known_hosts", "data"}
	for _, c := range []struct{ word, want string }{
		{"adresses", "addresses"},
		{"nmae", ""}, // two edits in four letters is a guess
		{"nam", "name"},
		{"listn", "listen"},
		{"know_host", "known_hosts"},
		{"password", ""},
		{"x", ""},
		{"", ""},
		{"data", ""}, // itself is no suggestion
		{strings.Repeat("a", 1000), ""},
	} {
		got, ok := nearest.Word(c.word, keys)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Word(%q) = %q, %v, want %q", c.word, got, ok, c.want)
		}
	}
}
