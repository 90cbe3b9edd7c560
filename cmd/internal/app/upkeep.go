package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/fill"
)

// The verbs of upkeep that a person asks of the running server.
const (
	Mend = "history.mend"
	Drop = "history.drop"
)

// MendArgs say what to take from the twin again.
type MendArgs struct {
	Feed string        `json:"feed"`
	Keys []record.Key  `json:"keys"`    // of damaged records
	Off  []record.Span `json:"buckets"` // whose records are not what was counted
}

// A MendAnswer is what came of it.
type MendAnswer struct {
	Healed int `json:"healed"`
}

// DropArgs say which days to drop: those before Until.
type DropArgs struct {
	Feed          string         `json:"feed"`
	Until         record.Instant `json:"until"`
	EvenUnmatched bool           `json:"even_if_unmatched"`
}

// A DropAnswer is what came of it.
type DropAnswer struct {
	Dropped int64 `json:"dropped"` // records
}

// A rotten is a record that was found not to fit its digest any more.
type rotten struct {
	feed string
	key  record.Key
}

// maxRotten is how many damaged records are remembered: where there are more, a
// person must look after the disk first.
const maxRotten = 10_000

// rots notes a record that was found damaged when it was read, to be taken from
// the twin again. It says so once.
func (f *filler) rots(feed string, k record.Key) {
	f.mu.Lock()
	r := rotten{feed, k}
	_, known := f.damaged[r]
	fresh := !known && len(f.damaged) < maxRotten
	if fresh {
		f.damaged[r] = false
	}
	f.mu.Unlock()
	if fresh {
		f.log.Error("a record is damaged on this disk: it is taken from the twin again", "feed", feed, "at", k.At.String(), "digest", k.Digest.String())
	}
}

// mendRotten takes what was found damaged from the twin again, each once: what
// the twin has not got whole either, a person finds with history verify.
func (f *filler) mendRotten(ctx context.Context) error {
	for feed, keys := range f.toMend() {
		answer, err := f.mend(ctx, MendArgs{Feed: feed, Keys: keys}, byItself)
		if err != nil {
			return err
		}
		if left := len(keys) - answer.Healed; left > 0 {
			f.log.Error("damaged records stay damaged: the twin has them not, or not whole", "feed", feed, "records", left)
		}
	}
	return nil
}

// toMend returns by feed what the twin was not asked for yet.
func (f *filler) toMend() map[string][]record.Key {
	f.mu.Lock()
	defer f.mu.Unlock()
	due := map[string][]record.Key{}
	for r, asked := range f.damaged {
		if !asked {
			f.damaged[r] = true
			due[r.feed] = append(due[r.feed], r.key)
		}
	}
	return due
}

// askMend answers the request to mend.
func (f *filler) askMend(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args MendArgs) (any, error) { return f.mend(ctx, args, r.Actor) })
}

// mend takes damaged records from the twin again. Buckets can be counted without one.
func (f *filler) mend(ctx context.Context, args MendArgs, actor string) (MendAnswer, error) {
	twin := f.watcher.Link()
	if twin == nil && len(args.Keys) > 0 {
		return MendAnswer{}, errNoLink
	}
	found := history.Verdict{Damaged: args.Keys, Buckets: args.Off}
	healed, err := fill.Mend(ctx, fill.Local{DB: f.history}, fill.Remote{Caller: twin}, args.Feed, found)
	if healed > 0 {
		f.log.Warn("damaged records were taken from the twin again", "feed", args.Feed, "records", healed)
	}
	if healed == 0 && err != nil {
		return MendAnswer{}, err
	}
	act := node.Act{Actor: actor, Verb: Mend, Target: args.Feed, Detail: MendAnswer{healed}}
	return MendAnswer{healed}, errors.Join(err, f.node.Audit(ctx, act))
}

// askDrop answers the request to drop old days.
func (f *filler) askDrop(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args DropArgs) (any, error) {
		dropped, err := f.history.Drop(ctx, args.Feed, args.Until, args.EvenUnmatched)
		if dropped > 0 {
			f.log.Info("old days were dropped", "feed", args.Feed, "until", args.Until.String(), "records", dropped)
			act := node.Act{Actor: r.Actor, Verb: Drop, Target: args.Feed, Detail: dropAct{args, dropped}}
			err = errors.Join(err, f.node.Audit(context.WithoutCancel(ctx), act))
		}
		switch {
		case err == nil:
			return DropAnswer{dropped}, nil
		case dropped > 0:
			return nil, cli.Fail(cli.Halted, fmt.Errorf("%d records were dropped, and then: %w", dropped, err), "the same again goes on")
		case errors.Is(err, history.ErrNotAgreed):
			return nil, cli.Fail(cli.Refused, err, "twinctl compare; and --even-if-unmatched if the twin is gone")
		case errors.Is(err, history.ErrNotCounted):
			return nil, cli.Fail(cli.Refused, err, "the same again in a minute; or --even-if-unmatched to do without these counts")
		default:
			return nil, err
		}
	})
}

// A dropAct is the detail of history.drop in the audit.
type dropAct struct {
	DropArgs
	Dropped int64 `json:"dropped"` // records
}

// answered does a request and makes the answer of what came of it.
func answered[Args any](r node.Request, do func(Args) (any, error)) node.Answer {
	var args Args
	if err := json.Unmarshal(r.Args, &args); err != nil {
		return node.Answer{Exit: int(cli.Usage), Text: fmt.Sprintf("request %s: %v", r.Verb, err)}
	}
	done, err := do(args)
	if err != nil {
		return unable(err)
	}
	text, err := json.Marshal(done)
	if err != nil {
		return unable(err)
	}
	return node.Answer{Text: string(text)}
}

// hintMark stands before the hint, which is the last line of an answer.
const hintMark = "\nTry: "

// unable gives what failed the exit status, and the hint, that its error has
// anywhere. The text is one line: no part of it can pass for the hint.
func unable(err error) node.Answer {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	if hint := cli.Hint(err); hint != "" {
		text += hintMark + hint
	}
	return node.Answer{Exit: int(cli.Verdict(err)), Text: text}
}

// Refusal returns the error that twind answered a request with, nil if it did
// what was asked.
func Refusal(a node.Answer) error {
	if a.Exit == int(cli.OK) {
		return nil
	}
	text, hint, _ := strings.Cut(a.Text, hintMark)
	if hint == "" && a.Exit == int(cli.Unreachable) {
		hint = "twinctl pair check"
	}
	return cli.Fail(cli.Code(a.Exit), errors.New(text), hint)
}
