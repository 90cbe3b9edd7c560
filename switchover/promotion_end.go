package switchover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/node"
)

// end closes the journal as it went, and gives the twin a copy.
func (m *promoting) end(ctx context.Context, why error) (Promoted, error) {
	ctx, cancel := after(ctx)
	defer cancel()
	outcome, state, text := OutcomeDone, node.RunbookDone, ""
	if why != nil {
		outcome, state = OutcomeFailed, node.RunbookFailed
		if m.self.Role == node.Primary {
			why = fmt.Errorf("%s is primary, epoch %d, all the same: %w", m.self.Name, m.self.Epoch, why)
		} else {
			m.failed(ctx)
			if m.result.Fenced != nil {
				why = fmt.Errorf("%w; %s stays fenced: promote again, or there: twinctl role confirm", why, m.twin.Name)
			}
		}
		text = why.Error()
	}
	m.tell(ctx)
	m.sum(outcome, text)
	body, err := json.Marshal(m.result)
	if err == nil {
		err = m.write(ctx)
	}
	if err == nil {
		err = m.Node.EndRunbook(ctx, node.Runbook{ID: m.book.ID, Runner: m.book.Runner, State: state, Result: body})
	}
	if err == nil && m.twin.Away == nil {
		_ = m.There.ask(ctx, copyWithin, VerbEnd, EndQuestion{Of{m.book.ID}, state, body}, nil) // it has no copy then that says how it ended
	}
	if err != nil {
		err = fmt.Errorf("close the journal: %w", err)
	}
	return m.result, errors.Join(why, err)
}

// failed calls the program of the site for that.
func (m *promoting) failed(ctx context.Context) {
	said, err := m.hook(ctx, "take", hookFailed)
	if err != nil {
		said = err.Error()
	}
	if said != "" {
		m.note("take", node.NoteTold, said)
	}
}

// tell gives the twin a copy of the journal, where it can take one.
func (m *promoting) tell(ctx context.Context) {
	if m.twin.Away != nil {
		return
	}
	notes := m.notes.all()
	err := m.There.ask(ctx, copyWithin, VerbOpen, m.book, nil)
	if err == nil {
		err = m.There.ask(ctx, copyWithin, VerbNote, NoteQuestion{Of{m.book.ID}, notes}, nil)
	}
	if err != nil {
		m.note("verify", node.NoteTold, "the twin has no copy of this: "+err.Error())
	}
}

// sum sums up what was done.
func (m *promoting) sum(outcome Outcome, text string) {
	r := &m.result.Result
	r.ID, r.Intent, r.From, r.To, r.Actor, r.Reason = m.book.ID, m.book.Intent, m.book.Giver, m.book.Taker, m.book.Actor, m.book.Reason
	r.Outcome, r.Text, r.Was, r.Override, r.Options.SkipChecks = outcome, text, m.was, []string{}, []string{}
	if m.result.Ruling.Attested {
		r.Override = append(r.Override, "attested")
	}
	if m.self.Role == node.Primary && !m.self.Superseded() {
		r.Primary, r.Epoch, r.CutOver = m.self.Name, m.self.Epoch, m.self.OwnsFrom
	}
	notes := m.notes.all()
	r.Steps = Durations(notes)
	if len(notes) > 0 {
		r.TookMS = millis(notes[len(notes)-1].At.Sub(notes[0].At))
	}
}
