package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// A Caller asks the twin a verb; a Link is one.
type Caller interface {
	Call(ctx context.Context, verb string, args, answer any) error
}

// Ask asks the twin once how it is, and writes down what it answers, as a
// Watcher does every five seconds.
func Ask(ctx context.Context, l Caller, n *node.DB, twin Twin, say Word) (Word, State, error) {
	var err error
	if say.Runs, err = tellRuns(ctx, n, nil); err != nil {
		return Word{}, Unknown, err
	}
	a := askOver(ctx, l, n, twin, say)
	if a.err != nil {
		return Word{}, Unknown, a.err
	}
	state, why := said(a.word)
	if err := keep(ctx, n, node.Out, a); err != nil {
		return *a.word, state, err
	}
	return *a.word, state, why
}

func askOver(ctx context.Context, l Caller, n *node.DB, twin Twin, say Word) attempt {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	begun := time.Now()
	say.At = record.At(begun)
	var answer Word
	if err := l.Call(within, Verb, say, &answer); err != nil {
		return attempt{at: time.Now(), err: err}
	}
	if err := answer.believe(ctx, n, twin.Server, twin.Pair); err != nil {
		return attempt{at: time.Now(), err: err}
	}
	took := time.Since(begun)
	ahead := answer.At.Sub(record.At(begun.Add(took / 2)))
	runs := answer.takeRuns()
	return attempt{asked: begun, at: begun.Add(took), word: &answer, runs: runs, ahead: ahead}
}

// keep writes a word down, the epoch that it tells of, and its runs.
func keep(ctx context.Context, n *node.DB, way node.Direction, a attempt) error {
	text, err := json.Marshal(a.word)
	if err != nil {
		return fmt.Errorf("the twin's word: %w", err)
	}
	if _, err := n.Seen(ctx, a.word.Doc.Epoch); err != nil {
		return err
	}
	return n.SetHeard(ctx, way, node.Heard{Ahead: a.ahead, Doc: text, Head: a.word.Audit, Runs: a.runs})
}
