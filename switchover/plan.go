package switchover

import (
	"fmt"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover/preflight"
)

// A Plan is what a move would do, and what would keep it from doing that.
type Plan struct {
	Intent  node.Intent       `json:"intent"`
	From    string            `json:"from"`
	To      string            `json:"to"`
	Epoch   int64             `json:"epoch"`   // of the primary now
	Next    int64             `json:"next"`    // of the primary then; 0: not known
	Already bool              `json:"already"` // who is to have the role has it: nothing would be done
	Ready   bool              `json:"ready"`   // nothing blocks it
	Checks  []preflight.Check `json:"checks"`
	Skipped []string          `json:"skipped"` // checks that somebody chose to leave out
	Options Options           `json:"options"`
	Steps   []Step            `json:"steps"`
}

// Seen is what both servers tell, and how each way between them is.
type Seen struct {
	Here, There preflight.Facts
	Ways        []preflight.Path
	Limits      preflight.Limits // by which that is judged
}

// MakePlan plans the move that somebody wishes, by what both servers tell. Of one
// that could not be asked the facts are the zero ones. ErrQuestion for a wish that
// cannot be.
func MakePlan(w Wish, s Seen) (Plan, error) {
	if err := w.Options.Check(); err != nil {
		return Plan{}, fmt.Errorf("%w: %w", ErrQuestion, err)
	}
	from, to := preflight.Sides(s.Here, s.There)
	p := Plan{
		Intent: w.Intent, From: from.Name, To: to.Name, Epoch: from.Epoch, Skipped: w.Options.SkipChecks, Options: w.Options, Steps: Steps(),
		Checks: judged(preflight.Switchover(from, to, s.Limits, s.Ways...), w.Intent, w.Options.SkipChecks),
	}
	if p.To == "" {
		p.To = from.Twin.Name
	}
	if to.Told() {
		p.Next = node.Self{Epoch: to.Epoch, EpochSeen: max(to.Seen, from.Seen)}.NextEpoch()
	}
	p.Ready = !preflight.Blocked(p.Checks)
	wanted := w.To
	if w.Intent == node.IntentFailback {
		wanted = homeOf(from, to)
	}
	switch wanted {
	case "", p.To:
	case p.From:
		p.Already = true
	default:
		return p, fmt.Errorf("%w: to %s: the two are %s and %s", ErrQuestion, inert.Text(wanted), inert.Text(p.From), inert.Text(p.To))
	}
	return p, nil
}

// homeOf returns the server whose epochs are odd, "" where that is not known.
func homeOf(all ...preflight.Facts) string {
	for _, f := range all {
		if f.Told() && f.Epoch%2 == 1 {
			return f.Name
		}
	}
	return ""
}
