package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

// run calls a small program whose verb "feed tail" answers with what it was
// told, and whose verb "do" returns err.
func run(ctx context.Context, err error, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = cli.Main(ctx, program(err), cli.Stdio{Out: &out, Err: &errs}, args)
	return code, out.String(), errs.String()
}

func program(err error) cli.Command {
	return cli.Command{Name: "prog", Short: "try things", Sub: []cli.Command{
		{Name: "feed", Short: "feeds", Sub: []cli.Command{tail()}},
		{Name: "do", Short: "do it", Run: func(context.Context, *cli.Call) error { return err }},
		{
			Name: "sync", Short: "carry it over", Flags: func(f *cli.FlagSet) { f.Bool("dry-run", false, "only say") },
			Run: func(_ context.Context, c *cli.Call) error { _, err := fmt.Fprintln(c.Out, "synced"); return err },
			Sub: []cli.Command{{Name: "log", Short: "what was", Run: func(context.Context, *cli.Call) error { return nil }}},
		},
		{Name: "wait", Short: "wait", Run: func(ctx context.Context, _ *cli.Call) error {
			<-ctx.Done()
			return fmt.Errorf("wait for the twin: %w", ctx.Err())
		}},
		{Name: "secret", Hidden: true, Short: "not shown", Run: func(context.Context, *cli.Call) error { return nil }},
	}}
}

func tail() cli.Command {
	var lines int
	return cli.Command{
		Name: "tail", Args: "FEED [FILE...]", Short: "follow a feed",
		Outputs: []cli.Format{cli.JSONL, "raw"},
		Flags:   func(f *cli.FlagSet) { f.IntVarP(&lines, "lines", "n", 10, "so many `LINES`") },
		Run: func(_ context.Context, c *cli.Call) error {
			_, err := fmt.Fprintf(c.Out, "%q %d %s config=%s set=%q yes=%v input=%v\n",
				c.Args, lines, c.Format, c.Config, c.Set, c.Yes, !c.NoInput)
			return err
		},
	}
}

func TestParse(t *testing.T) {
	t.Setenv("TWIN_CONFIG", "")
	const defaults = "config=/etc/twin/twin.toml set=[] yes=false input=true"
	for _, c := range []struct{ args, want string }{
		{"feed tail pbx", `["pbx"] 10 jsonl ` + defaults},
		{"feed tail pbx a b", `["pbx" "a" "b"] 10 jsonl ` + defaults},
		{"feed tail -n 3 pbx -- -x", `["pbx" "-x"] 3 jsonl ` + defaults},
		{"feed tail pbx -n3 -o raw", `["pbx"] 3 raw ` + defaults},
		{"-o raw feed tail pbx", `["pbx"] 10 raw ` + defaults},
		{"--config f feed --yes tail pbx --no-input", `["pbx"] 10 jsonl config=f set=[] yes=true input=false`},
		{"--set a=1 feed --set b=2 tail pbx --set c=3,4", `["pbx"] 10 jsonl config=/etc/twin/twin.toml set=["a=1" "b=2" "c=3,4"] yes=false input=true`},
		{"feed tail --lines=5 pbx --config=x --config=y", `["pbx"] 5 jsonl config=y set=[] yes=false input=true`},
		{"sync", "synced"},
		{"sync --dry-run", "synced"},
		{"sync log", ""},
		{"secret", ""},
	} {
		code, out, errs := run(t.Context(), nil, strings.Fields(c.args)...)
		if diff := cmp.Diff(c.want, strings.TrimSpace(out)); diff != "" || code != 0 || errs != "" {
			t.Errorf("%s: exit %d, stderr %q, stdout (-want +got):\n%s", c.args, code, errs, diff)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"fed", `prog: unknown verb "fed": did you mean feed?`},
		{"nonsense", `prog: unknown verb "nonsense": it has feed, do, sync, wait`},
		{"feed", `prog: feed: which? It has tail`},
		{"feed tail", `prog: feed tail: missing argument: FEED`},
		{"do it", `prog: do: unexpected argument "it"`},
		{"do --lines 3", `prog: do: unknown flag --lines`},
		{"do --confg x", `prog: do: unknown flag --confg: did you mean --config?`},
		{"do -x", `prog: do: unknown flag -x`},
		{"feed tail --lines", `prog: feed tail: flag needs an argument: --lines`},
		{"feed tail p --lines x", `prog: feed tail: --lines "x": want a whole number`},
		{"feed tail p -o csv", `prog: feed tail: it cannot write "csv": want -o jsonl or -o raw`},
		{"do -o csv", `prog: do: it has one form of output only: leave -o and --json out`},
		{"sync --dry-run log", `prog: sync: --dry-run does not belong to its verb log`},
		{"do --timeout -1s", `prog: do: --timeout -1s: want a duration above 0; leave it out to wait for ever`},
		{"do --timeout 0", `prog: do: --timeout 0s: want a duration above 0; leave it out to wait for ever`},
		{"do --timeout soon", `prog: do: --timeout "soon": want a duration, as 30s or 5m`},
		{"do --yes=perhaps", `prog: do: --yes "perhaps": want true or false`},
		{"fe\x1b[2Jd", `prog: unknown verb "fe\x1b[2Jd": it has feed, do, sync, wait`},
	} {
		code, out, errs := run(t.Context(), nil, strings.Fields(c.args)...)
		first, rest, _ := strings.Cut(errs, "\n")
		if code != 2 || out != "" {
			t.Errorf("%q: exit %d, stdout %q", c.args, code, out)
		}
		if first != c.want || !strings.HasPrefix(rest, "Try: prog help") {
			t.Errorf("%q: stderr %q, want %q and a hint", c.args, errs, c.want)
		}
	}
}

func TestExitStatus(t *testing.T) {
	bad := errors.New("bad")
	for _, c := range []struct {
		name   string
		err    error
		code   int
		stderr string
	}{
		{"done", nil, 0, ""},
		{"failed", bad, 1, "prog: bad\n"},
		{"a code", cli.Fail(cli.Busy, bad, ""), 9, "prog: bad\n"},
		{"a wrapped code", fmt.Errorf("open: %w", cli.Fail(cli.Refused, bad, "prog help")), 4, "prog: open: bad\nTry: prog help\n"},
		{"a code before the table", cli.Fail(cli.Failed, config.ErrInvalid, ""), 1, "prog: configuration is not valid\n"},
		{"the table", fmt.Errorf("x: %w", config.ErrInvalid), 2, "prog: x: configuration is not valid\nTry: twinctl config check\n"},
		{"an epoch from nowhere", fmt.Errorf("%w: %w: 5000", link.ErrProtocol, node.ErrEpoch), 6, "prog: not a twin's link: an epoch that no twin can have got to: 5000\n" +
			"Try: twinctl status on both; if the twin's epoch is right all the same, accept its line (twinctl pair show there) here again\n"},
		{"interrupted", fmt.Errorf("wait: %w", context.Canceled), 130, "prog: wait: context canceled\n"},
		{"said already", cli.Fail(cli.Differs, nil, ""), 3, ""},
		{"several", errors.Join(bad, bad), 1, "prog: bad; bad\n"},
		{"foreign text", errors.New("a\x1b[2J\u202e"), 1, `prog: a\x1b[2J\u202e` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, errs := run(t.Context(), c.err, "do")
			if code != c.code || errs != c.stderr {
				t.Errorf("exit %d with %q, want %d with %q", code, errs, c.code, c.stderr)
			}
		})
	}
}

// TestHintIsLocal holds that a hint about twind is about the configuration of
// the call, wherever that was named.
func TestHintIsLocal(t *testing.T) {
	err := fmt.Errorf("ask: %w", node.ErrNotClaimed)
	for name, args := range map[string][]string{"flag": {"--config", "lab/b.toml", "do"}, "environment": {"do"}} {
		t.Setenv("TWIN_CONFIG", "lab/b.toml")
		_, _, errs := run(t.Context(), err, args...)
		if want := "prog: ask: twind is not running\nTry: twind --config lab/b.toml\n"; errs != want {
			t.Errorf("%s: %q, want %q", name, errs, want)
		}
	}
}

func TestErrorAsJSON(t *testing.T) {
	for _, args := range [][]string{{"--json", "feed", "tal"}, {"feed", "tal", "--json"}, {"-o", "json", "feed", "tal"}} {
		code, _, errs := run(t.Context(), nil, args...)
		var got struct {
			Error, Hint string
			Exit        int
		}
		if err := json.Unmarshal([]byte(errs), &got); err != nil {
			t.Fatalf("%q: %v", errs, err)
		}
		if code != 2 || got.Exit != 2 || got.Error != `feed: unknown verb "tal": did you mean tail?` || got.Hint != "prog help feed" {
			t.Errorf("%v: exit %d, %+v", args, code, got)
		}
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		code, _, errs := run(t.Context(), nil, "wait", "--timeout", "3s")
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("gave up after %v", took)
		}
		want := "prog: took longer than --timeout allows: wait for the twin: context deadline exceeded\n"
		if code != 5 || errs != want {
			t.Errorf("exit %d with %q, want 5 with %q", code, errs, want)
		}
	})
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, _, _ := run(ctx, nil, "wait", "--timeout", "1h"); code != 130 {
		t.Errorf("exit %d, want 130", code)
	}
}

// TestServer is a program without verbs.
func TestServer(t *testing.T) {
	var level string
	root := cli.Command{
		Name: "served", Short: "serve", Exits: []cli.Code{cli.Busy},
		Flags: func(f *cli.FlagSet) { f.StringVar(&level, "log-level", "info", "from this `LEVEL` on") },
		Run: func(_ context.Context, c *cli.Call) error {
			_, err := fmt.Fprintln(c.Out, c.Config, level)
			return err
		},
	}
	for _, c := range []struct {
		args, stdout, stderr string
		code                 int
	}{
		{"--config f --log-level debug", "f debug\n", "", 0},
		{"--yes", "", "served: unknown flag --yes\nTry: served --help\n", 2},
		{"now", "", "served: unexpected argument \"now\"\nTry: served --help\n", 2},
	} {
		var out, errs bytes.Buffer
		code := cli.Main(t.Context(), root, cli.Stdio{Out: &out, Err: &errs}, strings.Fields(c.args))
		if code != c.code || out.String() != c.stdout || errs.String() != c.stderr {
			t.Errorf("%s: exit %d, %q, %q", c.args, code, out.String(), errs.String())
		}
	}
	var out bytes.Buffer
	if code := cli.Main(t.Context(), root, cli.Stdio{Out: &out}, []string{"--help"}); code != 0 || !strings.Contains(out.String(), "    9    busy") {
		t.Errorf("help exits %d:\n%s", code, out.String())
	}
}
