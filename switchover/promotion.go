package switchover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// A Promotion takes the role where the primary is down. Its journal is this
// server's, and the twin is given a copy where it answers.
type Promotion struct {
	Node  *node.DB
	Here  Side // this server, in process
	There Side // its twin, dialled anew for each question
	// Look sees how both do, within some seconds.
	Look func(context.Context) (Own, Sight, error)
	Now  func() time.Time
	Say  func(step, text string) // what goes on, for whoever watches
}

// A PromoteWish is a promotion that somebody asks for.
type PromoteWish struct {
	ID     string // of the move; random
	Actor  string
	Reason string
	Down   string // the name of the twin, which the person says is down; "": the person does not
}

// A Promoted is what came of it.
type Promoted struct {
	Result
	Ruling Ruling        `json:"ruling"`
	Fenced *Fenced       `json:"fenced"`       // null: there was nobody to fence
	Slots  node.Reviewed `json:"slots"`        // of before, which the old primary has not told of
	Acked  bool          `json:"acknowledged"` // the twin has said that it knows of the epoch
}

// PromoteSteps lists what a promotion is made of, in order.
func PromoteSteps() []Step {
	return []Step{
		{Name: "look", What: "the twin is asked over every way, and the feeds are looked at", Why: "two primaries would do everything twice"},
		{Name: "hooks", What: "pre_promote is called here", Why: "a site may say no", Waits: "the program of the site", Changes: true},
		{Name: "fence", What: "a twin whose machine answers is kept from acting as primary, and its twind is ended", Why: "it may come to itself again", Changes: true},
		{Name: "take", What: "this server takes the role, by an epoch above all that were seen", Why: "whoever hears of it steps down", Changes: true, Return: true},
		{Name: "verify", What: "the role is read back, and the twin is told where it answers", Why: "what is said at the end was seen"},
		{Name: "probe", What: "a timetable that does nothing runs here", Why: "runs of the epoch can be claimed and come to their end", Changes: true},
		{Name: "publish", What: "post_switch is called here", Why: "whoever follows the role may rely on it now", Waits: "the program of the site", Changes: true},
	}
}

const (
	takeWithin  = 30 * time.Second // with the hooks of the site
	fenceWithin = 20 * time.Second
	copyWithin  = 5 * time.Second
)

// A promoting is a promotion while it goes on.
type promoting struct {
	Promotion
	book   node.Runbook
	notes  journal
	own    Own
	twin   Sight
	said   Attestation
	self   node.Self
	was    int64 // the highest epoch before
	result Promoted
}

// Run takes the role, or says why not: ErrAlive, ErrNoProof, ErrBlocked, and
// nothing was changed then but, after a fence, the twin. Once the role is taken
// an error says that it was, and what could not be done after it.
func (p Promotion) Run(ctx context.Context, w PromoteWish) (Promoted, error) {
	m := &promoting{Promotion: p, said: Attestation{Name: w.Down, Reason: w.Reason}}
	m.result.Steps = []Took{}
	m.say("look", "the twin is asked")
	if err := m.look(ctx); err != nil {
		return m.result, err
	}
	switch m.result.Ruling.Verdict {
	case VerdictAlready:
		m.result.Outcome, m.result.Primary, m.result.Epoch = OutcomeAlready, m.own.Name, m.own.Epoch
		return m.result, m.sweep(ctx, w)
	case VerdictTake, VerdictFence:
	case VerdictAlive, VerdictNoProof, VerdictRefused:
		return m.result, m.result.Ruling.Err()
	}
	if err := m.open(ctx, w); err != nil {
		return m.result, err
	}
	alive, rest := context.WithCancel(context.WithoutCancel(ctx))
	var beats sync.WaitGroup
	beats.Go(func() { m.beat(alive) })
	defer beats.Wait()
	defer rest()
	return m.end(ctx, m.steps(ctx))
}

// Err is why the role is not taken, nil if it is.
func (r Ruling) Err() error {
	switch r.Verdict {
	case VerdictAlive:
		return fmt.Errorf("%w: %s", ErrAlive, r.Because)
	case VerdictNoProof:
		return fmt.Errorf("%w: %s", ErrNoProof, r.Because)
	case VerdictRefused:
		return fmt.Errorf("%w: %s", ErrBlocked, r.Because)
	case VerdictAlready, VerdictTake, VerdictFence:
	}
	return nil
}

func (m *promoting) say(step, text string) { m.Say(step, text) }

// look sees how both do, and rules.
func (m *promoting) look(ctx context.Context) (err error) {
	if m.own, m.twin, err = m.Look(ctx); err == nil {
		m.result.Ruling = Rule(m.own, m.twin, m.said)
	}
	return err
}

// open begins the journal. What a runner left open that is dead is closed: the
// role is moved otherwise now.
func (m *promoting) open(ctx context.Context, w PromoteWish) error {
	if err := m.sweep(ctx, w); err != nil {
		return err
	}
	m.book = node.Runbook{
		ID: w.ID, Intent: node.IntentPromote, Giver: m.twin.Name, Taker: m.own.Name, Actor: w.Actor, Reason: w.Reason,
		Options: json.RawMessage(`{}`), Runner: m.own.Name, State: node.RunbookOpen, Result: json.RawMessage(`{}`),
	}
	m.notes = journal{id: w.ID, now: m.Now}
	if err := m.Node.OpenRunbook(ctx, m.book); err != nil {
		return err
	}
	m.note("look", node.NoteDone, string(m.result.Ruling.Verdict)+": "+m.result.Ruling.Because)
	return m.write(ctx)
}

// sweep closes the move that is open here, unless its runner is alive.
func (m *promoting) sweep(ctx context.Context, w PromoteWish) error {
	left, err := m.Node.Runbook(ctx, "")
	switch {
	case errors.Is(err, node.ErrNoRunbook) || err == nil && left.State != node.RunbookOpen:
		return nil
	case err != nil:
		return err
	}
	left.Runner = m.own.Name // whoever asks this twind goes through nothing else meanwhile
	if err := m.Node.OpenRunbook(ctx, left); err != nil {
		return err
	}
	text, err := json.Marshal(Result{
		ID: left.ID, Intent: left.Intent, From: left.Giver, To: left.Taker, Actor: left.Actor, Reason: left.Reason,
		Outcome: OutcomeFailed, Text: "ended by a promotion of " + m.own.Name + " by " + w.Actor, Steps: Durations(left.Notes), Override: []string{},
	})
	if err != nil {
		return err
	}
	return m.Node.EndRunbook(ctx, node.Runbook{ID: left.ID, Runner: left.Runner, State: node.RunbookFailed, Result: text})
}

func (m *promoting) note(step string, state node.NoteState, text string) {
	m.notes.add(step, state, text)
}

// write writes down what was noted.
func (m *promoting) write(ctx context.Context) error {
	return m.Node.NoteRunbook(ctx, m.book.ID, m.book.Runner, m.notes.all()...)
}

// beat gives a sign of life until ctx ends.
func (m *promoting) beat(ctx context.Context) {
	for pause(ctx, beatEvery) {
		_ = m.Node.NoteRunbook(ctx, m.book.ID, m.book.Runner) // the next step tells
	}
}

// steps does the steps.
func (m *promoting) steps(ctx context.Context) error {
	for _, s := range []struct {
		name   string
		within time.Duration
		do     func(context.Context) (string, error)
	}{
		{"hooks", hookWithin, m.prePromote},
		{"fence", fenceWithin, m.fence},
		{"take", takeWithin + hookWithin, m.take},
		{"verify", time.Minute, m.verify},
		{"probe", time.Minute, m.probe},
		{"publish", hookWithin, m.publish},
	} {
		if s.name == "fence" && m.result.Ruling.Verdict != VerdictFence {
			continue
		}
		if err := m.through(ctx, s.name, s.within, s.do); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func (m *promoting) through(ctx context.Context, step string, within time.Duration, do func(context.Context) (string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	m.note(step, node.NoteBegun, "")
	if err := m.write(ctx); err != nil {
		return err
	}
	m.say(step, "")
	said, err := do(ctx)
	if err != nil {
		m.note(step, node.NoteFailed, err.Error())
		return err
	}
	m.note(step, node.NoteDone, said)
	return m.write(ctx)
}
