package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

func pairCheckCommand() cli.Command {
	return cli.Command{
		Name:  "check",
		Short: "see whether the twins can talk, both ways",
		Long: `Dials the twin, asks it who it is, and has it dial back. It tells a twin that cannot be reached from one that is mute, ` +
			`refuses this server's key, shows another host key than the one that was accepted, or hears us and is not heard.`,
		Examples: []cli.Example{{Line: "twinctl pair check", Why: "after pairing, and whenever status says that the twin is not heard"}},
		Exits:    []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			checks, err := checkPair(ctx, s)
			if len(checks) == 0 {
				return err
			}
			t := cli.Table{Columns: []cli.Column{{Name: "check"}, {Name: "result"}, {Name: "text"}}}
			for _, c := range checks {
				t.Add(c.Name, c.Result, c.Text)
			}
			shown := call.Show(cli.View{
				Document: struct {
					OK     bool        `json:"ok"`
					Checks []pairCheck `json:"checks"`
				}{err == nil, checks},
				Lines: cli.Each(checks),
				Table: t,
			})
			return errors.Join(err, shown)
		}),
	}
}

// A pairCheck is one thing that was looked at, and how it is.
type pairCheck struct {
	Name   string `json:"name"`   // link, identity, roles, clock, twind or back
	Result string `json:"result"` // pass, warn or fail
	Text   string `json:"text"`
}

// maxAhead is how far apart the clocks may be without a word.
const maxAhead = time.Second

// checkPair looks at all that can be looked at; the error is the first that failed.
func checkPair(ctx context.Context, s *site) ([]pairCheck, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	l, err := s.notary().Dial(ctx, link.Options{})
	if errors.Is(err, pairing.ErrAlone) {
		if known := app.AskKnown(ctx, s.Config, self.Server); errors.Is(known, app.ErrKnown) {
			return failed("identity", cli.Fail(cli.Untrusted, known, app.KnownHint(s.Config)))
		}
	}
	if err != nil {
		return failed("link", err)
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	checks := []pairCheck{{"link", "pass", fmt.Sprintf("%s answers in %s, link version %d",
		l.Pair.Name, time.Since(begun).Round(time.Millisecond), l.Version())}}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	asked := time.Now()
	a, err := l.Check(ctx, false)
	if err != nil {
		more, err := failed("identity", err)
		return append(checks, more...), err
	}
	ahead := a.Clock.Time().Sub(asked.Add(time.Since(asked) / 2))
	if _, err := s.data.Node.Seen(ctx, a.Epoch); err != nil {
		more, err := failed("identity", err)
		return append(checks, more...), err
	}
	checks = append(checks, pairCheck{"identity", "pass", fmt.Sprintf("server %s, %s", a.Server, a.Version)})
	roles, rolesErr := checkRoles(self, a)
	back, backErr := s.checkBack(ctx, l)
	twind, twindErr := s.checkTwind(ctx, l)
	return append(checks, roles, checkClock(ahead), twind, back), errors.Join(rolesErr, twindErr, backErr)
}

// checkTwind sees whether the one that collects is there: the system's sshd
// answers without it.
func (s *site) checkTwind(ctx context.Context, l *app.Line) (pairCheck, error) {
	w, err := l.Ask(ctx, s.Config, s.data)
	if err != nil {
		err = fmt.Errorf("%s: %w", l.Pair.Name, err)
		return pairCheck{"twind", "fail", err.Error()}, cli.Fail(cli.Unreachable, err, "systemctl restart twind, on "+l.Pair.Name)
	}
	return pairCheck{"twind", "pass", fmt.Sprintf("runs as process %d on %s", w.Doc.PID, l.Pair.Name)}, nil
}

func failed(name string, err error) ([]pairCheck, error) {
	return []pairCheck{{name, "fail", err.Error()}}, err
}

func checkRoles(self node.Self, a app.CheckAnswer) (pairCheck, error) {
	if a.Role != self.Role {
		return pairCheck{"roles", "pass", fmt.Sprintf("%s is %s, epoch %d; %s is %s, epoch %d",
			self.Name, self.Role, self.EpochSeen, a.Name, a.Role, a.Epoch)}, nil
	}
	err := cli.Fail(cli.Conflict, fmt.Errorf("%s and %s are both %s", self.Name, a.Name, a.Role), pairing.OtherRole(a.Role))
	return pairCheck{"roles", "fail", err.Error()}, err
}

func checkClock(ahead time.Duration) pairCheck {
	c := pairCheck{"clock", "pass", fmt.Sprintf("the twin's is %s ahead of this one", ahead.Round(time.Millisecond))}
	if ahead.Abs() > maxAhead {
		c.Result = "warn"
	}
	return c
}

// checkBack has the twin dial this server. Where twind itself is to let it in and
// does not run, that is why it cannot.
func (s *site) checkBack(ctx context.Context, l *app.Line) (pairCheck, error) {
	a, err := l.Check(ctx, true)
	if err == nil && a.Back == nil {
		err = errors.New("the twin did not say")
	}
	if err == nil && !a.Back.OK {
		err = fmt.Errorf("this server reaches %s, %s does not reach this server: %s", a.Name, a.Name, a.Back.Text)
	}
	if err == nil {
		return pairCheck{"back", "pass", a.Name + " reaches this server"}, nil
	}
	hint := "twinctl pair check, on the twin"
	if s.SSH.Listen != "" && app.Running(s.data.Dir) == 0 {
		err = fmt.Errorf("%w; our twind does not run, so its SSH server at %s does not listen", err, s.SSH.Listen)
		hint = cli.StartTwind
	}
	return pairCheck{"back", "fail", err.Error()}, cli.Fail(cli.Unreachable, err, hint)
}
