package app

import (
	"context"
	"encoding/json"
	"fmt"

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

// askMend answers the request to mend. Buckets can be counted without a twin.
func (f *filler) askMend(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args MendArgs) (any, error) {
		twin := f.watcher.Link()
		if twin == nil && len(args.Keys) > 0 {
			return nil, errNoLink
		}
		found := history.Verdict{Damaged: args.Keys, Buckets: args.Off}
		healed, err := fill.Mend(ctx, fill.Local{DB: f.history}, fill.Remote{Caller: twin}, args.Feed, found)
		if healed > 0 {
			f.log.Warn("damaged records were taken from the twin again", "feed", args.Feed, "records", healed)
		}
		if err != nil {
			return nil, err
		}
		act := node.Act{Actor: r.Actor, Verb: Mend, Target: args.Feed, Detail: MendAnswer{healed}}
		return MendAnswer{healed}, f.node.Audit(ctx, act)
	})
}

// askDrop answers the request to drop old days.
func (f *filler) askDrop(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args DropArgs) (any, error) {
		dropped, err := f.history.Drop(ctx, args.Feed, args.Until, args.EvenUnmatched)
		if dropped > 0 {
			f.log.Info("old days were dropped", "feed", args.Feed, "until", args.Until.String(), "records", dropped)
		}
		if err != nil {
			return nil, err
		}
		act := node.Act{Actor: r.Actor, Verb: Drop, Target: args.Feed, Detail: args}
		return DropAnswer{dropped}, f.node.Audit(ctx, act)
	})
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

// unable gives what failed the exit status that its error has anywhere.
func unable(err error) node.Answer {
	return node.Answer{Exit: int(cli.Verdict(err)), Text: err.Error()}
}
