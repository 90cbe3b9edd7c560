package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/ami"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

func feedCommand() cli.Command {
	return cli.Command{
		Name:  "feed",
		Short: "look after the feeds of this server",
		Examples: []cli.Example{
			{Line: "twinctl feed list", Why: "what is each of them doing?"},
			{Line: "twinctl feed test pbx", Why: "what is wrong with one?"},
		},
		Sub: []cli.Command{
			feedListCommand(),
			feedTestCommand(),
			feedTailCommand(),
			feedAskCommand(cli.Command{
				Name:  "pause",
				Short: "stop listening to a feed",
				Long: `What its upstream says meanwhile is not collected on this server, unless the feed goes on from a position. ` +
					`The stretch stands in the gap list. It stays paused over restarts, until twinctl feed resume.`,
				Examples: []cli.Example{{Line: "twinctl feed pause pbx", Why: "while its upstream is being repaired"}},
			}, app.PauseFeed),
			feedAskCommand(cli.Command{
				Name:     "resume",
				Short:    "listen again to a feed that was paused",
				Examples: []cli.Example{{Line: "twinctl feed resume pbx", Why: "collect it again"}},
			}, app.ResumeFeed),
			feedAskCommand(cli.Command{
				Name:     "reconnect",
				Short:    "end a feed's session and begin another",
				Long:     `Begins again at the first address. The moment between the sessions stands in the gap list, unless the feed goes on from a position.`,
				Examples: []cli.Example{{Line: "twinctl feed reconnect pbx", Why: "after its certificate or secret was changed"}},
			}, app.ReconnectFeed),
		},
	}
}

func feedListCommand() cli.Command {
	var filter rowFilter
	return cli.Command{
		Name:     "list",
		Short:    "list the feeds and what each is doing",
		Long:     `Shows for each feed its state, its counts and, if it is down, why. RATE is records stored a second, over the last ten seconds.`,
		Examples: []cli.Example{{Line: "twinctl feed list", Why: "as a table"}, {Line: "twinctl feed list --filter '!state:live'", Why: "what is not heard"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags:    filter.flag,
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			doc, err := app.Status(ctx, s.Config, s.data)
			if err != nil {
				return err
			}
			if doc.Feeds, err = sifted(filter, "feed list", doc.Feeds, feedTable); err != nil {
				return err
			}
			if call.Format == cli.Text {
				var text bytes.Buffer
				if err := writeFeeds(&text, doc.Feeds); err != nil {
					return err
				}
				writeReasons(&text, doc.Feeds, nil)
				_, err := call.Out.Write(text.Bytes())
				return err
			}
			return call.Show(cli.View{
				Document: struct {
					Feeds []node.FeedDocument `json:"feeds"`
				}{doc.Feeds},
				Lines: cli.Each(doc.Feeds),
				Table: feedTable(doc.Feeds),
			})
		}),
	}
}

func feedTestCommand() cli.Command {
	return cli.Command{
		Name:  "test",
		Args:  "FEED",
		Short: "examine a feed's upstream, and say what is missing",
		Long: `Tries what the feed needs, step by step, and says for each whether it is well and, if not, the way out. ` +
			`While twind hears the feed the test does not log in, because a feed holds one session at a time: what that leaves out is shown as skip. ` +
			`It exits 5 if no address answers or an SFTP server does not let us in, 6 if the host key of one is not the pinned one, and 1 if anything else is wrong.`,
		Examples: []cli.Example{{Line: "twinctl feed test pbx", Why: "before the first start, or when nothing comes"}},
		Exits:    []cli.Code{cli.Failed, cli.Refused, cli.Unreachable, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL},
		Complete: map[string]func(context.Context, *cli.Call) []string{"FEED": completeFeeds},
		Run:      with(testFeed),
	}
}

func testFeed(ctx context.Context, call *cli.Call, s *site) error {
	f, err := s.feed(call.Args[0])
	if err != nil {
		return err
	}
	live, err := s.heard(ctx, f.Name)
	if err != nil {
		return err
	}
	checks, err := app.Examine(ctx, f, !live)
	if err != nil {
		return err
	}
	if live && f.Kind.Name == ami.Kind().Name {
		checks = append(checks, skipped(f.Name)...)
	}
	t, failed := checkTable(checks)
	err = call.Show(cli.View{
		Document: struct {
			Feed   string       `json:"feed"`
			Live   bool         `json:"live"` // twind hears it: no login was tried
			Checks []feed.Check `json:"checks"`
		}{f.Name, live, checks},
		Lines: cli.Each(checks),
		Table: t,
	})
	if err == nil && unreachable(f, checks) {
		return cli.Fail(cli.Unreachable, fmt.Errorf("feed %q: no address answers", f.Name), "")
	}
	if err == nil && failed > 0 {
		return cli.Fail(failure(checks), fmt.Errorf("feed %q: %d of %d checks failed", f.Name, failed, len(checks)), "")
	}
	return err
}

// failure is the status of an examination that failed: that of its first check
// that says why.
func failure(checks []feed.Check) cli.Code {
	for _, c := range checks {
		if c.Result == feed.Fail && c.Cause != nil {
			return cli.Verdict(c.Cause)
		}
	}
	return cli.Failed
}

// skipped are the points of an examination that need a login of their own.
func skipped(name string) []feed.Check {
	const skip feed.Verdict = "skip"
	checks := []feed.Check{{Name: "login", Result: skip, Text: "twind hears this feed; pause it for the whole test: twinctl feed pause " + name}}
	for _, point := range []string{"start-up time", "clock", "write", "timestamps", "read"} {
		checks = append(checks, feed.Check{Name: point, Result: skip, Text: "needs the login"})
	}
	return checks
}

// unreachable tells whether no address answered: the checks of the addresses
// come first, in their order.
func unreachable(f *config.Feed, checks []feed.Check) bool {
	doors := f.Doors()
	if doors == 0 || len(checks) < doors {
		return false
	}
	return !slices.ContainsFunc(checks[:doors], func(c feed.Check) bool { return c.Result != feed.Fail })
}

// checkTable also counts those that failed.
func checkTable(checks []feed.Check) (t cli.Table, failed int) {
	t.Columns = []cli.Column{{Name: "check"}, {Name: "result"}, {Name: "text"}}
	for _, c := range checks {
		t.Add(c.Name, string(c.Result), c.Text)
		if c.Result == feed.Fail {
			failed++
		}
	}
	return t, failed
}

// heard tells whether twind hears the feed at present, or listens for it.
func (s *site) heard(ctx context.Context, name string) (bool, error) {
	doc, err := app.Status(ctx, s.Config, s.data)
	if err != nil {
		return false, err
	}
	for _, f := range doc.Feeds {
		if f.Name == name {
			// A twind that hangs may hold its sessions still.
			silent := slices.ContainsFunc(doc.Alarms, func(a node.Alarm) bool { return a.Code == "twind_silent" })
			return doc.Running && (silent || f.State == string(feed.Live) || f.State == string(feed.Connecting) && slices.Contains(listening(), f.Kind)), nil
		}
	}
	return false, nil
}

// listening returns the kinds of which twind holds the address also while
// nobody is connected.
func listening() []string { return []string{"lines", "relp", "syslog"} }

// feedAskCommand makes a verb that asks the running server something about one feed.
func feedAskCommand(c cli.Command, verb string) cli.Command {
	c.Args = "FEED"
	c.Exits = []cli.Code{cli.Refused, cli.Untrusted, cli.Unknown}
	c.Outputs = []cli.Format{cli.Text, cli.JSON}
	c.Complete = map[string]func(context.Context, *cli.Call) []string{"FEED": completeFeeds}
	c.Run = with(func(ctx context.Context, call *cli.Call, s *site) error {
		f, err := s.feed(call.Args[0])
		if err != nil {
			return err
		}
		args, err := json.Marshal(app.FeedArgs{Feed: f.Name})
		if err != nil {
			return err
		}
		a, err := app.Ask(ctx, s.data, s.request(verb, args), nil)
		if err != nil {
			return err
		}
		if err := app.Refusal(a); err != nil {
			return err
		}
		if call.Format == cli.JSON {
			return call.Show(cli.View{Document: struct {
				Feed string `json:"feed"`
				Text string `json:"text"`
			}{f.Name, a.Text}})
		}
		_, err = fmt.Fprintln(call.Out, inert.Text(a.Text))
		return err
	})
	return c
}
