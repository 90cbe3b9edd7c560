package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable/engine"
)

// The verbs by which a move of the role is asked of the running server.
const (
	DemoteRole = "role.demote"
	CancelRole = "role.cancel"
	ProbeRole  = "role.probe"
)

// DemoteArgs are the arguments of DemoteRole; its answer is a node.Token.
type DemoteArgs struct {
	Runbook string `json:"runbook"`
	Epoch   int64  `json:"epoch"` // of the primary that is to give its role away
}

// CancelRoleArgs are the arguments of CancelRole.
type CancelRoleArgs struct {
	Repeatable bool `json:"repeatable"` // only what may run twice: the next primary runs it again
}

// CancelRoleAnswer is its answer.
type CancelRoleAnswer struct {
	Runs int `json:"runs"` // that were told to end
}

// roleHands do on this server what moving its role wants of whoever runs its
// timetables: this twind, the twind that another process is, or, where none
// runs, this process in its stead.
type roleHands struct {
	data   *Data
	config func() *config.Config
	keeper *timekeeper // of this twind; nil: it is another process, if any
}

// Demote gives the role away, and returns the token; see node.DB.Demote and
// engine.Engine.GiveAway for errors. Where no twind runs, what ran when it died
// is interrupted.
func (h roleHands) Demote(ctx context.Context, args DemoteArgs, actor string) (node.Token, error) {
	given, state, err := h.data.Node.GivenToken(ctx, args.Runbook)
	switch {
	case err != nil:
		return node.Token{}, err
	case given != nil && state == node.TokenGiven:
		return *given, nil
	case h.keeper != nil:
		return h.keeper.demote(ctx, args, actor)
	case Running(h.data.Dir) == 0:
		return h.demoteIdle(ctx, args, actor)
	}
	var t node.Token
	err = h.ask(ctx, DemoteRole, args, actor, &t)
	return t, err
}

// Cancel cancels what goes on and needs the role, and returns how many runs were
// told to end. Where no twind runs there are none.
func (h roleHands) Cancel(ctx context.Context, repeatable bool, actor string) (int, error) {
	switch {
	case h.keeper != nil:
		return h.keeper.engine.CancelRole(ctx, repeatable, actor)
	case Running(h.data.Dir) == 0:
		return 0, nil
	}
	var done CancelRoleAnswer
	err := h.ask(ctx, CancelRole, CancelRoleArgs{repeatable}, actor, &done)
	return done.Runs, err
}

// Probe proves that this server runs what needs the role; see
// engine.Engine.Probe. node.ErrNotClaimed where no twind runs.
func (h roleHands) Probe(ctx context.Context, actor string) (node.Run, error) {
	switch {
	case h.keeper != nil:
		return h.keeper.engine.Probe(ctx, actor)
	case Running(h.data.Dir) == 0:
		return node.Run{}, node.ErrNotClaimed
	}
	var run node.Run
	err := h.ask(ctx, ProbeRole, struct{}{}, actor, &run)
	return run, err
}

func (h roleHands) ask(ctx context.Context, verb string, args any, actor string, answer any) error {
	text, err := json.Marshal(args)
	if err != nil {
		return err
	}
	a, err := Ask(ctx, h.data, node.Request{Verb: verb, Args: text, Actor: actor}, nil)
	if err == nil {
		err = Refusal(a)
	}
	if err == nil {
		err = json.Unmarshal([]byte(a.Text), answer)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return nil
}

// demoteIdle gives the role away in the stead of a twind that does not run, and
// keeps one from starting meanwhile.
func (h roleHands) demoteIdle(ctx context.Context, args DemoteArgs, actor string) (t node.Token, err error) {
	held, err := LockIdle(h.data.Dir)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	self, err := h.data.Node.Self(ctx)
	if err == nil {
		err = self.Holds(node.Primary, args.Epoch)
	}
	if err != nil {
		return t, err
	}
	tasks := taskRunner{data: h.data, config: h.config}
	if err := tasks.runner().Settle(ctx); err != nil { // what it started ends with it
		return t, err
	}
	d := node.Demotion{Runbook: args.Runbook, Epoch: args.Epoch, Actor: actor, Reason: engine.WhyHandover}
	if d.Drop, err = h.endRunning(ctx); err != nil {
		return t, err
	}
	if d.At, d.Claims, err = h.due(ctx, self); err != nil {
		return t, err
	}
	return h.data.Node.Demote(ctx, d)
}

// endRunning ends the runs that need the role and went on when twind died, and
// returns those that had not begun.
func (h roleHands) endRunning(ctx context.Context) (unbegun []int64, err error) {
	open, err := h.data.Node.UnendedRuns(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range open {
		switch {
		case r.Role != node.Primary:
		case r.State == node.RunClaimed:
			unbegun = append(unbegun, r.ID)
		default:
			if err := h.data.Node.EndRun(ctx, r.ID, node.RunEnd{State: node.RunInterrupted, Reason: engine.WhyDown}); err != nil {
				return nil, err
			}
		}
	}
	return unbegun, nil
}

// due returns the claims of all slots that are due now and only a primary runs.
func (h roleHands) due(ctx context.Context, self node.Self) (at record.Instant, claims []node.Claim, err error) {
	list, err := Timetables(ctx, h.data.Admin, sound)
	if err != nil {
		return 0, nil, err
	}
	cursors, err := h.data.Node.RunCursors(ctx)
	if err != nil {
		return 0, nil, err
	}
	here := engine.Here{Server: self.Name, Role: self.Role, Epoch: self.Epoch, Since: self.Since, Owns: self.OwnsFrom}
	if here.Handed, err = h.data.Node.Handed(ctx); err != nil {
		return 0, nil, err
	}
	if here.Maintenance, err = h.data.Node.Maintenance(ctx); err != nil {
		return 0, nil, err
	}
	at = record.At(time.Now())
	return at, engine.HandOver(list.Timetables, cursors, here, at), nil
}

// demote has the engine give the role away.
func (k *timekeeper) demote(ctx context.Context, args DemoteArgs, actor string) (t node.Token, err error) {
	err = k.engine.GiveAway(ctx, func(ctx context.Context, at record.Instant, claims []node.Claim, drop []int64) error {
		t, err = k.data.Node.Demote(ctx, node.Demotion{
			Runbook: args.Runbook, Epoch: args.Epoch, Actor: actor, At: at, Claims: claims, Drop: drop, Reason: engine.WhyHandover,
		})
		return err
	})
	if errors.Is(err, engine.ErrGoesOn) {
		err = cli.Fail(cli.Busy, err, "twinctl run list --state running")
	}
	return t, err
}

func (k *timekeeper) askDemote(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args DemoteArgs) (any, error) { return k.demote(ctx, args, r.Actor) })
}

func (k *timekeeper) askCancelRole(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args CancelRoleArgs) (any, error) {
		n, err := k.engine.CancelRole(ctx, args.Repeatable, r.Actor)
		return CancelRoleAnswer{n}, err
	})
}

func (k *timekeeper) askProbe(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(struct{}) (any, error) { return k.engine.Probe(ctx, r.Actor) })
}
