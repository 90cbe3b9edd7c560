package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
)

var (
	errFile   = errors.New("a file of this server is nobody's who acts by way of --as")
	errRights = errors.New("what this login may do was changed, or it is gone: this ends here")
)

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
	if err := s.greet(ctx, call, person, asked.Verb); err != nil {
		return err
	}
	call.Person = person
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan struct{})
	defer func() { <-ended }()
	defer cancel(nil)
	go func() {
		defer close(ended)
		s.watch(ctx, person, cancel)
	}()
	err = run(ctx)
	if errors.Is(context.Cause(ctx), errRights) {
		return cli.Fail(cli.Refused, errRights, "")
	}
	return err
}

// watch calls off when what a person may do is no longer what it was. That it
// cannot be read for once is no reason.
func (s *site) watch(ctx context.Context, person *cli.Person, off func(error)) {
	tick := time.NewTicker(stillEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, err := s.whoIs(ctx, person.Login)
		if errors.Is(err, errUnknown) || err == nil && !samePerson(now, person) {
			off(errRights)
			return
		}
	}
}

func samePerson(a, b *cli.Person) bool {
	return a.Permission == b.Permission && slices.Equal(a.Feeds, b.Feeds) && slices.Equal(a.Groups, b.Groups)
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
	k, _ := admin.KindNamed(row.Kind)
	p := &cli.Person{Login: row.Key, Feeds: row.Body.List("feeds"), Groups: row.Body.List("queue_groups")}
	if f, ok := k.Field("permission"); ok {
		p.Permission = valueText(f.Value(row.Body))
	}
	return p, nil
}
