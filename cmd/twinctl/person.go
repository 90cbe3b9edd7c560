package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/tui/console"
)

var (
	errFile   = errors.New("a file of this server is nobody's who acts by way of --as")
	errRights = errors.New("what this login may do was changed, or it is gone: this ends here")
)

// An overstay is why a session ends that is too long or too quiet.
type overstay struct{ error }

// stillEvery is how often somebody who is let in is held against what he may do.
const stillEvery = 2 * time.Second

// admit runs a verb for whom --as names, if that one may. It is the one way in: a
// verb is not begun before it, and ends when what the person may do has changed.
func admit(ctx context.Context, call *cli.Call, asked cli.Asked, run func(context.Context) error) error {
	s, err := open(ctx, call)
	if err != nil {
		return err
	}
	defer s.data.Close() //nolint:errcheck // only read
	person, err := s.whoIs(ctx, asked.Login)
	if err != nil {
		return err
	}
	if err := s.mayRun(ctx, person, asked); err != nil {
		return err
	}
	leave, err := s.arrive(call, asked)
	if err != nil {
		return err
	}
	defer leave()
	call.Person = person
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan struct{})
	defer func() { <-ended }()
	defer cancel(nil)
	go func() {
		defer close(ended)
		s.watch(ctx, call, cancel)
	}()
	if err = s.greet(ctx, call, person, asked.Verb); err == nil {
		err = run(ctx)
	}
	cause := context.Cause(ctx)
	if _, over := errors.AsType[overstay](cause); over || errors.Is(cause, errRights) {
		return cli.Fail(cli.Refused, cause, "")
	}
	return err
}

// arrive writes down that a person is here, until leave is called, and refuses
// where too many are. Where it cannot be written down, as on a full disk, the
// person comes all the same: it may be to make room.
func (s *site) arrive(call *cli.Call, asked cli.Asked) (leave func(), err error) {
	entry, err := app.Visitors(s.data.Dir).Enter(console.Session{
		Login: asked.Login, From: client(os.Getenv("SSH_CONNECTION")), Since: time.Now(),
		Terminal: cli.IsTerminal(call.In), Command: asked.Line,
	}, app.Stays(s.Config).Sessions)
	switch {
	case errors.Is(err, console.ErrFull):
		return nil, cli.Fail(cli.Busy, err, "")
	case err != nil:
		fmt.Fprintln(call.Err, "nobody is shown that you are here:", err)
		return func() {}, nil
	}
	return func() { _ = entry.Close() }, nil
}

// client returns host:port of the client, of what an SSH server says of a
// connection; "" of anything else.
func client(connection string) string {
	words := strings.Fields(connection)
	if len(words) != 4 {
		return ""
	}
	return net.JoinHostPort(words[0], words[1])
}

// watch calls off when what a person may do is no longer what it was, a key of
// that person is gone, or the session is too long or too quiet; twind itself looks
// after the last two of who came by its own SSH server, and knows by which key.
// That it cannot be read for once is no reason.
func (s *site) watch(ctx context.Context, call *cli.Call, off func(error)) {
	person, since := call.Person, time.Now()
	configured := app.Renew(s.Config, func() (*config.Config, error) { return app.Configure(call) }, slog.New(slog.DiscardHandler))
	ofTwind := os.Getppid() == app.Running(s.data.Dir)
	tick := time.NewTicker(stillEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := app.Stays(configured.Now()).Over(time.Since(since), quiet(call.In, time.Now())); err != nil && !ofTwind {
			off(overstay{err})
			return
		}
		now, err := s.whoIs(ctx, person.Login)
		if errors.Is(err, errUnknown) || err == nil && (!samePerson(now, person) || !ofTwind && lost(person.Keys, now.Keys)) {
			off(errRights)
			return
		}
	}
}

// quiet returns for how long nothing was typed at a terminal, to some seconds: the
// kernel notes it with the terminal's device. It is 0 for anything else.
func quiet(in any, now time.Time) time.Duration {
	f, ok := in.(*os.File)
	if !ok || !cli.IsTerminal(f) {
		return 0
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return 0
	}
	return now.Sub(time.Unix(st.Atim.Unix()))
}

func samePerson(a, b *cli.Person) bool {
	return a.Permission == b.Permission && slices.Equal(a.Feeds, b.Feeds) && slices.Equal(a.Groups, b.Groups)
}

// lost tells whether something that there was is there no more.
func lost(before, now []string) bool {
	return slices.ContainsFunc(before, func(one string) bool { return !slices.Contains(now, one) })
}

var errUnknown = errors.New("no user that is administered here")

// whoIs returns what is permitted to a login.
func (s *site) whoIs(ctx context.Context, login string) (*cli.Person, error) {
	row, err := s.data.Admin.Row(ctx, admin.Name{Kind: "user", Key: login})
	if errors.Is(err, admin.ErrNoRow) {
		return nil, cli.Fail(cli.Refused, fmt.Errorf("--as %s: %w", login, errUnknown), "twinctl admin user list")
	}
	if err != nil {
		return nil, err
	}
	return &cli.Person{Login: row.Key, Feeds: row.Body.List("feeds"), Groups: row.Body.List("queue_groups"), Keys: row.Body.List("keys"), Permission: app.PermissionOf(row)}, nil
}
