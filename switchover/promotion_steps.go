package switchover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// prePromote asks the site.
func (m *promoting) prePromote(ctx context.Context) (string, error) {
	return m.hook(ctx, "hooks", hookPrePromote)
}

// fence fences the twin, and looks again whether it is. One that cannot be fenced
// is as one that nobody reaches.
func (m *promoting) fence(ctx context.Context) (string, error) {
	self, err := m.Node.Self(ctx)
	if err != nil {
		return "", err
	}
	pair, err := m.Node.Pair(ctx)
	if err != nil || pair == nil {
		return "", errors.Join(err, fmt.Errorf("%w: this server has no twin", node.ErrRole))
	}
	q := FenceQuestion{Server: pair.Server, Epoch: self.NextEpoch(), By: self.Name, Reason: m.book.Reason}
	var done Fenced
	failed := m.There.ask(ctx, fenceWithin, VerbFence, q, &done)
	if err := m.look(ctx); err != nil {
		return "", err
	}
	if m.result.Ruling.Verdict == VerdictTake {
		m.result.Fenced = &done
		return done.String(), nil
	}
	if failed == nil {
		failed = errors.New(m.result.Ruling.Because)
	}
	m.twin.Away = fmt.Errorf("it could not be fenced: %w", failed)
	m.result.Ruling = Rule(m.own, m.twin, m.said)
	if err := m.result.Ruling.Err(); err != nil {
		return "", err
	}
	return m.result.Ruling.Because, nil
}

// String says what was done.
func (f Fenced) String() string {
	said := map[string]string{
		TwindNone:   "no twind ran there",
		TwindEnded:  fmt.Sprintf("its twind (process %d) was ended", f.PID),
		TwindKilled: fmt.Sprintf("its twind (process %d) was killed", f.PID),
		TwindObeys:  "its twind starts nothing that needs the role",
	}[f.Twind]
	return join("fenced", said, brief(f.Tasks))
}

// take takes the role.
func (m *promoting) take(ctx context.Context) (string, error) {
	self, err := m.Node.Self(ctx)
	if err != nil {
		return "", err
	}
	m.was = self.EpochSeen
	m.self, err = m.Node.TakeOver(ctx, node.Takeover{
		Seen: max(self.EpochSeen, m.twin.Vitals.Seen), Runbook: m.book.ID, Actor: m.book.Actor, Reason: m.book.Reason, Proof: m.proof(),
	})
	if err != nil {
		return "", err
	}
	m.say("take", fmt.Sprintf("%s is primary, epoch %d", m.self.Name, m.self.Epoch))
	after, err := m.hook(ctx, "take", hookPostPromote)
	if err != nil {
		after = err.Error() // it has the role
	}
	return join(fmt.Sprintf("%s is primary, epoch %d", m.self.Name, m.self.Epoch), after), nil
}

func (m *promoting) proof() string {
	if m.result.Ruling.Attested {
		return "attested: " + m.result.Ruling.Because
	}
	return m.result.Ruling.Because
}

// hook calls a program of the site, and says what it did.
func (m *promoting) hook(ctx context.Context, step, point string) (string, error) {
	q := HookQuestion{Of: Of{m.book.ID}, Point: point, Step: step, Epoch: m.self.Epoch, At: m.self.OwnsFrom}
	var done Hooked
	if err := m.Here.ask(ctx, hookWithin, VerbHook, q, &done); err != nil {
		return "", fmt.Errorf("hook %s: %w", point, err)
	}
	switch {
	case done.Failed != "":
		return "", fmt.Errorf("hook %s: %s", point, brief(done.Failed))
	case !done.Ran:
		return "", nil
	}
	return fmt.Sprintf("%s took %d ms", point, done.TookMS), nil
}

// verify reads the role back, and tells the twin of it where that answers.
func (m *promoting) verify(ctx context.Context) (string, error) {
	self, err := m.Node.Self(ctx)
	if err != nil {
		return "", err
	}
	m.self = self
	if self.Superseded() || self.Role != node.Primary {
		return "", fmt.Errorf("%w: %s is %s, epoch %d, and has seen %d", ErrOvertaken, self.Name, self.Role, self.Epoch, self.EpochSeen)
	}
	said := fmt.Sprintf("%s is primary, epoch %d", self.Name, self.Epoch)
	return join(said, m.announce(ctx)), nil
}

// announce tells the twin of the epoch, and says whether it knows. It need not
// answer: an alarm stands until it has.
func (m *promoting) announce(ctx context.Context) string {
	const later = "the twin is told when it returns"
	if m.twin.Away != nil {
		return later
	}
	there, err := m.There.Read(ctx, ReadQuestion{Seen: m.self.Epoch})
	if err != nil {
		return join(later, err.Error())
	}
	m.result.Acked = there.Seen >= m.self.Epoch
	return fmt.Sprintf("%s has seen epoch %d", inert.Text(there.Name), there.Seen)
}

// probe has a timetable run that does nothing, and counts what became of the
// slots of before: what decides upon those has done so by then.
func (m *promoting) probe(ctx context.Context) (string, error) {
	var run node.Run
	if err := m.Here.ask(ctx, time.Minute, VerbProbe, Of{m.book.ID}, &run); err != nil {
		return "", err
	}
	if run.State != node.RunOK || run.Epoch != m.self.Epoch {
		return "", fmt.Errorf("run %d of the probe is %s, epoch %d: %s", run.ID, run.State, run.Epoch, brief(run.Reason))
	}
	slots, err := m.review(ctx)
	if err != nil {
		return "", err
	}
	m.result.Slots = slots
	return fmt.Sprintf("run %d; %s", run.ID, slots), nil
}

// reviewEvery is longer than it takes to decide upon all slots.
const reviewEvery = 100 * time.Millisecond

// review counts until the count stands.
func (m *promoting) review(ctx context.Context) (is node.Reviewed, err error) {
	for before := (node.Reviewed{Run: -1}); is != before; {
		before = is
		if is, err = m.Node.Reviewed(ctx, m.self.Since); err != nil || !pause(ctx, reviewEvery) {
			return is, err
		}
	}
	return is, nil
}

// publish calls the program of this server. What it makes of it changes nothing.
func (m *promoting) publish(ctx context.Context) (string, error) {
	said, err := m.hook(ctx, "publish", hookPostSwitch)
	if err != nil {
		return err.Error(), nil //nolint:nilerr // it stands in the journal
	}
	return said, nil
}
