package report

import "github.com/twinctl/twin/collector/acd"

// waits is what the site thinks of waits in a queue, in seconds.
type waits struct {
	within  int // answered so soon is good
	short   int // abandoned so soon was none
	ring    int // rang no longer than that, and nobody could have answered
	formula string
}

// waits returns what is thought of a queue's.
func (s *site) waits(w *who, queue string) waits {
	own := waits{s.ServiceLevel, s.ShortAbandon, s.RingMin, s.Formula}
	if within := w.known[queue].Integer("service_level"); within > 0 {
		own.within = int(within)
	}
	return own
}

// judged is what waits are by that measure.
type judged struct {
	within, abandonedWithin, short int64
	good, of                       int64 // the service level is the first by the second
}

func (j *judged) add(o judged) {
	j.within += o.within
	j.abandonedWithin += o.abandonedWithin
	j.short += o.short
	j.good += o.good
	j.of += o.of
}

func (w waits) judge(c *acd.QueueCounts) judged {
	j := judged{
		within:          upTo(&c.AnsweredWaits, w.within),
		abandonedWithin: upTo(&c.AbandonedWaits, w.within),
		short:           upTo(&c.AbandonedWaits, w.short),
	}
	j.good = j.within
	switch w.formula {
	case "answered":
		j.of = c.Answered
	case "completed":
		j.of = c.Completed
	case "abandoned-within":
		j.good, j.of = j.within+j.abandonedWithin, c.Completed+c.Abandoned
	case "no-short":
		j.of = c.Answered + c.Abandoned - j.short
	case "offered":
		j.of = c.Offered
	case "offered-no-short":
		j.of = c.Offered - j.short
	default:
		j.of = c.Answered + c.Abandoned
	}
	return j
}

// upTo returns how many waits were at most so many seconds, which is one of
// acd.Bins; of 0 there are none.
func upTo(w *acd.Waits, limit int) int64 {
	var n int64
	for i, bin := range acd.Bins() {
		if bin <= limit {
			n += w[i]
		}
	}
	return n
}
