package switchover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// beatEvery is how often a runner gives a sign of life: it is taken for dead
// after node.RunnerLost.
const beatEvery = 5 * time.Second

// A journal is what is noted of a move, the same on both servers. Its methods
// may be called side by side.
type journal struct {
	id    string
	sides [2]Side
	now   func() time.Time

	telling turn // held while both are told, so that each is told in order
	mu      sync.Mutex
	notes   []node.RunbookNote // all, in order
	told    [2]int             // how many of them each server has
}

// resume takes up what stands on both servers: what one lacks it is told.
func (j *journal) resume(first, second []node.RunbookNote) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes = slices.Clone(first)
	if len(second) > len(first) {
		j.notes = slices.Clone(second)
	}
	j.told = [2]int{min(len(first), len(j.notes)), min(len(second), len(j.notes))}
}

// add notes something, and tells nobody yet.
func (j *journal) add(step string, state node.NoteState, text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes = append(j.notes, node.RunbookNote{
		Seq: int64(len(j.notes) + 1), Step: step, State: state, Text: text, At: record.At(j.now()),
	})
}

// all returns what was noted.
func (j *journal) all() []node.RunbookNote {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.notes)
}

// last returns what was noted of a step last, "" if nothing.
func (j *journal) last(step string) node.NoteState {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, n := range slices.Backward(j.notes) {
		if n.Step == step && n.State != node.NoteTold {
			return n.State
		}
	}
	return ""
}

// tell tells both servers what they do not have yet; it is a sign of life too.
func (j *journal) tell(ctx context.Context) error {
	if err := j.telling.take(ctx); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer j.telling.give()
	var wait sync.WaitGroup
	var failed [2]error
	for i := range j.sides {
		wait.Go(func() { failed[i] = j.tellOne(ctx, i) })
	}
	wait.Wait()
	if err := errors.Join(failed[:]...); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (j *journal) tellOne(ctx context.Context, i int) error {
	j.mu.Lock()
	notes, upTo := slices.Clone(j.notes[j.told[i]:]), len(j.notes)
	j.mu.Unlock()
	if notes == nil {
		notes = []node.RunbookNote{}
	}
	if err := j.sides[i].ask(ctx, quick, VerbNote, NoteQuestion{Of{j.id}, notes}, nil); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.told[i] = upTo
	return nil
}
