package count

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
)

const (
	dayQueues = 20
	dayAgents = 300
)

// A call is what befell a caller, as it was made up.
type call struct {
	id      int // rises
	at      record.Instant
	queue   string
	wait    record.Instant // until the answer or the leaving
	end     string         // answered, abandoned, timed_out, exit_key or refused
	agent   int            // who answered
	talk    record.Instant
	reason  string // of the end of the talk
	ignored []int  // agents who let it ring
}

// A pbx makes up calls.
type pbx struct {
	random *rand.Rand
	busy   [dayAgents]record.Instant // until then
	ids    int
}

func newPBX() *pbx { return &pbx{random: rand.New(rand.NewPCG(5, 6))} }

func queueOf(i int) string { return fmt.Sprintf("queue %d", i) }
func agentOf(i int) string { return fmt.Sprintf("Agent %03d, Kim", i) }

func (p *pbx) upTo(most record.Instant) record.Instant {
	return record.Instant(p.random.Int64N(int64(most)))
}

// free returns an agent that has nothing to do from then on, for so long.
func (p *pbx) free(from, long record.Instant) (int, bool) {
	first := p.random.IntN(dayAgents)
	for i := range dayAgents {
		if a := (first + i) % dayAgents; p.busy[a] < from {
			p.busy[a] = from + long + record.Second
			return a, true
		}
	}
	return 0, false
}

// call makes up a call that comes then.
func (p *pbx) call(at record.Instant) call {
	p.ids += 10
	c := call{id: p.ids, at: at, queue: queueOf(p.random.IntN(dayQueues)), wait: 20*record.Second + p.upTo(90*record.Second)}
	if p.random.IntN(3) == 0 {
		c.wait = p.upTo(700 * record.Second)
	}
	c.end = []string{"answered", "answered", "answered", "answered", "answered", "answered", "abandoned", "timed_out", "exit_key", "refused"}[p.random.IntN(10)]
	if c.end == "refused" {
		return c
	}
	for range p.random.IntN(3) {
		if a, ok := p.free(at, 15*record.Second); ok && c.wait > 20*record.Second {
			c.ignored = append(c.ignored, a)
		}
	}
	if c.end == "answered" {
		var ok bool
		c.talk = p.upTo(20 * record.Minute)
		c.reason = []string{"agent", "caller", "transfer"}[p.random.IntN(3)]
		if c.agent, ok = p.free(at, c.wait+c.talk); !ok {
			c.end = "abandoned"
		}
	}
	return c
}

// event makes the record of an event of a call.
func (c *call) event(at record.Instant, name, more string) record.Record {
	id := fmt.Sprintf("%d.%d", c.at/record.Second, c.id)
	raw := fmt.Appendf(nil, "Event: %s\r\nPrivilege: agent,all\r\nTimestamp: %d.%06d\r\nChannel: SIP/in-%d\r\nCallerIDNum: 555%d\r\n"+
		"Exten: %s\r\nUniqueid: %s\r\nLinkedid: %s\r\n%s", name, at/record.Second, at%record.Second, c.id, c.id, c.queue, id, id, more)
	return record.New(at, 0, raw)
}

func (c *call) member(agent int) string {
	return fmt.Sprintf("Queue: %s\r\nInterface: SIP/%d\r\nMemberName: %s", c.queue, agent, agentOf(agent))
}

// events returns what the PBX says of a call.
func (c *call) events() []record.Record {
	queue := "Queue: " + c.queue
	if c.end == "refused" {
		return []record.Record{c.event(c.at, "VarSet", "Variable: QUEUESTATUS\r\nValue: FULL")}
	}
	all := []record.Record{c.event(c.at, "QueueCallerJoin", queue)}
	for i, a := range c.ignored {
		rang := c.at + record.Second + record.Instant(i)*7*record.Second
		all = append(all, c.event(rang, "AgentCalled", c.member(a)), c.event(rang+6*record.Second, "AgentRingNoAnswer", c.member(a)+"\r\nRingTime: 6000"))
	}
	over := c.at + c.wait
	hold := fmt.Sprintf("\r\nHoldTime: %d", c.wait/record.Second)
	leave := c.event(over, "QueueCallerLeave", queue)
	switch c.end {
	case "answered":
		ended := fmt.Sprintf("%s\r\nTalkTime: %d\r\nReason: %s", hold, c.talk/record.Second, c.reason)
		all = append(all, c.event(over-c.wait/4, "AgentCalled", c.member(c.agent)), leave,
			c.event(over+100, "AgentConnect", c.member(c.agent)+hold+"\r\nRingTime: 3"),
			c.event(over+100+c.talk, "AgentComplete", c.member(c.agent)+ended))
	case "exit_key":
		all = append(all, leave)
	default:
		all = append(all, c.event(over-50, "QueueCallerAbandon", queue+hold), leave)
	}
	if c.end == "timed_out" {
		all = append(all, c.event(over+900, "VarSet", "Variable: QUEUESTATUS\r\nValue: TIMEOUT"))
	}
	return all
}

// A tally is the slow, obvious count: what one would do with a pencil.
type tally struct {
	queues map[place]acd.QueueCounts
	talks  map[place]record.Instant // of agents
}

func (t *tally) queue(at record.Instant, c *call, count func(*acd.QueueCounts)) {
	where := place{acd.Interval(at), c.queue}
	row := t.queues[where]
	count(&row)
	t.queues[where] = row
}

func bin(w *acd.Waits, seconds record.Instant) {
	for i, limit := range acd.Bins() {
		if seconds <= record.Instant(limit) {
			w[i]++
			return
		}
	}
	w[len(w)-1]++
}

func (t *tally) count(c *call) {
	over, hold := c.at+c.wait, c.wait/record.Second
	if c.end == "refused" {
		t.queue(c.at, c, func(q *acd.QueueCounts) { q.Refused++ })
		return
	}
	t.queue(c.at, c, func(q *acd.QueueCounts) { q.Offered++ })
	for i := range c.ignored {
		at := c.at + 7*record.Second + record.Instant(i)*7*record.Second
		t.queue(at, c, func(q *acd.QueueCounts) { q.RingNoAnswer++ })
	}
	abandoned := func(q *acd.QueueCounts) {
		q.Abandoned++
		q.AbandonedWait += hold * record.Second
		bin(&q.AbandonedWaits, hold)
	}
	switch c.end {
	case "abandoned":
		t.queue(over-50, c, abandoned)
	case "timed_out":
		t.queue(over-50, c, func(q *acd.QueueCounts) { q.TimedOut++ })
	case "exit_key":
		t.queue(over, c, func(q *acd.QueueCounts) { q.ExitKey++ })
	case "answered":
		t.queue(over+100, c, func(q *acd.QueueCounts) {
			q.Answered++
			q.AnsweredWait += hold * record.Second
			q.AnsweredWaitMax = max(q.AnsweredWaitMax, hold*record.Second)
			bin(&q.AnsweredWaits, hold)
		})
		t.queue(over+100+c.talk, c, func(q *acd.QueueCounts) {
			q.Completed++
			q.Talk += c.talk / record.Second * record.Second
			if c.reason == "transfer" {
				q.Transferred++
			}
		})
		for at := over + 100; at < over+100+c.talk; {
			end := min(acd.Interval(at)+acd.IntervalWidth, over+100+c.talk)
			t.talks[place{acd.Interval(at), agentOf(c.agent)}] += end - at
			at = end
		}
	}
}

// A day is counted as it was made up.
func TestADayOfCalls(t *testing.T) {
	if draws.Raced {
		aDay(t, 10_000)
		return
	}
	aDay(t, 20_000)
}

// aDay counts a day of so many calls.
func aDay(t *testing.T, calls int) {
	t.Helper()
	r := &rig{h: openHistory(t), name: "pbx", format: "ami"}
	r.commit(t, nil)
	p, want := newPBX(), &tally{map[place]acd.QueueCounts{}, map[place]record.Instant{}}
	f := r.counting()
	p.day(calls, record.Day/record.Instant(calls), func(c *call) { want.count(c) }, func(batch []record.Record) {
		r.commit(t, batch)
		r.catchUp(t, f)
	})
	got := &tally{map[place]acd.QueueCounts{}, map[place]record.Instant{}}
	rows := r.counted(t)
	for _, row := range rows.Queues {
		row.Counts.RingsNoAnswer = acd.Waits{}
		got.queues[place{row.Start, row.Queue}] = row.Counts
	}
	for _, row := range rows.Agents {
		if row.Counts.Talk > 0 {
			got.talks[place{row.Start, row.Agent}] = row.Counts.Talk
		}
	}
	if len(want.queues) < 24*4*dayQueues || len(want.talks) < 24*4*dayAgents/20 {
		t.Fatalf("%d rows of queues and %d of agents were made up", len(want.queues), len(want.talks))
	}
	if diff := gocmp.Diff(want.queues, got.queues); diff != "" {
		t.Errorf("queues (-made up +counted)\n%.4000s", diff)
	}
	if diff := gocmp.Diff(want.talks, got.talks); diff != "" {
		t.Errorf("talks (-made up +counted)\n%.4000s", diff)
	}
}

// day makes up calls that come so far apart, and hands out the records in order,
// a tenth of the calls at a time and at most 20,000 records.
func (p *pbx) day(calls int, apart record.Instant, made func(*call), hand func([]record.Record)) {
	const from = begins - begins%record.Day
	var batch []record.Record
	for a := range dayAgents {
		for q := range dayQueues {
			c := call{queue: queueOf(q), at: from}
			batch = append(batch, c.event(from+record.Instant(a*dayQueues+q), "QueueMemberAdded", c.member(a)+"\r\nMembership: dynamic\r\nStatus: 1\r\nPaused: 0"))
		}
	}
	for i := range calls {
		c := p.call(from + record.Minute + record.Instant(i)*apart + p.upTo(apart))
		made(&c)
		batch = append(batch, c.events()...)
		if (i+1)%(calls/10) == 0 || i == calls-1 {
			slices.SortFunc(batch, func(a, b record.Record) int {
				return cmp.Or(cmp.Compare(a.At, b.At), bytes.Compare(a.Digest[:], b.Digest[:]))
			})
			past := len(batch)
			if i < calls-1 { // what follows may come between
				past, _ = slices.BinarySearchFunc(batch, c.at, func(r record.Record, at record.Instant) int { return cmp.Compare(r.At, at) })
			}
			for some := range slices.Chunk(batch[:past], 20_000) {
				hand(some)
			}
			batch = slices.Clone(batch[past:])
		}
	}
}
