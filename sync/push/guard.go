package push

import (
	"crypto/sha256"
	"fmt"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/bundle"
)

// CheckHello tells whether rows may go from ours to theirs at all.
func CheckHello(ours, theirs bundle.Hello) error {
	if err := theirs.Check(); err != nil {
		return err
	}
	return bundle.Direction(ours, theirs)
}

// A Ground is the base against which both sides are compared.
type Ground struct {
	Generation int64      `json:"generation"` // 0: there is none that both hold
	Root       admin.Root `json:"root"`
}

// First tells that there is no base.
func (g Ground) First() bool { return g.Generation == 0 }

// baseRoot returns the root of the base's rows, of which there may be none.
func (g Ground) baseRoot() admin.Root {
	if g.First() {
		return sha256.Sum256(nil)
	}
	return g.Root
}

// meet returns the ground of both sides. told is the base that the secondary
// told its edits against: ours, where it holds that, else its own. held tells
// whether this server holds that one, if it is not its own.
func meet(ours admin.Position, told Ground, held bool) Ground {
	own := Ground{ours.BaseGeneration, ours.BaseRoot}
	if told.First() || told != own && !held {
		return Ground{}
	}
	return told
}

// checkFirst tells whether a first sync may be made. A secondary without rows
// has nothing that could be lost.
func checkFirst(ours, theirs bundle.Hello, asked bool) error {
	if asked || theirs.Position.Rows == 0 {
		return nil
	}
	return fmt.Errorf("%w with --first: the twins hold no common base; this server has %d rows, %s has %d",
		ErrFirst, ours.Position.Rows, inert.Text(theirs.Name), theirs.Position.Rows)
}

// More than both of these at once, of a kind, is a big delete.
const (
	bigDelete        = 10
	bigDeletePercent = 20
)

// A BigDelete is what DeletesError is about.
type BigDelete struct {
	Kind    string `json:"kind"`
	On      Side   `json:"on"`
	Removed int64  `json:"removed"`
	Of      int64  `json:"of"` // rows that there are
}

// BigDeletes returns the kinds of which a plan deletes more than anybody
// deletes by hand, on either side.
func (p *Plan) BigDeletes() []BigDelete {
	var big []BigDelete
	for _, s := range p.Summary() {
		for _, d := range []BigDelete{
			{s.Kind, Secondary, int64(s.Removed), p.Secondary.Rows[s.Kind]},
			{s.Kind, Primary, int64(s.Here.Removed), p.Primary.Rows[s.Kind]},
		} {
			if d.Removed > bigDelete && d.Removed*100 > d.Of*bigDeletePercent {
				big = append(big, d)
			}
		}
	}
	return big
}

// Deletes returns how many rows a plan deletes, on both sides together.
func (p *Plan) Deletes() int {
	n := 0
	for _, s := range p.Summary() {
		n += s.Removed + s.Here.Removed
	}
	return n
}

// CheckDeletes refuses big deletes, unless as many were allowed.
func (p *Plan) CheckDeletes(allowed int) error {
	big, all := p.BigDeletes(), p.Deletes()
	if len(big) == 0 || all <= allowed {
		return nil
	}
	d := big[0]
	return fmt.Errorf("%w: %d of %d of kind %s on the %s: --allow-deletes %d lets all %d go",
		ErrDeletes, d.Removed, d.Of, inert.Text(d.Kind), d.On, all, all)
}
