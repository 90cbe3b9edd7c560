package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFlagsOfTwoWords(t *testing.T) {
	flags := newFlagSet("sync")
	flags.StringArray("resolve", nil, "")
	flags.String("drift", "", "")
	TwoWords(flags, "resolve")
	for line, want := range map[string]string{
		"":                           "",
		"--drift keep":               "--drift|keep",
		"--resolve primary queue/a":  "--resolve=primary queue/a",
		"--resolve=primary queue/a":  "--resolve=primary queue/a",
		"--resolve primary":          "--resolve=primary",
		"--resolve":                  "--resolve",
		"--resolve --drift keep":     "--resolve|--drift|keep",
		"--resolve primary --yes":    "--resolve=primary|--yes",
		"--drift=keep --resolve a b": "--drift=keep|--resolve=a b",
		"-- --resolve a b":           "--|--resolve|a|b",
		"a=b --resolve a b c":        "a=b|--resolve=a b|c",
	} {
		got := joinWords(flags, strings.Fields(line))
		if diff := cmp.Diff(want, strings.Join(got, "|")); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", line, diff)
		}
	}
}
