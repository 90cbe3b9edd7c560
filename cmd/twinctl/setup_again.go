package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/setup"
)

// The ways on from where answers do not lead on.
const (
	sayYes    = "y: yes"
	sayNo     = "n: no"
	sayChange = "c: change the answers"
	sayGoOn   = "g: go on without"
	sayStop   = "s: stop"
)

// ask asks what is open, and says first how.
func (r *setupRun) ask(ctx context.Context) error {
	if err := r.asking.Unasked(r.a); err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help config")
	}
	open := false // what is to be said is said once
	for _, q := range r.asking.Questions {
		open = open || !r.anew && q.Open(r.a)
	}
	if open {
		fmt.Fprintf(r.call.Err, "Enter takes what stands in [brackets], %s goes back to the question before, Ctrl-C ends it. Nothing is written before the last yes.\n", setup.Back)
	}
	return r.asking.Ask(ctx, r.a)
}

// feedFrom is the first question about the feed.
func (r *setupRun) feedFrom() string {
	if r.existing != nil {
		return setup.Secret // all else is written
	}
	return "feed.kind"
}

// setback is where err keeps the answers from leading on: a person may change them
// from the question for a key on, which is errAgain, else it is err that ends.
func (r *setupRun) setback(ctx context.Context, err error, from string) error {
	if !r.changeable(from) || errors.Is(err, errAgain) || ctx.Err() != nil {
		return err
	}
	r.Wrong(err)
	switch chosen, unanswered := r.choose(ctx, "What now?", sayChange, sayStop); {
	case ctx.Err() != nil:
		return unanswered
	case chosen == sayChange:
		return r.reopen(from)
	}
	return err
}

// proceed goes on with a person's yes. Else the answers may be changed from the
// question for a key on: errAgain.
func (r *setupRun) proceed(ctx context.Context, question, from string) error {
	if r.in == nil || r.call.Yes || !r.changeable(from) {
		return r.confirm(ctx, question)
	}
	switch chosen, err := r.choose(ctx, question, sayYes, sayChange, sayNo); {
	case err != nil:
		return err
	case chosen == sayChange:
		return r.reopen(from)
	case chosen == sayNo:
		return cli.Fail(cli.Refused, errors.New("not confirmed"), "the same again goes on where this ended")
	}
	return nil
}

// changeable tells whether there is anybody to ask, and anything, from the question
// for a key on.
func (r *setupRun) changeable(from string) bool {
	r.anew = true
	return r.in != nil && r.asking.Reaches(from, r.a)
}

func (r *setupRun) reopen(from string) error {
	r.asking.Reopen(from, r.a)
	return errAgain
}
