package main

import (
	"strings"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
)

// TestCommands holds every verb to what its help promises.
func TestCommands(t *testing.T) {
	var check func(path string, c cli.Command)
	check = func(path string, c cli.Command) {
		path = strings.TrimSpace(path + " " + c.Name)
		t.Run(path, func(t *testing.T) {
			if c.Short == "" || strings.HasSuffix(c.Short, ".") {
				t.Errorf("wants a short description without full stop, not %q", c.Short)
			}
			if len(c.Examples) == 0 {
				t.Error("has no example")
			}
			for _, e := range c.Examples {
				if !strings.Contains(e.Line, "twinctl") {
					t.Errorf("example %q does not show twinctl", e.Line)
				}
				for line := range strings.SplitSeq("    "+e.Line, "\n") {
					if len(line) > 80 {
						t.Errorf("example %q is wider than a terminal", line)
					}
				}
			}
			if c.Run == nil && len(c.Sub) == 0 {
				t.Error("does nothing")
			}
			names := map[string]bool{}
			for _, s := range c.Sub {
				if names[s.Name] {
					t.Errorf("has %s twice", s.Name)
				}
				names[s.Name] = true
			}
			if len(c.Sub) > 0 && c.Args != "" {
				t.Error("takes both verbs and arguments")
			}
		})
		for _, s := range c.Sub {
			check(path, s)
		}
	}
	check("", program())
}
