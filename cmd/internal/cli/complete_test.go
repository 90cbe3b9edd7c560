package cli_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/cli"
)

func TestComplete(t *testing.T) {
	names := func(_ context.Context, c *cli.Call) []string {
		return []string{"from-" + c.Config, "pbx", "evil\n", "two words"}
	}
	feed := tail()
	feed.Complete = map[string]func(context.Context, *cli.Call) []string{"FEED": names, "--lines": names}
	root := cli.Command{Name: "prog", Sub: []cli.Command{
		{Name: "feed", Short: "feeds", Sub: []cli.Command{feed}},
		{Name: "secret", Hidden: true},
		{Name: "switch", Args: "on|off", Short: "turn it"},
	}}
	for _, c := range []struct {
		name  string
		words []string
		want  []string
	}{
		{"no words", nil, []string{"feed", "switch"}},
		{"verbs", []string{""}, []string{"feed", "switch"}},
		{"begun", []string{"fe"}, []string{"feed"}},
		{"sub-verbs", []string{"--json", "feed", ""}, []string{"tail"}},
		{"arguments", []string{"--config", "f", "feed", "tail", ""}, []string{"from-f", "pbx", "two words"}},
		{"arguments behind --", []string{"feed", "tail", "--", "p"}, []string{"pbx"}},
		{"files", []string{"feed", "tail", "pbx", ""}, nil},
		{"a flag's value", []string{"feed", "tail", "--lines", "p"}, []string{"pbx"}},
		{"a short flag's value", []string{"feed", "tail", "-n", "p"}, []string{"pbx"}},
		{"a value behind =", []string{"feed", "tail", "--lines=p"}, []string{"--lines=pbx"}},
		{"flags", []string{"feed", "tail", "--l"}, []string{"--lines"}},
		{"formats", []string{"feed", "tail", "-o", ""}, []string{"jsonl", "raw"}},
		{"choices", []string{"switch", "o"}, []string{"on", "off"}},
		{"settings", []string{"--set", "http.l"}, []string{"http.listen="}},
		{"unknown flag", []string{"feed", "--wrong", ""}, []string{"tail"}},
		{"value of an unknown flag", []string{"feed", "tail", "--wrong="}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			code := cli.Main(t.Context(), root, cli.Stdio{Out: &out}, append([]string{"__complete"}, c.words...))
			var got []string
			for line := range strings.Lines(out.String()) {
				word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
				got = append(got, word)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || code != 0 {
				t.Errorf("exit %d (-want +got):\n%s", code, diff)
			}
		})
	}
}
