package app

import (
	"context"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// heldWord is what others are told in place of a role that this server has and
// must not act by.
const heldWord = "held"

// acting is as what this server acts now.
type acting struct {
	role        node.Role // that it has
	epoch, seen int64     // by which it has it, and the highest that it heard of
	why         string    // why it does not act by that role; "" if it does
	drains      bool      // it is about to give the role away
}

// word is what others are told: primary, secondary or held.
func (a acting) word() string {
	if a.why != "" {
		return heldWord
	}
	return string(a.role)
}

// line is the same with the epoch.
func (a acting) line() string { return fmt.Sprintf("%s %d", a.word(), a.epoch) }

// not says why nobody should be sent to this server for a role, "" if it acts by
// that, and goes on doing so.
func (a acting) not(role node.Role) string {
	switch {
	case a.role != role:
		return "this server is " + string(a.role)
	case a.why != "":
		return fmt.Sprintf("this server does not act as %s: %s", role, a.why)
	case a.drains:
		return fmt.Sprintf("this server is about to act as %s no longer: %v", role, node.ErrDraining)
	}
	return ""
}

// acting tells as what this server acts. Any goroutine may ask.
func (s *server) acting(ctx context.Context) (acting, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return acting{}, err
	}
	a := acting{role: self.Role, epoch: self.Epoch, seen: self.EpochSeen, drains: self.Drains(record.At(time.Now()))}
	if self.Superseded() {
		a.why = fmt.Sprintf("it is superseded by epoch %d", self.EpochSeen)
		return a, nil
	}
	if f := s.timekeeper.fence.now(self); f != nil && self.Role == node.Primary {
		a.why = DescribeFence(f)
		return a, nil
	}
	a.why, _, err = s.timekeeper.holds(ctx, self)
	return a, err
}
