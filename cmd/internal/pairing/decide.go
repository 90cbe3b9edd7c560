package pairing

import (
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/node"
)

// Why two servers are not made a pair. Nothing was changed.
var (
	ErrItself     = errors.New("this line is of this very server")
	ErrSameName   = errors.New("both servers have the same name")
	ErrRenamed    = errors.New("the twin has another name now")
	ErrSameRole   = errors.New("both servers have the same role")
	ErrPaired     = errors.New("paired with another server")
	ErrLost       = errors.New("the twin is another server than it was")
	ErrNoneToTake = errors.New("there is no twin to replace")
	ErrEpochs     = errors.New("the epochs of the two do not go together")
)

// Why there is no talking to the twin.
var (
	ErrAlone   = errors.New("this server has no twin")
	ErrNotTwin = errors.New("not the twin that was accepted")
)

// A Refusal says why, and what a person may do about it. It unwraps to one of
// the errors above.
type Refusal struct {
	Err  error
	Hint string // a command line; may be ""
}

// Error returns the reason.
func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap returns the reason.
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(hint string, kind error, format string, args ...any) error {
	return &Refusal{fmt.Errorf("%w: %s", kind, fmt.Sprintf(format, args...)), hint}
}

// A Decision is what becomes of this server when it accepts a line.
type Decision struct {
	Pair     node.Pair
	Epoch    int64      // of this server from now on
	Seen     int64      // the highest that it ever heard of
	Had      *node.Pair // what stood there before; nil if nothing
	Replaced bool       // Had is another server, whose name the new one takes
}

// Changes tells whether accepting changes what is written down.
func (d Decision) Changes(self node.Self) bool {
	if d.Had == nil || d.Epoch != self.Epoch || d.Seen != self.EpochSeen {
		return true
	}
	had := *d.Had
	had.Accepted, had.Actor = d.Pair.Accepted, d.Pair.Actor
	return had != d.Pair
}

// Decide says what becomes of a server that accepts a line. have is the twin
// that it has, nil if none; replace names the twin whose disk was lost, "" if
// none was. An error is a *Refusal.
//
// Accepting what was accepted before is no error and changes nothing.
func Decide(self node.Self, have *node.Pair, offer Token, replace string) (Decision, error) {
	d := Decision{
		Pair: node.Pair{
			Pair: ID(self.Server, offer.Server), Server: offer.Server, Name: offer.Name,
			Address: offer.Address, PublicKey: offer.PublicKey, HostKey: offer.HostKey,
		},
		Had: have, Replaced: have != nil && have.Server != offer.Server,
	}
	if err := d.admit(self, offer, replace); err != nil {
		return Decision{}, err
	}
	if offer.Pair != "" && offer.Pair != d.Pair.Pair {
		return Decision{}, refuse("twinctl pair show, on "+offer.Name, ErrPaired,
			"%s has another twin: there, remove it or accept this server with --replace, and show its line again", offer.Name)
	}
	return d, d.settleEpochs(self, offer)
}

// admit refuses what must not be a pair whatever the epochs are.
func (d Decision) admit(self node.Self, offer Token, replace string) error {
	switch have := d.Had; {
	case offer.Server == self.Server:
		return refuse("twinctl pair show, on the other server", ErrItself, "want the one of its twin")
	case offer.Name == self.Name:
		return refuse("", ErrSameName, "%s", self.Name)
	case offer.Role == self.Role:
		return refuse(OtherRole(self.Role), ErrSameRole, "%s and %s are both %s", self.Name, offer.Name, self.Role)
	case have == nil && replace != "":
		return refuse("twinctl pair accept LINE", ErrNoneToTake, "this server has no twin: leave --replace out")
	case have == nil:
		return nil
	case replace != "" && (replace != have.Name || replace != offer.Name):
		return refuse("", ErrPaired, "--replace %s: the twin is %s and the line is of %s; all three must be the same",
			replace, have.Name, offer.Name)
	case have.Server == offer.Server && have.Name != offer.Name:
		return refuse("", ErrRenamed, "it was %s and says %s: a name is for life", have.Name, offer.Name)
	case have.Server == offer.Server:
		return nil
	case replace == "" && have.Name == offer.Name:
		return refuse("twinctl pair accept LINE --replace "+have.Name, ErrLost,
			"if %s lost its disk and was set up anew, say so with --replace", have.Name)
	case replace == "":
		return refuse("twinctl pair remove", ErrPaired, "the twin is %s; remove it first", have.Name)
	}
	return nil
}

// OtherRole says how one of two servers of the same role gets the other one,
// which is to be the one that holds nothing yet.
func OtherRole(both node.Role) string {
	other := node.Primary
	if both == node.Primary {
		other = node.Secondary
	}
	return fmt.Sprintf("on the one of the two that has collected nothing: stop twind, move its data directory away, "+
		"twinctl init --role %s, and show its new line", other)
}

// settleEpochs keeps any epoch from being used twice: one server has the odd
// ones, the other the even ones, and whoever is primary is above all that either
// has seen.
func (d *Decision) settleEpochs(self node.Self, offer Token) error {
	was := self
	self.EpochSeen = max(self.EpochSeen, offer.EpochSeen, offer.Epoch)
	if self.Epoch%2 == offer.Epoch%2 {
		if unused(was.Epoch) == unused(offer.Epoch) && !unused(was.Epoch) {
			return refuse("", ErrEpochs, "%s had epoch %d and %s %d: they cannot have been the two of one pair",
				self.Name, was.Epoch, offer.Name, offer.Epoch)
		}
		if yields(was, offer) {
			self.Epoch = 1 - self.Epoch
		}
	}
	if d.Replaced {
		// The lost server may have taken its next epoch without a word to us.
		lost := node.Self{Epoch: self.Epoch + 1, EpochSeen: self.EpochSeen}
		self.EpochSeen = lost.NextEpoch()
	}
	if self.Superseded() {
		if !d.Replaced && !unused(was.Epoch) {
			return refuse("", ErrEpochs, "%s has seen epoch %d, above the %d by which this server is primary: it may be primary no longer",
				offer.Name, self.EpochSeen, self.Epoch)
		}
		self.Epoch = self.NextEpoch()
		self.EpochSeen = self.Epoch
	}
	if max(self.Epoch, self.EpochSeen) > node.MaxTold {
		return refuse("twinctl pair show, on "+offer.Name, ErrEpochs,
			"%s has seen epoch %d: what comes next nobody would believe", offer.Name, offer.EpochSeen)
	}
	d.Epoch, d.Seen = self.Epoch, self.EpochSeen
	return nil
}

// unused tells of an epoch that init gave: its server never changed its role.
func unused(epoch int64) bool { return epoch <= 1 }

// yields tells whether this server, of two that would take the same epochs, is
// the one that takes the others from now on. The other one finds the opposite.
func yields(self node.Self, offer Token) bool {
	if unused(self.Epoch) && unused(offer.Epoch) {
		return self.Role == node.Secondary
	}
	return unused(self.Epoch)
}
