package collector

import (
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
)

// Status is what one feed is doing.
type Status struct {
	Name       string
	Kind       string
	State      feed.State
	Address    string
	Err        error   // why it is not live; a warning if it is
	Rate       float64 // records stored a second, over the last ten
	Unproven   bool    // its coverage is: see feed.Kind
	QueueBytes int     // heard and not yet stored
	QueueLimit int
	Counts     Counts
}

// Counts are what was counted since the collector began.
type Counts struct {
	Records, Duplicates, Rejected, Bytes, Sessions int64
}

func (c *Counts) add(b history.Batch, o history.Outcome) {
	c.Records += int64(o.Added)
	c.Duplicates += int64(o.Duplicates)
	c.Rejected += int64(b.Rejected)
	c.Bytes += int64(b.Bytes)
	for _, m := range b.Marks {
		if m.What == feed.BeginMark {
			c.Sessions++
		}
	}
}

// Status returns what each configured feed is doing, in their order.
func (c *Collector) Status() []Status {
	var all []Status
	for _, r := range c.all() {
		if !r.removed() {
			all = append(all, r.status(time.Now()))
		}
	}
	return all
}

func (r *runner) status(now time.Time) Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Status{
		Name: r.name, Kind: r.want.feed.Kind.Name, State: feed.Connecting,
		Counts: r.counts, Rate: r.rate.perSecond(now), QueueLimit: r.want.feed.QueueLimit,
		Unproven: r.want.feed.Kind.Unproven,
	}
	if r.queue != nil {
		h := r.queue.Health()
		s.State, s.Address, s.Err = h.State, h.Address, h.Err
		_, s.QueueBytes = r.queue.Held()
	}
	switch {
	case r.want.paused:
		s.State, s.Err = feed.Held, nil
	case r.fault != nil:
		s.State, s.Err = feed.Down, r.fault
	}
	return s
}

// A meter tells a rate over the last ten seconds, from one slot a second.
type meter struct {
	slots [meterSlots]struct {
		second int64
		count  int
	}
}

const meterSlots = 10

func (m *meter) add(now time.Time, n int) {
	s := &m.slots[now.Unix()%meterSlots]
	if s.second != now.Unix() {
		s.second, s.count = now.Unix(), 0
	}
	s.count += n
}

func (m *meter) perSecond(now time.Time) float64 {
	total := 0
	for _, s := range m.slots {
		if s.second > now.Unix()-meterSlots {
			total += s.count
		}
	}
	return float64(total) / meterSlots
}
