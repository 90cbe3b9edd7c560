package count

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
)

// begins is when what these tests make up begins: 12 minutes before a border.
const begins = 1_790_000_000*record.Second - 1_790_000_000*record.Second%acd.IntervalWidth + 3*record.Minute

// A machine counts a feed whose records come in any order and by any way, while
// whoever counts it dies, rebuilds and does what is left undone at any time.
type machine struct {
	rig
	f     *counting
	lines int
}

// said makes a line of queue_log, which is no two times the same.
func (m *machine) said(t *rapid.T) record.Record {
	m.lines++
	second := begins + record.Instant(rapid.Int64Range(0, 3*3600).Draw(t, "second"))*record.Second
	if rapid.IntRange(0, 60).Draw(t, "other day") == 0 {
		second += record.Instant(rapid.Int64Range(-2, 2).Draw(t, "days")) * record.Day
	}
	call := rapid.IntRange(1, 6).Draw(t, "call")
	queue := rapid.SampledFrom([]string{"sales", "support"}).Draw(t, "queue")
	agent := rapid.SampledFrom([]string{"SIP/1", "SIP/2", "Kim"}).Draw(t, "agent")
	verb := rapid.SampledFrom([]string{
		"ENTERQUEUE||555", "CONNECT|7|x|3", "COMPLETECALLER|7|60|1", "ABANDON|1|1|30", "EXITWITHTIMEOUT|1|1|45",
		"RINGNOANSWER|3000", "ADDMEMBER|", "REMOVEMEMBER|", "PAUSE|lunch", "UNPAUSE|", "QUEUESTART", "EXITEMPTY|1|1|10", "NOISE",
	}).Draw(t, "verb")
	line := fmt.Sprintf("%d|%d.%d|%s|%s|%s|%d", second/record.Second, call, call, queue, agent, verb, m.lines)
	return record.New(second, 0, []byte(line))
}

func (m *machine) batch(t *rapid.T) []record.Record {
	var all []record.Record
	for range rapid.IntRange(1, 12).Draw(t, "records") {
		all = append(all, m.said(t))
	}
	return all
}

// head counts on up to any time that the feed has come to.
func (m *machine) head(t *rapid.T) {
	ctx := context.Background()
	end, err := m.h.Horizon(ctx, m.name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.f.begin(ctx); err != nil {
		t.Fatal(err)
	}
	to := end.Newest + 1 - record.Instant(rapid.Int64Range(0, int64(record.Hour)).Draw(t, "before the end"))
	if to <= m.f.through {
		return
	}
	if err := m.f.advance(ctx, to); err != nil {
		t.Fatal(err)
	}
}

// late counts some of what is marked, as if it was ended behind it.
func (m *machine) late(t *rapid.T) {
	ctx := context.Background()
	state, err := m.f.begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(state.Marked); n > 0 {
		some := state.Marked[:rapid.IntRange(1, n).Draw(t, "marks")]
		if rapid.Bool().Draw(t, "and what follows") {
			if err := m.f.again(ctx, some); err != nil {
				t.Fatal(err)
			}
			return
		}
		if _, _, err := m.f.portion(ctx, some[0], some[0]+acd.IntervalWidth); err != nil {
			t.Fatal(err)
		}
		m.f = m.counting()
	}
}

func (m *machine) rebuild(t *rapid.T) {
	from := begins + record.Instant(rapid.Int64Range(-3, 5).Draw(t, "from"))*record.Hour
	w := &work{span: record.Span{From: from, To: from + record.Hour}, report: func(Progress) {}, done: make(chan struct{})}
	if m.f.do(context.Background(), w); w.err != nil {
		t.Fatal(w.err)
	}
}

// Whatever happens in whatever order, in the end the rows are those of a fold
// over all records.
func TestCountsAreThoseOfTheRecords(t *testing.T) { thoseOfTheRecords(t, 25) }

func thoseOfTheRecords(t *testing.T, histories int) {
	t.Helper()
	h, feeds := openHistory(t), 0
	defer draws.Percent(histories)()
	rapid.Check(t, func(t *rapid.T) {
		feeds++ // each time another one, of one history
		m := &machine{rig: rig{h: h, name: fmt.Sprintf("log %d", feeds), format: "queue_log"}}
		m.f = m.counting()
		m.commit(t, nil)
		t.Repeat(map[string]func(*rapid.T){
			"commit":  func(t *rapid.T) { m.commit(t, m.batch(t)) },
			"merge":   func(t *rapid.T) { m.merge(t, m.batch(t)) },
			"head":    m.head,
			"late":    m.late,
			"rebuild": m.rebuild,
			"die":     func(*rapid.T) { m.f = m.counting() },
			"all": func(t *rapid.T) {
				m.catchUp(t, m.f)
				m.check(t)
			},
		})
		m.catchUp(t, m.f)
		m.check(t)
	})
}
