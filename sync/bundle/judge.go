package bundle

import (
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// Why rows do not go from one server to the other.
var (
	// ErrRole: it is not the primary that sends, or not its secondary that takes.
	ErrRole = errors.New("wrong role")
	// ErrEpoch: the secondary has seen a higher epoch: there was a switch-over since.
	ErrEpoch = errors.New("of an older epoch")
	// ErrPair: the two are not each other's twin.
	ErrPair = errors.New("another pair")
	// ErrVersion: the two know rows of kinds that lie too far apart.
	ErrVersion = errors.New("versions too far apart")
	// ErrUntrusted: what the other one says cannot be.
	ErrUntrusted = errors.New("not to be believed")
)

// maxCount is what is believed of a hello at the most, of rows or generations.
const maxCount = 1 << 53

// Check tells whether what another server says of itself can be: ErrUntrusted.
func (h Hello) Check() error {
	name := inert.Text(h.Name[:min(len(h.Name), inert.MaxName)])
	switch {
	case len(h.Name) > inert.MaxName || len(h.Rows) > maxKinds:
		return fmt.Errorf("%w: its name has %d bytes, and it has %d kinds of rows", ErrUntrusted, len(h.Name), len(h.Rows))
	case h.Role != node.Primary && h.Role != node.Secondary:
		return fmt.Errorf("%w: %s says that it is %q", ErrUntrusted, name, h.Role)
	}
	p := h.Position
	for _, n := range []int64{h.Epoch, p.Generation, p.BaseGeneration, p.Rows, p.Pending} {
		if n < 0 || n > maxCount {
			return fmt.Errorf("%w: %s says %d of its epoch, rows or generations", ErrUntrusted, name, n)
		}
	}
	return nil
}

// Direction tells whether rows may go from one server to the other. That is
// given by role and epoch, never by what is newer. Both sides ask: each judges
// what the other says.
func Direction(from, to Hello) error {
	sends, takes := inert.Text(from.Name), inert.Text(to.Name)
	switch {
	case from.Pair == "" || from.Pair != to.Pair || from.Server == to.Server:
		return fmt.Errorf("%w: %s is of pair %q, %s of %q", ErrPair, sends, from.Pair, takes, to.Pair)
	case from.Role != node.Primary && to.Role == node.Primary:
		return fmt.Errorf("%w: the primary is %s: run this there", ErrRole, takes)
	case from.Role != node.Primary:
		return fmt.Errorf("%w: neither %s nor %s is primary", ErrRole, sends, takes)
	case to.Role == node.Primary:
		return fmt.Errorf("%w: %s is primary too: settle that with `twinctl role confirm` first", ErrRole, takes)
	case to.Epoch > from.Epoch:
		return fmt.Errorf("%w: %s has seen epoch %d, %s %d", ErrEpoch, takes, to.Epoch, sends, from.Epoch)
	}
	if !Near(from.Position, to.Position) {
		return fmt.Errorf("%w: rows are of version %d on %s and %d on %s: upgrade the older one",
			ErrVersion, from.Position.Catalogue, sends, to.Position.Catalogue, takes)
	}
	return nil
}

// Near tells whether the catalogues of two servers are no more than one version
// apart: so far they understand each other's rows.
func Near(a, b admin.Position) bool {
	d := a.Catalogue - b.Catalogue
	return -1 <= d && d <= 1
}
