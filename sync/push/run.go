package push

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/bundle"
)

// A Reader tells what the primary holds. A Book is one.
type Reader interface {
	// Edits returns where this server stands and, of the same moment, the rows
	// that are not what the base of a generation held, with their bodies, in the
	// order of their names. Since 0 it returns all rows, without bases.
	Edits(ctx context.Context, since int64) (admin.Position, []admin.Pending, error)
	// Target returns the root that the base has after ops, counted from the base
	// of a generation.
	Target(ctx context.Context, since int64, ops []admin.Op) (admin.Root, error)
	// BaseAt returns the root of the base of a generation, if it can be told.
	BaseAt(ctx context.Context, generation int64) (admin.Root, bool, error)
}

// A Sender keeps the primary's half of what is agreed on; see admin.DB.
type Sender interface {
	Sent(ctx context.Context) (*admin.Facts, error)
	Sending(ctx context.Context, f admin.Facts, ops []admin.Op) error
	Agree(ctx context.Context, by admin.Author, to int64, head audit.Head) (admin.Applied, error)
}

// An Editor holds the primary's rows; see admin.DB.
type Editor interface {
	Row(ctx context.Context, name admin.Name) (admin.Row, error)
	Change(ctx context.Context, by admin.Author, edits []admin.Edit, how admin.How) (admin.Set, error)
	// Raise makes the generation higher than above, and returns it.
	Raise(ctx context.Context, above int64) (generation int64, err error)
}

// A Teller tells where the primary stands; see admin.DB.
type Teller interface {
	Position(ctx context.Context) (admin.Position, error)
	Counts(ctx context.Context) (map[string]int64, error)
	// TwinHead returns the last act that the audit of the twin in a pair had at
	// the last sync, of id 0 if there was none.
	TwinHead(ctx context.Context, pair string) (audit.Head, error)
}

// A Pusher makes the secondary what the primary is. Who is this server's hello
// without its position and rows.
type Pusher struct {
	Peer    Peer
	Reader  Reader
	Sender  Sender
	Editor  Editor
	Teller  Teller
	Who     bundle.Hello
	Twin    string // the twin's own name for ever, as it was paired
	Now     func() time.Time
	Options Options
}

// Options are what a person asked for.
type Options struct {
	By           admin.Author
	Choices      Choices
	First        bool                               // a first sync may be made
	AllowDeletes int                                // that many rows may be deleted
	Effects      func(change admin.Change) []string // what a change causes on the secondary; may be nil
	// Progress is told how far a push that was confirmed has come: it must not
	// block, and may be nil.
	Progress func(Progress)
}

// A Progress is how far a push has come.
type Progress struct {
	Step        Step
	Done, Total int64 // rows that are adopted, or bytes that are sent; else 0
}

// A Step is what a push is at.
type Step string

// The steps, in their order.
const (
	Adopting Step = "adopting" // the primary takes rows of the secondary; only where some are adopted
	Sending  Step = "sending"
	Applying Step = "applying" // the secondary checks the bundle and takes it, all of it or nothing
	Reading  Step = "reading"  // it is asked what it holds now
)

func (o Options) tell(step Step, done, total int64) {
	if o.Progress != nil {
		o.Progress(Progress{step, done, total})
	}
}

// A Result is what a sync did, as the secondary told it in the end.
type Result struct {
	Base      Ground        `json:"base"`
	Bundle    bundle.Digest `json:"bundle"` // zero: nothing had to be sent
	Bytes     int64         `json:"bytes"`
	Counts    []Done        `json:"counts"`
	Secondary bundle.Hello  `json:"secondary"`
}

// tries is how often a plan is made when one of the two is edited meanwhile.
const tries = 3

// Plan asks the twin and returns what is to be done. It changes nothing, but
// that a bundle which had arrived before, and was not acknowledged, is noted.
// What a person has to choose stands in the plan; see Plan.Check.
func (p *Pusher) Plan(ctx context.Context) (plan *Plan, err error) {
	for range tries {
		if plan, err = p.plan(ctx); !errors.Is(err, ErrMoved) {
			return plan, err
		}
	}
	return nil, err
}

func (p *Pusher) plan(ctx context.Context) (*Plan, error) {
	ours, answer, err := p.meet(ctx)
	if err != nil {
		return nil, err
	}
	ground, err := p.ground(ctx, ours.Position, answer.Drift)
	if err != nil {
		return nil, err
	}
	if ground.First() {
		if err := checkFirst(ours, answer.Hello, p.Options.First); err != nil {
			return nil, err
		}
	}
	plan := &Plan{Primary: ours, Secondary: answer.Hello, Checked: record.At(p.Now()), Ground: ground}
	position, pending, err := p.Reader.Edits(ctx, ground.Generation)
	if err != nil {
		return nil, err
	}
	if position.Generation != ours.Position.Generation || position.BaseGeneration != ours.Position.BaseGeneration {
		return nil, fmt.Errorf("%w: this server", ErrMoved)
	}
	theirs, err := p.theirs(ctx, plan, answer)
	if err != nil {
		return nil, err
	}
	plan.drift = driftOf(theirs)
	decisions := Decide(hashesOf(pending), theirs, ground.First(), p.Options.Choices)
	plan.Unused, plan.Absent = unused(decisions, p.Options.Choices), absent(decisions, p.Options.Choices)
	return plan, p.fill(ctx, plan, decisions, pending)
}

// meet exchanges the hellos, judges them, and notes what had arrived.
func (p *Pusher) meet(ctx context.Context) (ours bundle.Hello, a bundle.HelloAnswer, err error) {
	for range tries {
		if ours, err = p.hello(ctx); err != nil {
			return ours, a, err
		}
		if a, err = (remote{p.Peer}).hello(ctx, ours); err != nil {
			return ours, a, err
		}
		if err = p.check(ours, a.Hello); err != nil {
			return ours, a, err
		}
		if err = p.witness(ctx, a.Hello); err != nil { // before what is known of it becomes another
			return ours, a, err
		}
		arrived, err := p.arrived(ctx, a.Hello.Position)
		if err != nil || !arrived {
			return ours, a, err
		}
	}
	return ours, a, fmt.Errorf("%w: this server", ErrMoved)
}

// check judges the hello of whoever answered.
func (p *Pusher) check(ours, theirs bundle.Hello) error {
	if theirs.Server != p.Twin {
		return fmt.Errorf("%w: server %q answered, and %q was paired", ErrPair, theirs.Server, p.Twin)
	}
	return CheckHello(ours, theirs)
}

// arrived notes that what was sent last did arrive, if that is what the
// secondary stands on: a link may be cut between its commit and its word of it.
func (p *Pusher) arrived(ctx context.Context, theirs admin.Position) (bool, error) {
	sent, err := p.Sender.Sent(ctx)
	if err != nil || sent == nil || (Ground{sent.To, sent.Target}) != (Ground{theirs.BaseGeneration, theirs.BaseRoot}) {
		return false, err
	}
	_, err = p.Sender.Agree(ctx, p.Options.By, sent.To, theirs.Head)
	return true, err
}

func (p *Pusher) hello(ctx context.Context) (bundle.Hello, error) {
	h := p.Who
	h.At = record.At(p.Now())
	var err error
	if h.Rows, err = p.Teller.Counts(ctx); err != nil {
		return h, err
	}
	h.Position, err = p.Teller.Position(ctx)
	return h, err
}

func (p *Pusher) ground(ctx context.Context, ours admin.Position, told bundle.DriftAnswer) (Ground, error) {
	root, held, err := p.Reader.BaseAt(ctx, told.Since)
	return meet(ours, Ground{told.Since, told.Root}, held && root == told.Root), err
}

func (p *Pusher) theirs(ctx context.Context, plan *Plan, a bundle.HelloAnswer) ([]bundle.Edited, error) {
	r := remote{p.Peer}
	if plan.Ground.First() {
		return r.hashes(ctx, a)
	}
	if a.Drift.Generation != a.Hello.Position.Generation {
		return nil, fmt.Errorf("%w: the secondary, while it said hello", ErrMoved)
	}
	return r.drift(ctx, plan.Primary.Position, a)
}

func hashesOf(pending []admin.Pending) []bundle.Edited {
	edits := make([]bundle.Edited, len(pending))
	for i, row := range pending {
		edits[i] = bundle.Edited{Name: admin.Name{Kind: row.Kind, Key: row.Key}, Base: row.Base, Hash: row.Hash}
	}
	return edits
}

// driftOf returns what the secondary's admin.db makes of the same edits.
func driftOf(edits []bundle.Edited) admin.Root {
	pending := make([]admin.Pending, len(edits))
	for i, e := range edits {
		pending[i] = admin.Pending{Kind: e.Kind, Key: e.Key, Base: e.Base, Hash: e.Hash}
	}
	return admin.DriftOf(pending)
}
