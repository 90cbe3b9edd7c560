package acd

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

// A modelPBX is an Asterisk of which everything is known: it says what happens,
// and answers how things stand, in the manager's own words.
type modelPBX struct {
	now    record.Instant
	waits  map[int]string // by leg: the queue
	agents map[string]*modelAgent
	legs   int
	said   []saying
}

type saying struct {
	at, arrives record.Instant
	raw         string
}

type modelAgent struct {
	queues map[string]bool // paused in it?
	status int             // of the phone, as Asterisk numbers it
	talks  string          // in which queue
	leg    int             // of the talk or the ringing
	rings  bool
}

var (
	modelQueues = []string{"sales", "support"}
	modelAgents = []string{"Ana", "Ben", "Cem"}
)

func newModelPBX() *modelPBX {
	p := &modelPBX{now: 1_700_000_000 * record.Second, waits: map[int]string{}, agents: map[string]*modelAgent{}}
	for _, name := range modelAgents {
		p.agents[name] = &modelAgent{queues: map[string]bool{"sales": false}, status: 1}
	}
	return p
}

func (p *modelPBX) say(event, queue, format string, args ...any) {
	p.said = append(p.said, saying{at: p.now, raw: fmt.Sprintf("Event: "+event+"\r\nQueue: "+queue+"\r\n"+format, args...)})
}

func (p *modelPBX) state(event, name, queue, more string) {
	a := p.agents[name]
	paused := 0
	if a.queues[queue] {
		paused = 1
	}
	p.say(event, queue, "MemberName: %s\r\nInterface: SIP/%s\r\nStatus: %d\r\nPaused: %d\r\nMembership: dynamic%s", name, name, a.status, paused, more)
}

// phone tells every queue of an agent that the phone's state is another.
func (p *modelPBX) phone(name string, status int) {
	a := p.agents[name]
	a.status = status
	for _, q := range slices.Sorted(maps.Keys(a.queues)) {
		p.state("QueueMemberStatus", name, q, "")
	}
}

func (p *modelPBX) ring(name, event, queue string) {
	p.say(event, queue, "MemberName: %s\r\nInterface: SIP/%s\r\nUniqueid: %d", name, name, p.agents[name].leg)
}

// leave takes a caller out of the queue; whoever is rung for is so no more.
func (p *modelPBX) leave(leg int, event string) {
	queue := p.waits[leg]
	p.say(event, queue, "Uniqueid: %d", leg)
	if event != "QueueCallerLeave" {
		p.say("QueueCallerLeave", queue, "Uniqueid: %d", leg)
	}
	delete(p.waits, leg)
	for _, name := range modelAgents {
		if a := p.agents[name]; a.rings && a.leg == leg {
			a.rings = false
			p.phone(name, 1)
		}
	}
}

// step lets something happen that can.
func (p *modelPBX) step(t *rapid.T) {
	p.now += rapid.SampledFrom([]record.Instant{10_000, 700_000, 45 * record.Second}).Draw(t, "pause")
	queue := rapid.SampledFrom(modelQueues).Draw(t, "queue")
	name := rapid.SampledFrom(modelAgents).Draw(t, "agent")
	a := p.agents[name]
	free := a.talks == "" && !a.rings
	waiting := slices.Sorted(maps.Keys(p.waits))
	forAgent := slices.DeleteFunc(slices.Clone(waiting), func(leg int) bool {
		_, member := a.queues[p.waits[leg]]
		return !member
	})
	paused, member := a.queues[queue]
	switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
	case what <= 1:
		p.legs++
		p.waits[p.legs] = queue
		p.say("QueueCallerJoin", queue, "Uniqueid: %d", p.legs)
	case what == 2 && len(waiting) > 0:
		p.leave(rapid.SampledFrom(waiting).Draw(t, "leg"), "QueueCallerAbandon")
	case what <= 4 && free && len(forAgent) > 0:
		a.rings, a.leg = true, rapid.SampledFrom(forAgent).Draw(t, "leg")
		p.ring(name, "AgentCalled", p.waits[a.leg])
		p.phone(name, 6)
	case what == 5 && a.rings:
		p.ring(name, "AgentRingNoAnswer", p.waits[a.leg])
		a.rings = false
		p.phone(name, 1)
	case what <= 6 && a.rings:
		a.rings, a.talks = false, p.waits[a.leg]
		p.leave(a.leg, "QueueCallerLeave")
		p.ring(name, "AgentConnect", a.talks)
		p.phone(name, 2)
	case what <= 7 && a.talks != "":
		p.ring(name, "AgentComplete", a.talks)
		a.talks = ""
		p.phone(name, 1)
	case what == 8 && member:
		a.queues[queue] = !paused
		p.state("QueueMemberPause", name, queue, "\r\nPausedReason: Lunch")
	case what == 9 && free && member:
		p.state("QueueMemberRemoved", name, queue, "")
		delete(a.queues, queue)
	case what == 9 && free:
		a.queues[queue] = false
		p.state("QueueMemberAdded", name, queue, "")
	}
}

// answers is what it says to QueueStatus.
func (p *modelPBX) answers() (all [][]byte) {
	say := func(format string, args ...any) { all = append(all, fmt.Appendf(nil, format, args...)) }
	for _, q := range modelQueues {
		say("Event: QueueParams\r\nQueue: %s\r\nCalls: 3\r\nActionID: 1", q)
		for _, name := range modelAgents {
			a := p.agents[name]
			paused, member := a.queues[q]
			if member {
				say("Event: QueueMember\r\nQueue: %s\r\nName: %s\r\nLocation: SIP/%s\r\nInCall: %d\r\nStatus: %d\r\nPaused: %d",
					q, name, name, flagOf(a.talks == q), a.status, flagOf(paused))
			}
		}
		for leg, of := range p.waits {
			if of == q {
				say("Event: QueueEntry\r\nQueue: %s\r\nUniqueid: %d\r\nWait: 5", q, leg)
			}
		}
	}
	return all
}

func flagOf(on bool) int {
	if on {
		return 1
	}
	return 0
}

// stands is how things stand, but for since when.
func (p *modelPBX) stands() (queues map[string]LiveQueue, agents map[string]Standing) {
	queues, agents = map[string]LiveQueue{}, map[string]Standing{}
	for _, q := range modelQueues {
		queues[q] = LiveQueue{Queue: q, Agents: map[Standing]int{}}
	}
	for _, q := range p.waits {
		of := queues[q]
		of.Waiting++
		queues[q] = of
	}
	for name, a := range p.agents {
		if len(a.queues) == 0 && a.talks == "" {
			continue
		}
		busy := Standing("")
		if a.talks != "" {
			busy = Talking
		} else if a.rings {
			busy = BeingRung
		}
		free := Available
		for q, paused := range a.queues {
			switch {
			case busy != "":
				queues[q].Agents[busy]++
			case paused:
				free = OnPause
				queues[q].Agents[OnPause]++
			default:
				queues[q].Agents[Available]++
			}
		}
		if agents[name] = busy; busy == "" {
			agents[name] = free
		}
	}
	return queues, agents
}

func checkStands(t *rapid.T, p *modelPBX, l *Live) {
	t.Helper()
	queues, agents := p.stands()
	s := l.State()
	gotQueues, gotAgents := map[string]LiveQueue{}, map[string]Standing{}
	for _, q := range s.Queues {
		q.LongestSince = 0
		gotQueues[q.Queue] = q
	}
	for q := range queues {
		if _, told := gotQueues[q]; !told { // nothing happened there yet
			gotQueues[q] = LiveQueue{Queue: q, Agents: map[Standing]int{}}
		}
	}
	for _, a := range s.Agents {
		gotAgents[a.Agent] = a.Standing
	}
	if diff := cmp.Diff(queues, gotQueues); diff != "" {
		t.Fatalf("queues (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(agents, gotAgents); diff != "" {
		t.Fatalf("agents (-want +got):\n%s", diff)
	}
}

func hear(l *Live, said []saying) {
	for _, s := range said {
		for _, e := range decodeAMI(nil, []byte(s.raw), s.at) {
			l.Add(e)
		}
	}
}

// Whatever happens and whatever is missed: a snapshot, and what follows it,
// give what a PBX knows. Events that overtake each other change nothing.
func TestLiveKnowsWhatThePBXKnows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, l := newModelPBX(), NewLive()
		l.Correct(p.now, p.answers(), false)
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			for range rapid.IntRange(0, 25).Draw(t, "steps") {
				p.step(t)
			}
			missed := rapid.Bool().Draw(t, "missed")
			if !missed {
				for i := range p.said {
					p.said[i].arrives = p.said[i].at + record.Instant(rapid.IntRange(0, 4000).Draw(t, "late"))
				}
				slices.SortStableFunc(p.said, func(a, b saying) int { return int(a.arrives - b.arrives) })
				hear(l, p.said)
				checkStands(t, p, l)
			}
			if missed || rapid.Bool().Draw(t, "login") {
				l.Correct(p.now, p.answers(), false)
				checkStands(t, p, l)
				if !missed {
					hear(l, p.said[max(0, len(p.said)-3):]) // what lay in the socket
					checkStands(t, p, l)
				}
			}
			p.said = nil
		}
	})
}
