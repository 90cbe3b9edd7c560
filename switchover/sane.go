package switchover

import (
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// What an answer may hold: it comes from a twin that may be anything.
const (
	maxGoing   = 100
	maxNotes   = 1000
	maxText    = 64 << 10
	maxShort   = 200
	maxInstant = record.Instant(1) << 58
	maxCount   = 1 << 53
)

func (s Standing) check() error {
	if s.Role != node.Primary && s.Role != node.Secondary {
		return fmt.Errorf("role %s", brief(string(s.Role)))
	}
	if err := epochs(s.Epoch, s.Seen); err != nil {
		return err
	}
	return errors.Join(names(s.Server, s.Name), short(s.Draining), instants(s.Since, s.OwnsFrom, s.OwnsUntil))
}

func (r Reading) check() error {
	if len(r.Going) > maxGoing || r.Told < 0 || r.Told > maxCount {
		return fmt.Errorf("%d runs that go on, and ours up to %d", len(r.Going), r.Told)
	}
	for _, g := range r.Going {
		if err := errors.Join(names(g.Timetable), instants(g.Since)); err != nil {
			return err
		}
	}
	for _, book := range []*node.Runbook{r.Open, r.Runbook} {
		if err := checkBook(book); err != nil {
			return err
		}
	}
	if r.Token != nil {
		if err := checkToken(*r.Token); err != nil {
			return err
		}
	}
	return errors.Join(r.Standing.check(), short(r.Pair, r.Twin, string(r.State)), instants(r.Now))
}

func checkBook(b *node.Runbook) error {
	if b == nil {
		return nil
	}
	if len(b.Notes) > maxNotes || len(b.Reason) > maxText || len(b.Options) > maxText || len(b.Result) > maxText {
		return fmt.Errorf("a journal with %d notes", len(b.Notes))
	}
	for _, n := range b.Notes {
		if n.Seq < 1 || n.Seq > maxNotes || len(n.Text) > maxText {
			return fmt.Errorf("note %d with a text of %d bytes", n.Seq, len(n.Text))
		}
		if err := errors.Join(names(n.Step), short(string(n.State)), instants(n.At)); err != nil {
			return err
		}
	}
	return errors.Join(
		names(b.ID, b.Giver, b.Taker, b.Actor, b.Runner), short(string(b.Intent), string(b.State)),
		instants(b.Started, b.Beat, b.Ended),
	)
}

func checkToken(t node.Token) error {
	if t.Mark < 0 || t.Mark > maxCount {
		return fmt.Errorf("a token with the mark %d", t.Mark)
	}
	return errors.Join(names(t.ID, t.Runbook, t.Pair, t.Giver, t.Taker), epochs(t.Epoch), instants(t.At))
}

func epochs(all ...int64) error {
	for _, n := range all {
		if n < 0 || n > node.MaxTold {
			return fmt.Errorf("epoch %d", n)
		}
	}
	return nil
}

func instants(all ...record.Instant) error {
	for _, at := range all {
		if at < 0 || at > maxInstant {
			return fmt.Errorf("an instant of %d", int64(at))
		}
	}
	return nil
}

func names(all ...string) error {
	for _, s := range all {
		if err := inert.Name(s); err != nil {
			return fmt.Errorf("name %s: %w", brief(s), err)
		}
	}
	return nil
}

func short(all ...string) error {
	for _, s := range all {
		if len(s) > maxShort {
			return fmt.Errorf("a word of %d bytes: %s", len(s), brief(s))
		}
	}
	return nil
}

// brief returns the beginning of a foreign text, harmless to look at.
func brief(s string) string { return inert.Text(s[:min(len(s), inert.MaxName)]) }
