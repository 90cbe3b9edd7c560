package switchover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// What a Handler refuses of whoever asks.
var (
	ErrVerb     = errors.New("no verb of a switch-over")
	ErrQuestion = errors.New("not what that verb takes")
)

// Hands do on a server what needs its running engine, or stand in for that.
type Hands interface {
	// Demote gives its role away; see node.DB.Demote.
	Demote(ctx context.Context, runbook string, epoch int64, actor string) (node.Token, error)
	// Cancel ends what runs and needs the role, or that of it which may be run
	// again, and tells how much it was.
	Cancel(ctx context.Context, repeatable bool, actor string) (int, error)
	// Probe runs a timetable that does nothing, as primary, and waits for its end.
	Probe(ctx context.Context, actor string) (node.Run, error)
}

// A Handler answers the verbs on one server.
type Handler struct {
	Node      *node.DB
	Asker     string // the name of the server whose runner asks
	Hands     Hands
	Sync      func(context.Context) (Synced, error) // the last one before the role moves: nothing is chosen in it
	Hook      func(context.Context, node.Runbook, HookQuestion) (Hooked, error)
	CheckRuns func(node.RunPage) error // whether a twin can have told that
}

// Answer answers a verb: ErrVerb, ErrQuestion, or an error of what was asked. It
// may be called from many goroutines.
func (h Handler) Answer(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	switch verb {
	case VerbRead:
		return asked(args, func(q ReadQuestion) (any, error) { return h.read(ctx, q) })
	case VerbOpen:
		return asked(args, func(b node.Runbook) (any, error) {
			b.Runner = h.Asker
			return struct{}{}, h.Node.OpenRunbook(ctx, b)
		})
	case VerbNote:
		return asked(args, func(q NoteQuestion) (any, error) {
			return struct{}{}, h.Node.NoteRunbook(ctx, q.Runbook, h.Asker, q.Notes...)
		})
	case VerbEnd:
		return asked(args, func(q EndQuestion) (any, error) {
			return struct{}{}, h.Node.EndRunbook(ctx, node.Runbook{ID: q.Runbook, Runner: h.Asker, State: q.State, Result: q.Result})
		})
	case VerbLedger:
		return asked(args, func(q LedgerQuestion) (any, error) { return h.Node.RunChanges(ctx, q.After, pageRuns) })
	}
	return h.act(ctx, verb, args)
}

// pageRuns is how many rows of the ledger are carried at once.
const pageRuns = 200

// act answers the verbs that change something, for whoever goes through the move.
func (h Handler) act(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	of, err := asked(args, func(q Of) (Of, error) { return q, nil })
	if err != nil {
		return nil, err
	}
	if err := h.Node.NoteRunbook(ctx, of.Runbook, h.Asker); err != nil {
		return nil, err
	}
	book, err := h.Node.Runbook(ctx, of.Runbook)
	if err != nil {
		return nil, err
	}
	switch verb {
	case VerbDrain:
		return struct{}{}, h.Node.Drain(ctx, book.ID, drainedFor)
	case VerbRefill:
		return struct{}{}, h.Node.Refill(ctx, book.ID)
	case VerbSync:
		return h.Sync(ctx)
	case VerbCancel:
		return asked(args, func(q CancelQuestion) (any, error) {
			n, err := h.Hands.Cancel(ctx, q.Repeatable, book.Actor)
			return Cancelled{n}, err
		})
	case VerbProbe:
		return h.Hands.Probe(ctx, book.Actor)
	case VerbHook:
		return asked(args, func(q HookQuestion) (any, error) { return h.Hook(ctx, book, q) })
	}
	return h.move(ctx, book, verb, args)
}

// move answers the verbs by which the role goes over.
func (h Handler) move(ctx context.Context, book node.Runbook, verb string, args json.RawMessage) (any, error) {
	switch verb {
	case VerbDemote:
		return asked(args, func(q DemoteQuestion) (any, error) { return h.Hands.Demote(ctx, book.ID, q.Epoch, book.Actor) })
	case VerbTold:
		return asked(args, func(q ToldQuestion) (any, error) { return h.told(ctx, q) })
	case VerbPromote:
		return asked(args, func(q TokenQuestion) (any, error) {
			if err := q.of(book); err != nil {
				return nil, err
			}
			self, err := h.Node.Promote(ctx, q.Token, book.Actor)
			return standing(self), err
		})
	case VerbVoid:
		return asked(args, func(q TokenQuestion) (any, error) {
			if err := q.of(book); err != nil {
				return nil, err
			}
			return struct{}{}, h.Node.VoidToken(ctx, q.Token, book.Actor)
		})
	case VerbTakeBack:
		return asked(args, func(q TakeBackQuestion) (any, error) {
			self, err := h.Node.TakeBack(ctx, q.Token, book.Actor)
			return standing(self), err
		})
	}
	return nil, fmt.Errorf("%w: %s", ErrVerb, inert.Text(verb[:min(len(verb), maxShort)]))
}

// of tells whether the token is one of the move, and has its form.
func (q TokenQuestion) of(book node.Runbook) error {
	if q.Token.Runbook != book.ID {
		return fmt.Errorf("%w: it is of another move of the role", node.ErrToken)
	}
	if err := checkToken(q.Token); err != nil {
		return fmt.Errorf("%w: %w", node.ErrToken, err)
	}
	return nil
}

// told keeps what the twin tells of its runs.
func (h Handler) told(ctx context.Context, q ToldQuestion) (Told, error) {
	if err := h.CheckRuns(q.Page); err != nil {
		return Told{}, fmt.Errorf("%w: %w", ErrQuestion, err)
	}
	pair, err := h.Node.Pair(ctx)
	if err != nil {
		return Told{}, err
	}
	if pair == nil {
		return Told{}, fmt.Errorf("%w: this server has no twin", node.ErrRole)
	}
	if err := h.Node.KeepTwinRuns(ctx, pair.Server, q.Page); err != nil {
		return Told{}, err
	}
	told, err := h.Node.RunsTold(ctx)
	return Told{told.Through}, err
}

// read tells how this server stands to a move, after it has noted the epoch that
// the asker knows of.
func (h Handler) read(ctx context.Context, q ReadQuestion) (r Reading, err error) {
	if _, err := h.Node.Seen(ctx, q.Seen); err != nil {
		return r, err
	}
	self, err := h.Node.Self(ctx)
	if err != nil {
		return r, err
	}
	r.Standing = standing(self)
	pair, err := h.Node.Pair(ctx)
	if err != nil {
		return r, err
	}
	if pair != nil {
		r.Pair, r.Twin = pair.Pair, pair.Server
	}
	if r.Open, r.Runbook, err = h.books(ctx, q); err != nil {
		return r, err
	}
	if r.Token, r.State, err = h.Node.GivenToken(ctx, q.Runbook); err != nil {
		return r, err
	}
	told, err := h.Node.RunsTold(ctx)
	if err != nil {
		return r, err
	}
	r.Told = told.Through
	going, now, err := h.Node.RoleRuns(ctx, maxGoing)
	if err != nil {
		return r, err
	}
	r.Going, r.Now = []Going{}, now
	for _, run := range going {
		r.Going = append(r.Going, Going{Run: run.ID, Timetable: run.Name, Since: run.Started})
	}
	if !self.Drains(now) {
		r.Draining = ""
	}
	return r, nil
}

// books returns the move that is open here, and the one that was asked about.
func (h Handler) books(ctx context.Context, q ReadQuestion) (open, about *node.Runbook, err error) {
	last, err := h.Node.Runbook(ctx, "")
	switch {
	case errors.Is(err, node.ErrNoRunbook):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case last.State == node.RunbookOpen:
		plain := last
		plain.Notes = nil
		open = &plain
	}
	if q.Runbook == "" {
		return open, nil, nil
	}
	book, err := h.Node.Runbook(ctx, q.Runbook)
	switch {
	case errors.Is(err, node.ErrNoRunbook):
		return open, nil, nil
	case err != nil:
		return nil, nil, err
	case !q.Journal:
		book.Notes = nil
	}
	return open, &book, nil
}

func standing(s node.Self) Standing {
	return Standing{
		Server: s.Server, Name: s.Name, Role: s.Role, Epoch: s.Epoch, Seen: s.EpochSeen, Since: s.Since,
		OwnsFrom: s.OwnsFrom, OwnsUntil: s.OwnsUntil, Draining: s.DrainingFor,
	}
}

// asked reads a question and answers it.
func asked[Q, A any](args json.RawMessage, answer func(Q) (A, error)) (a A, err error) {
	var q Q
	if len(args) > maxArgs {
		return a, fmt.Errorf("%w: %d bytes", ErrQuestion, len(args))
	}
	if err := json.Unmarshal(args, &q); err != nil {
		return a, fmt.Errorf("%w: %w", ErrQuestion, err)
	}
	return answer(q)
}

// maxArgs bounds a question: a page of runs is the largest.
const maxArgs = 1 << 20

// A Local asks a Handler in process, as if it were the twin.
type Local struct{ Handler Handler }

// Call implements Caller.
func (l Local) Call(ctx context.Context, verb string, args, answer any) error {
	question, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("arguments of %s: %w", verb, err)
	}
	got, err := l.Handler.Answer(ctx, verb, question)
	if err != nil || answer == nil {
		return err
	}
	text, err := json.Marshal(got)
	if err != nil {
		return fmt.Errorf("answer to %s: %w", verb, err)
	}
	return json.Unmarshal(text, answer)
}
