package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
)

// journalInterval is how often the journal is looked at.
const journalInterval = 100 * time.Millisecond

// errBegun ends the following of a move that nobody wants followed.
var errBegun = errors.New("it has begun")

// A follower shows how far a move of the role is, by its journal here.
type follower struct {
	*site
	call  *cli.Call
	id    string
	shown int // notes

	waited string // what a step was shown to wait for
}

// ask asks twind, and shows the journal until it has answered. noWait ends it with
// errBegun as soon as there is a journal.
func (f *follower) ask(ctx context.Context, verb string, args any, noWait bool) (done switchover.Result, err error) {
	text, err := json.Marshal(args)
	if err != nil {
		return done, err
	}
	a, err := f.follow(ctx, f.request(verb, text), noWait)
	if err == nil {
		err = app.Refusal(a)
	}
	if err != nil {
		return done, err
	}
	if err := json.Unmarshal([]byte(a.Text), &done); err != nil {
		return done, cli.Fail(cli.Unknown, fmt.Errorf("what twind answered: %w", err), "twinctl switchover status")
	}
	return done, nil
}

// follow puts a request to twind, and shows the journal until it is answered; see
// ask for noWait.
func (f *follower) follow(ctx context.Context, r node.Request, noWait bool) (node.Answer, error) {
	type reply struct {
		answer node.Answer
		err    error
	}
	asking, stop := context.WithCancel(ctx)
	defer stop()
	answered := make(chan reply, 1)
	waits := make(chan string, 1)
	go func() {
		a, err := app.Ask(asking, f.data, r, func(said string) {
			select {
			case waits <- said:
			default: // the one before is about to be shown
			}
		})
		answered <- reply{a, err}
	}()
	tick := time.NewTicker(journalInterval)
	defer tick.Stop()
	for {
		select {
		case said := <-waits:
			f.steps(ctx)
			f.waitsFor(said)
		case r := <-answered:
			f.steps(context.WithoutCancel(ctx))
			return r.answer, r.err
		case <-tick.C:
			if f.steps(ctx) && noWait {
				stop()
				<-answered
				return node.Answer{}, errBegun
			}
		}
	}
}

// waitsFor shows what a step waits for, once.
func (f *follower) waitsFor(said string) {
	if strings.HasPrefix(said, "wait: run ") && said != f.waited && f.call.Format == cli.Text {
		f.waited = said
		step, what, _ := strings.Cut(said, ": ")
		writeNote(f.call.Err, []node.RunbookNote{{Step: step, State: node.NoteTold, Text: what}})
	}
}

// steps shows what the journal has that was not shown yet, and tells whether
// there is one.
func (f *follower) steps(ctx context.Context) bool {
	if f.id == "" {
		return false
	}
	b, err := f.data.Node.Runbook(ctx, f.id)
	if err != nil {
		return false // it is not there yet, or the answer will tell
	}
	for ; f.shown < len(b.Notes); f.shown++ {
		if f.call.Format == cli.Text {
			writeNote(f.call.Err, b.Notes[:f.shown+1])
		}
	}
	return true
}

// show writes what came of it.
func (f *follower) show(ctx context.Context, done switchover.Result, err error) error {
	if err == nil {
		return showResult(f.call, done)
	}
	b, wrong := f.data.Node.Runbook(context.WithoutCancel(ctx), f.id)
	if wrong != nil {
		return err // it did not get so far
	}
	if ctx.Err() != nil && b.State == node.RunbookOpen {
		fmt.Fprintf(f.call.Err, "the switch-over goes on: twinctl switchover status; twinctl switchover --abort ends it\n")
		return interrupted(ctx)
	}
	if errors.Is(err, node.ErrNoAnswer) || cli.Verdict(err) == cli.Unknown {
		if b.State == node.RunbookOpen {
			return cli.Fail(cli.Halted, fmt.Errorf("twind ended in it: %w", err), "twinctl switchover --resume, or --abort, here or on the other server")
		}
	}
	if f.call.Format == cli.JSON && len(b.Result) > 2 {
		if err := json.Unmarshal(b.Result, &done); err == nil {
			if err := f.call.Show(cli.View{Document: done}); err != nil {
				return err
			}
		}
	}
	return err
}

// showResult writes what came of a move that went well.
func showResult(call *cli.Call, r switchover.Result) error {
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: r})
	}
	_, err := fmt.Fprintln(call.Out, r.Line())
	return err
}

func showBegun(call *cli.Call, id string) error {
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: struct {
			ID string `json:"id"`
		}{id}})
	}
	_, err := fmt.Fprintln(call.Out, id)
	return err
}
