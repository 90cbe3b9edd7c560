package tui

import (
	"strings"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// A sign between the two columns says whether they are the same, or which of
// them is ahead: the one that it points to.
func sameSign(same bool) piece {
	if same {
		return piece{"=", quiet}
	}
	return piece{"!", warn}
}

func aheadSign(left, right int64) piece {
	switch {
	case left > right:
		return piece{"<", warn}
	case left < right:
		return piece{">", warn}
	}
	return sameSign(true)
}

// both returns the documents of the two, left and right; false where one of them
// is not known, or not of now.
func (g grid) both() (l, r *node.Document, ok bool) {
	if len(g.sides) != 2 || !g.sides[0].fresh() || !g.sides[1].fresh() {
		return nil, nil, false
	}
	return g.sides[0].doc, g.sides[1].doc, true
}

// between is what compare says of the two; a blank where they cannot be compared.
func (g grid) between(compare func(l, r *node.Document) piece) piece {
	l, r, ok := g.both()
	if !ok {
		return noSign()
	}
	return compare(l, r)
}

func epochSign(l, r *node.Document) piece { return aheadSign(l.Epoch, r.Epoch) }

func versionSign(l, r *node.Document) piece {
	return sameSign(l.Running == r.Running && l.Version == r.Version)
}

// apartBy is how much later a feed may be proven on one server before that says
// anything: each proves it at its own pace.
const apartBy = 30 * time.Second

// feedSign compares what both do with a feed, and up to when they heard it.
func (g grid) feedSign(name string) piece {
	return g.between(func(*node.Document, *node.Document) piece {
		l, r := g.sides[0].feed(name), g.sides[1].feed(name)
		switch {
		case l == nil || r == nil || l.State != r.State || (l.CoveredUntil == nil) != (r.CoveredUntil == nil):
			return sameSign(false)
		case l.CoveredUntil == nil || l.CoveredUntil.Time().Sub(r.CoveredUntil.Time()).Abs() <= apartBy:
			return sameSign(true)
		}
		return aheadSign(l.CoveredUntil.Time().UnixMicro(), r.CoveredUntil.Time().UnixMicro())
	})
}

// ramp draws how much there is of something, from nothing to the most.
const ramp = " .:-=+*#"

// ratesKept is how many looks back the rates are drawn.
const ratesKept = 60

// sparkline draws values in at most n characters, the last one at the right.
func sparkline(values []float64, n int) string {
	values = values[max(0, len(values)-max(0, n)):]
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	var b strings.Builder
	for _, v := range values {
		at := 0
		if most > 0 && v > 0 {
			at = 1 + min(int(v/most*float64(len(ramp)-1)), len(ramp)-2)
		}
		b.WriteByte(ramp[at])
	}
	return b.String()
}

// rated returns the rates of both with how many records come in now.
func (v view) rated() map[string][]float64 {
	all := map[string][]float64{}
	for _, s := range v.sides() {
		was := v.rates[s.name]
		rate, ok := s.total()
		if !ok {
			continue // what is not known is not drawn as nothing
		}
		all[s.name] = append(append([]float64{}, was[max(0, len(was)-ratesKept+1):]...), rate)
	}
	return all
}

// total is how many records a second come in on a side; false where that is not
// known of now.
func (s side) total() (rate float64, ok bool) {
	if s.doc == nil || !s.fresh() || !s.doc.Running {
		return 0, false
	}
	for _, f := range s.doc.Feeds {
		rate += f.Rate
	}
	return rate, true
}

// recordsLine is how many records come in on each, now and over the last minute.
func (v view) recordsLine(g grid) line {
	return g.row(piece{"records", quiet}, noSign(), func(s side) line {
		rate, ok := s.total()
		if !ok {
			return line{{"? not known", warn}}
		}
		text := left(speed(rate), 9)
		return line{{text, usual}, {" " + sparkline(v.rates[s.name], g.cell-len(text)-2), quiet}}
	})
}
