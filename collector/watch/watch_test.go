package watch

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// begun is the beginning of an interval.
const begun = record.Instant(1_795_248_000) * record.Second

func waits(bins ...int64) (w acd.Waits) {
	copy(w[:], bins)
	return w
}

// A look is a moment, and what is told of it.
type look struct {
	at    record.Instant // after begun
	sight Sight
	want  []string // parts of the texts
}

func line(waiting int64, longest record.Instant) Sight {
	return Sight{Feed: "pbx", Heard: true, Lines: []Line{{"sales", waiting, longest}}}
}

func agent(state, reason string, since record.Instant) Sight {
	return Sight{Feed: "pbx", Heard: true, Agents: []Agent{{"ann", state, since, reason}}}
}

func counted(start record.Instant, c acd.QueueCounts) Sight {
	return Sight{Feed: "pbx", Queues: []acd.QueueRow{{Start: start, Queue: "sales", Counts: c}}}
}

func TestLook(t *testing.T) {
	const s, minute, quarter = record.Second, record.Minute, acd.IntervalWidth
	deaf := line(9, begun-minute)
	deaf.Heard = false
	for name, c := range map[string]struct {
		threshold Threshold
		looks     []look
	}{
		"too many wait": {Threshold{Measure: Waiting, Count: 2}, []look{
			{0, line(2, begun), nil},
			{1 * s, line(3, begun), []string{`queue "sales": 3 callers wait, more than 2`}},
			{2 * s, line(4, begun), nil},
			{3 * s, line(1, begun), nil},
			{4 * s, line(3, begun), nil}, // once in the interval
			{quarter + s, line(3, begun), []string{"3 callers wait"}},
			{2*quarter + s, line(3, begun), nil}, // they still are
		}},
		"too many wait for too long": {Threshold{Measure: Waiting, Count: 0, Limit: 30}, []look{
			{0, line(1, begun), nil},
			{20 * s, line(0, 0), nil},
			{21 * s, line(1, begun), nil},
			{50 * s, line(1, begun), nil},
			{51 * s, line(2, begun), []string{"2 callers wait, more than 0 for 30 s"}},
		}},
		"nobody hears": {Threshold{Measure: Waiting}, []look{{0, deaf, nil}}},
		"a long wait": {Threshold{Measure: LongestWait, Limit: 60}, []look{
			{60 * s, line(1, begun), nil},
			{61 * s, line(1, begun), []string{"has waited for 61 s, longer than 60 s"}},
			{62 * s, line(1, begun+s), nil},
			{quarter + s, line(1, begun), nil}, // the same caller
			{quarter + 2*s, line(1, begun+s), []string{"901 s"}},
		}},
		"more than one long wait": {Threshold{Measure: LongestWait, Limit: 60, Count: 1}, []look{
			{70 * s, line(2, begun), nil},
			{71 * s, line(2, begun), nil},
			{80 * s, line(1, begun+s), []string{"79 s, longer than 60 s, more than 1 times"}},
		}},
		"nobody is in line": {Threshold{Measure: LongestWait, Limit: 60}, []look{{0, line(0, 0), nil}}},
		"paused for long": {Threshold{Measure: AgentState, State: "paused", Reason: "lunch", Limit: 1800}, []look{
			{0, agent("paused", "coffee", begun-minute*90), nil},
			{0, agent("talk", "lunch", begun-minute*90), nil},
			{0, agent("paused", "lunch", begun-minute*30), nil},
			{s, agent("paused", "lunch", begun-minute*30), []string{`agent "ann": paused (lunch) for 1801 s`}},
			{quarter, agent("paused", "lunch", begun-minute*30), nil},
			{2 * quarter, agent("paused", "lunch", begun-minute*30), nil},
			{3 * quarter, agent("paused", "lunch", 0), nil}, // unknown is not for ever
		}},
		"a silent feed": {Threshold{Measure: FeedSilent, Limit: 300}, []look{
			{0, Sight{Feed: "pbx"}, nil},
			{300 * s, Sight{Feed: "pbx", Last: begun}, nil},
			{301 * s, Sight{Feed: "pbx", Last: begun}, []string{`feed "pbx": no record for 301 s`}},
			{quarter + 301*s, Sight{Feed: "pbx", Last: begun}, nil},
			{quarter + 302*s, Sight{Feed: "pbx", Last: begun + s}, []string{"for 1201 s"}},
		}},
		"abandoned": {Threshold{Measure: Abandoned, Count: 1, Limit: 10}, []look{
			{s, counted(begun, acd.QueueCounts{Abandoned: 9, AbandonedWaits: waits(4, 4, 1)}), nil},
			{2 * s, counted(begun, acd.QueueCounts{Abandoned: 9, AbandonedWaits: waits(4, 3, 1, 1)}), []string{"2 callers gave up after more than 10 s"}},
			{3 * s, counted(begun, acd.QueueCounts{Abandoned: 20}), nil},
			{quarter + s, counted(begun, acd.QueueCounts{Abandoned: 20}), nil},
			{quarter + s, counted(begun+quarter, acd.QueueCounts{Abandoned: 2}), []string{"2 callers gave up"}},
			{90 * minute, counted(begun+s, acd.QueueCounts{Abandoned: 20}), nil}, // counted anew
		}},
		"service level": {Threshold{Measure: ServiceLevel, Percent: 80, Count: 4}, []look{
			{s, counted(begun, acd.QueueCounts{Answered: 3, Abandoned: 1}), nil}, // too few to tell
			{s, counted(begun, acd.QueueCounts{Answered: 5, AnsweredWaits: waits(1, 1, 1, 1, 1)}), nil},
			{s, counted(begun, acd.QueueCounts{Answered: 5, AnsweredWaits: waits(1, 1, 1, 0, 2)}), []string{"is 60 %, below 80 %"}},
		}},
		"service level of its own": {Threshold{Measure: ServiceLevel, Percent: 100, Limit: 5}, []look{
			{s, counted(begun, acd.QueueCounts{Answered: 1000, AnsweredWaits: waits(999, 1)}), []string{"is 99 %"}},
		}},
		"average wait": {Threshold{Measure: AverageWait, Limit: 30, Count: 1}, []look{
			{s, counted(begun, acd.QueueCounts{Answered: 1, AnsweredWait: minute}), nil},
			{s, counted(begun, acd.QueueCounts{Answered: 2, AnsweredWait: minute}), nil},
			{s, counted(begun, acd.QueueCounts{Answered: 2, AnsweredWait: 62 * s}), []string{"31 s on average"}},
		}},
		"ring in vain": {Threshold{Measure: RingNoAnswer, Limit: 5}, []look{
			{s, counted(begun, acd.QueueCounts{RingNoAnswer: 3, RingsNoAnswer: waits(3)}), nil},
			{s, counted(begun, acd.QueueCounts{RingNoAnswer: 3, RingsNoAnswer: waits(2, 1)}), []string{"1 calls rang in vain after more than 5 s"}},
		}},
		"an agent's ring in vain": {Threshold{Measure: AgentRingNoAnswer}, []look{
			{s, Sight{Feed: "pbx", Counts: []acd.AgentRow{{Start: begun, Agent: "ann", Counts: acd.AgentCounts{RingNoAnswer: 1}}}}, []string{`agent "ann": 1 calls`}},
		}},
		"of another queue": {Threshold{Measure: Waiting, Names: Names{"help": true}}, []look{{0, line(9, begun), nil}}},
		"of another feed":  {Threshold{Measure: Waiting, Feed: "log"}, []look{{0, line(9, begun), nil}}},
	} {
		t.Run(name, func(t *testing.T) {
			var w Watch
			c.threshold.Key = "t"
			for i, l := range c.looks {
				crossed, _ := w.Look(begun+l.at, Levels{Standard: 10, Queues: map[string]int64{"sales": 20}}, []Threshold{c.threshold}, []Sight{l.sight})
				if len(crossed) != len(l.want) {
					t.Fatalf("look %d: %v, want %v", i, crossed, l.want)
				}
				for j, want := range l.want {
					if !strings.Contains(crossed[j].String(), want) {
						t.Errorf("look %d: %s, want %s", i, crossed[j], want)
					}
				}
			}
		})
	}
}

// A feed that names thousands of queues has its threshold tell of some.
func TestTooManyCrossings(t *testing.T) {
	var w Watch
	s := Sight{Feed: "pbx", Heard: true}
	for range 10_000 {
		s.Lines = append(s.Lines, Line{Queue: strings.Repeat("q", len(s.Lines)%5000+1), Waiting: 1, Longest: begun})
	}
	crossed, more := w.Look(begun, Levels{}, []Threshold{{Key: "t", Measure: Waiting}}, []Sight{s})
	if len(crossed) != most || more != 5000-most {
		t.Errorf("%d told, %d left out", len(crossed), more)
	}
	w.Look(begun+record.Day, Levels{}, nil, nil)
	if n := len(w.lasting) + len(w.counted) + len(w.told); n != 0 {
		t.Errorf("%d things are remembered for ever", n)
	}
}

// Whatever is seen, nothing is told twice in an interval, nor is what lasts.
func TestToldOnce(t *testing.T) {
	thresholds := []Threshold{
		{Key: "a", Measure: Waiting, Count: 1},
		{Key: "b", Measure: Waiting, Limit: 40},
		{Key: "c", Measure: LongestWait, Limit: 60, Count: 1},
		{Key: "d", Measure: Abandoned, Count: 3},
		{Key: "e", Measure: FeedSilent, Limit: 30},
		{Key: "f", Measure: LongestWait, Limit: 20},
	}
	rapid.Check(t, func(t *rapid.T) {
		var w Watch
		now := begun
		type once struct {
			threshold string
			at        record.Instant
		}
		intervals, begins := map[once]bool{}, map[once]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "looks") {
			now += record.Instant(rapid.IntRange(1, 300).Draw(t, "pause")) * record.Second
			s := line(rapid.Int64Range(0, 4).Draw(t, "waiting"), begun+record.Instant(rapid.IntRange(0, 3).Draw(t, "longest"))*record.Minute)
			s.Last = begun + record.Instant(rapid.IntRange(0, 2).Draw(t, "last"))*record.Hour
			s.Queues = counted(acd.Interval(now-record.Instant(rapid.IntRange(0, 1).Draw(t, "before"))*acd.IntervalWidth), acd.QueueCounts{
				Abandoned: rapid.Int64Range(0, 6).Draw(t, "abandoned"),
			}).Queues
			crossed, more := w.Look(now, Levels{}, thresholds, []Sight{s})
			if more > 0 {
				t.Fatalf("%d left out", more)
			}
			for _, c := range crossed {
				in, of := once{c.Threshold.Key, c.Start}, once{c.Threshold.Key, c.Since}
				if intervals[in] || c.Start != acd.Interval(c.Start) {
					t.Fatalf("%s: told again of the interval %s", c, c.Start)
				}
				if c.Since != 0 && begins[of] && c.Threshold.Count == 0 && c.Threshold.Measure != LongestWait && c.Threshold.Measure != FeedSilent {
					t.Fatalf("%s: told again of what lasts since %s", c, c.Since)
				}
				intervals[in], begins[of] = true, true
			}
		}
	})
}

func TestMeasures(t *testing.T) {
	var of, counted []string
	for _, m := range Measures() {
		of = append(of, m.Of())
		if m.Counted() {
			counted = append(counted, string(m))
		}
	}
	if diff := cmp.Diff([]string{"abandoned", "service_level", "average_wait", "ring_no_answer", "agent_ring_no_answer"}, counted); diff != "" {
		t.Error(diff)
	}
	want := slices.Concat(slices.Repeat([]string{"queue"}, 6), []string{"agent", "agent", "feed"})
	if diff := cmp.Diff(want, of); diff != "" {
		t.Error(diff)
	}
}
