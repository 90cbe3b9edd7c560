package tui

import (
	"slices"
	"testing"
)

// TestWrap breaks between words, and in no time or name.
func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want []string
	}{
		{"", 5, []string{""}},
		{"nothing", 0, nil},
		{"since 2026-11-22T10:03:07Z on cms-b", 26, []string{"since 2026-11-22T10:03:07Z", "on cms-b"}},
		{"since 2026-11-22T10:03:07Z", 20, []string{"since", "2026-11-22T10:03:07Z"}},
		{"on cms-b.example", 9, []string{"on", "cms-b.exa", "mple"}},
		{"a well-kept name", 10, []string{"a", "well-kept", "name"}},
	} {
		if got := wrap(c.text, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d columns: %q, want %q", c.text, c.n, got, c.want)
		}
	}
}
