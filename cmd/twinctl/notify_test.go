package main

import (
	"strings"
	"testing"
)

func TestCheckNotice(t *testing.T) {
	whom := []string{"noc"}
	for _, c := range []struct {
		text, severity string
		to             []string
		want           string
	}{
		{strings.Repeat("x", mostNotice), "info", whom, ""},
		{strings.Repeat("x", mostNotice+1), "info", whom, "TEXT is 501 bytes long: want at most 500"},
		{"", "info", whom, "TEXT is empty: nobody would know what it is about"},
		{"x", "error", whom, ""},
		{"x", "", whom, `--severity "": want info, warning, error`},
		{"x", "info", nil, "--to is missing: whom?"},
	} {
		got := ""
		if err := checkNotice(c.text, c.severity, c.to); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%.10q %s: %q, want %q", c.text, c.severity, got, c.want)
		}
	}
}
