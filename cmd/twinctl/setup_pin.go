package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/setup"
	"github.com/twinctl/twin/collector/inert"
)

// trust finds the host key of the SFTP server that the feed reads from, if it is
// to be pinned, and has a person say that it is the right one: who only says
// --yes has compared nothing.
func (r *setupRun) trust(ctx context.Context) error {
	pin, err := setup.Unpinned(r.a)
	if err != nil {
		return r.setback(ctx, cli.Fail(cli.Untrusted, fmt.Errorf("known_hosts_file: %w; nothing was changed", err), ""), r.feedFrom())
	}
	if pin == nil {
		return nil
	}
	if err := pin.Look(ctx); err != nil {
		return r.unseen(ctx, pin, err)
	}
	shown := fmt.Sprintf("SFTP server %s shows the host key %s", pin.Address, pin.Fingerprint())
	const compare = "compare it with what its administrator says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub, there"
	switch {
	case r.shown != "" && r.shown != pin.Fingerprint():
		err := cli.Fail(cli.Untrusted, fmt.Errorf("%s, not --fingerprint %s; nothing was changed", shown, r.shown), compare)
		return r.setback(ctx, err, r.feedFrom())
	case r.shown != "" || r.dryRun:
		fmt.Fprintln(r.call.Err, inert.Text(shown))
	case r.in == nil:
		return cli.Fail(cli.Untrusted, fmt.Errorf("%s, which is not pinned in %s, and nobody is there to compare it; nothing was changed", shown, pin.File),
			compare+"; then the same with --fingerprint "+pin.Fingerprint())
	default:
		fmt.Fprintf(r.call.Err, "%s\n  %s\nIs it the same? [y/N] ", inert.Text(shown), compare)
		answer, err := r.read(ctx)
		if err != nil {
			return err
		}
		if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
			err := cli.Fail(cli.Untrusted, errors.New("the host key was not confirmed: nothing was changed"), "")
			return r.setback(ctx, err, r.feedFrom())
		}
	}
	r.pin = pin
	return nil
}

// unseen is where the SFTP server does not show its host key. It may be gone on
// without: the feed reads nothing before the key is pinned.
func (r *setupRun) unseen(ctx context.Context, pin *setup.Pin, why error) error {
	why = fmt.Errorf("its host key is not pinned in %s, and cannot be asked for: %w; nothing was changed", pin.File, why)
	err := cli.Fail(cli.Verdict(why), why, "the same when that server answers, or with its key in that file, as ssh-keyscan writes it there")
	if !r.changeable(r.feedFrom()) || ctx.Err() != nil {
		return err
	}
	r.Wrong(err)
	switch chosen, unanswered := r.choose(ctx, "What now?", sayChange, sayGoOn, sayStop); {
	case ctx.Err() != nil:
		return unanswered
	case chosen == sayChange:
		return r.reopen(r.feedFrom())
	case chosen == sayGoOn:
		fmt.Fprintln(r.call.Err, "warning: the feed reads nothing before that key is pinned: twinctl setup again, when the server answers")
		return nil
	}
	return err
}
