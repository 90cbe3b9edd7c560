package app

import (
	"context"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/bundle"
	"github.com/twinctl/twin/sync/push"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// MayPush tells, without the twin, whether this is the primary of a pair:
// pairing.ErrAlone, bundle.ErrRole, bundle.ErrEpoch, ErrHeld.
func (n Notary) MayPush(ctx context.Context) error {
	self, err := n.Node.Self(ctx)
	if err != nil {
		return err
	}
	have, err := Paired(ctx, n.Node)
	switch {
	case err != nil:
		return err
	case self.Role != node.Primary:
		return fmt.Errorf("%w: %s is %s: run this on %s", bundle.ErrRole, self.Name, self.Role, inert.Text(have.Name))
	}
	if err := NotHeld(ctx, n.Node); err != nil {
		return err
	}
	if self.Superseded() {
		return fmt.Errorf("%w: %s is primary by epoch %d and has heard of %d", bundle.ErrEpoch, self.Name, self.Epoch, self.EpochSeen)
	}
	return nil
}

// Pusher returns what makes the twin's administration data what this server's
// is, over a link that stands. What the twin has to be asked once that has
// ended it is asked on a new one.
func (n Notary) Pusher(ctx context.Context, db *admin.DB, l *Line, o push.Options) (*push.Pusher, error) {
	who, err := n.hello(ctx, l.Pair)
	if err != nil {
		return nil, err
	}
	book := push.Book{DB: db}
	o.Effects = effects(l.Pair.Name)
	return &push.Pusher{
		Peer: lasting{l, n}, Reader: book, Sender: book, Editor: book, Teller: book,
		Who: who, Twin: l.Pair.Server, Now: time.Now, Options: o,
	}, nil
}

// effects says what a row that is pushed will cause on the twin, beside being
// there.
func effects(twin string) func(admin.Change) []string {
	return func(c admin.Change) []string {
		if c.Kind == "timetable" {
			return timetableEffects(c, twin)
		}
		return nil
	}
}

// timetableEffects tells where the runs of a timetable begin or end on the twin.
func timetableEffects(c admin.Change, twin string) []string {
	before, after := runsThere(c.Before, twin), runsThere(c.After, twin)
	switch {
	case !before && after:
		return []string{fmt.Sprintf("this timetable will start to run on %s", twin)}
	case before && !after:
		return []string{fmt.Sprintf("this timetable will run no more on %s", twin)}
	case before && after && c.Before.Text("schedule") != c.After.Text("schedule"):
		return []string{fmt.Sprintf("this timetable will run at other times on %s", twin)}
	}
	return nil
}

// runsThere tells whether a timetable runs on the secondary, which is the twin.
func runsThere(b admin.Body, twin string) bool {
	if b == nil {
		return false
	}
	t := timetable.Timetable{RunsOn: b.Text("runs_on"), Paused: b.Bool("paused")}
	t.PausedUntil, _ = time.Parse(time.RFC3339, b.Text("paused_until")) // zero for none
	for _, text := range b.List("tasks") {
		one, err := task.Parse(text)
		if err != nil {
			return false // nowhere
		}
		t.Tasks = append(t.Tasks, one)
	}
	if t.RunsOn == "" {
		t.RunsOn = task.RunsOn(t.Tasks)
	}
	return !t.IsPaused(time.Now()) && t.RunsAt(twin, node.Secondary)
}
