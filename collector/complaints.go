package collector

import (
	"log/slog"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/inert"
)

// complainEvery is how often one kind of complaint is logged at the most.
const complainEvery = time.Minute

// complaints logs what upstreams do wrong: the first of a kind at once, and
// while more come, once a minute how many. An upstream that says nothing but
// garbage must not fill the log.
type complaints struct {
	log *slog.Logger

	mu   sync.Mutex
	kind map[string]*complaint // those that were logged within the last minute
}

// A complaint is what is wrong with something that an upstream said.
type complaint struct {
	reason, text string
	head         []byte // how it begins
	times        int
	timer        *time.Timer
}

// add complains.
func (c *complaints) add(n complaint) {
	if n.times == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := n.reason
	if was := c.kind[key]; was != nil {
		n.times, n.timer = n.times+was.times, was.timer
		*was = n
		return
	}
	if c.kind == nil {
		c.kind = map[string]*complaint{}
	}
	c.kind[key] = &n
	c.say(&n)
	n.timer = time.AfterFunc(complainEvery, func() { c.again(key) })
}

// again logs what came since the last line, if anything did.
func (c *complaints) again(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.kind[key]
	switch {
	case n == nil: // it has been told at the end
	case n.times == 0:
		delete(c.kind, key)
	default:
		c.say(n)
		n.timer.Reset(complainEvery)
	}
}

// end logs what is left.
func (c *complaints) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, n := range c.kind {
		n.timer.Stop()
		if n.times > 0 {
			c.say(n)
		}
		delete(c.kind, key)
	}
}

func (c *complaints) say(n *complaint) {
	c.log.Warn("what was heard is not stored", "reason", n.reason, "err", inert.Text(n.text), "head", inert.Text(string(n.head)), "times", n.times)
	n.times = 0
}

// rejected complains of what a batch could not keep. Of which kind those are
// whose beginning was not kept either is not known: they count as the last.
func (c *complaints) rejected(b feed.Batch) {
	rest := b.Rejected
	for i, r := range b.Quarantine {
		n := complaint{reason: string(r.Reason), text: r.Text, head: r.Head, times: 1}
		if rest--; i == len(b.Quarantine)-1 {
			n.times += rest
		}
		c.add(n)
	}
}

// twice complains of records that came again from an upstream that says
// nothing twice: one of the two may be lost.
func (c *complaints) twice(o history.Outcome) {
	if o.Duplicates > 0 {
		c.add(complaint{
			reason: "duplicate", times: o.Duplicates, head: []byte(o.Again),
			text: "it came twice, from a kind of upstream that says nothing twice: if it meant two, one is lost",
		})
	}
}
