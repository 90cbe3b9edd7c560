package cli_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
)

// guarded is a program that lets ops in, and writes what it was asked for.
func guarded() cli.Command {
	var lines int
	say := func(_ context.Context, c *cli.Call) error {
		who := "nobody"
		if c.Person != nil {
			who = c.Person.Login
		}
		_, err := fmt.Fprintf(c.Out, "args %q config %s set %q for %s\n", c.Args, c.Config, c.Set, who)
		return err
	}
	return cli.Command{
		Name: "prog", Run: say,
		Admit: func(ctx context.Context, c *cli.Call, asked cli.Asked, run func(context.Context) error) error {
			if asked.Login != "ops" {
				return cli.Fail(cli.Refused, errors.New("nobody of that name"), "")
			}
			c.Person = &cli.Person{Login: asked.Login}
			fmt.Fprintf(c.Out, "verb %q flags %v ", asked.Verb, asked.Flags)
			return run(ctx)
		},
		Sub: []cli.Command{
			{Name: "say", Args: "[WORD...]", Run: say, Outputs: []cli.Format{cli.Text, cli.JSON}, Flags: func(f *cli.FlagSet) {
				f.IntVar(&lines, "lines", 1, "`N`")
				f.StringSlice("to", nil, "`WHOM`")
			}},
			{Name: "version", Run: say},
		},
	}
}

func TestAs(t *testing.T) {
	for _, c := range []struct {
		name, line, original string
		code                 int
		out, err             string
	}{
		{"a verb", "--as ops --config f say a", "", 0, `verb ["say"] flags map[] args ["a"] config f set [] for ops`, ""},
		{"none", "--as ops --config f", "", 0, `verb [] flags map[] args [] config f`, ""},
		{"of ssh", "--as ops --config f --set a=b", "say 'a b' --lines 3 --to x,y", 0, `verb ["say"] flags map[lines:[3] to:[x y]] args ["a b"] config f set ["a=b"] for ops`, ""},
		{"nothing is expanded", "--as ops", `say $HOME * ;reboot '|' "\"" a\ b`, 0, `args ["$HOME" "*" ";reboot" "|" "\"" "a b"]`, ""},
		{"the line says what", "--as ops say a", "say b", 0, `args ["a"]`, ""},
		{"help is not asked for", "--as ops --help", "say b", 0, "NAME", ""},
		{"without it", "say a", "say b", 0, `args ["a"] config /etc/twin/twin.toml set [] for nobody`, ""},
		{"nobody", "--as eve say", "", 4, "", "nobody of that name"},
		{"nobody by an empty name", "--as= say", "", 4, "", "nobody of that name"},
		{"another by ssh", "--as ops", "--as root say", 2, "", "unknown flag --as"},
		{"another behind", "--as ops", "say --as root", 2, "", "unknown flag --as"},
		{"another configuration", "--as ops", "say --config /etc/passwd", 2, "", "unknown flag --config"},
		{"another before", "--as ops", "--config=/etc/passwd say", 2, "", "unknown flag --config"},
		{"another setting", "--as ops", "say --set data=/", 2, "", "unknown flag --set"},
		{"completion", "--as ops", "__complete say", 2, "", `unknown verb "__complete"`},
		{"a quote that does not end", "--as ops", "say 'a", 2, "", "does not end"},
		{"errors as JSON", "--as ops", "say --json --wrong", 2, "", `{"error":`},
		{"version", "--as ops", "--version", 0, `verb ["version"]`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("SSH_ORIGINAL_COMMAND", c.original)
			var out, err strings.Builder
			code := cli.Main(t.Context(), guarded(), cli.Stdio{Out: &out, Err: &err}, strings.Fields(c.line))
			if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(err.String(), c.err) {
				t.Errorf("exit %d, want %d\n%s\n%s", code, c.code, out.String(), err.String())
			}
		})
	}
}

// TestAsOfNobody holds that a program that administers nobody has no --as.
func TestAsOfNobody(t *testing.T) {
	root := guarded()
	root.Admit = nil
	var err strings.Builder
	if code := cli.Main(t.Context(), root, cli.Stdio{Out: &err, Err: &err}, []string{"--as", "ops", "say"}); code != 2 {
		t.Errorf("exit %d: %s", code, err.String())
	}
	if _, err := cli.Read(guarded(), []string{"say", "--as", "ops"}); err == nil {
		t.Error("a line that is kept may say for whom")
	}
}
