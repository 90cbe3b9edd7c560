package report

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
)

// Whatever is asked, what the database adds up gives the answer that the rows
// give one by one.
func TestAgentsAddedUpAndOneByOne(t *testing.T) {
	r := newRig(t, "2026-10-20 00:00")
	r.hears(t, "pbx", "2026-10-27 06:00")
	r.misses(t, "pbx", "2026-10-27 11:00")
	r.hears(t, "pbx", "2026-10-29 00:00")
	someShifts(r)
	r.administer(t,
		row("agent", "Kim", admin.Body{"name": "Evans, Kim", "aliases": []string{"PJSIP/101"}}),
		row("pause-reason", "mail", admin.Body{"name": "Writing mail", "productive": true}),
		row("calendar", "desk", admin.Body{"hours": []string{"mon 08:00-12:30", "tue-sun 09:15-17:00"}}),
	)
	r.asks(t, "2026-10-20 00:00", "2026-10-29 00:00", Day)
	// The 25th has 25 hours in one of them.
	for _, zone := range []string{"Europe/Berlin", "Asia/Kathmandu"} {
		r.set(t, "time_zone", zone)
		rapid.Check(t, func(t *rapid.T) {
			from := at("2026-10-19 12:00") + record.Instant(rapid.IntRange(0, 9*96).Draw(t, "from"))*width
			ask := Ask{
				From: from, To: from + record.Instant(rapid.IntRange(1, 5*96).Draw(t, "quarters"))*width, Now: r.now,
				By:        rapid.SampledFrom(Bys()).Draw(t, "by"),
				OpenHours: rapid.SampledFrom([]string{"", "desk"}).Draw(t, "hours"),
				Agents:    rapid.SampledFrom([][]string{nil, {"Kim"}, {"Lee", "PJSIP/101"}}).Draw(t, "agents"),
			}
			want, wantErr := r.agentsBy(ask, (*question).agentIntervals)
			got, err := r.agentsBy(ask, (*question).agentRows)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%v, one by one %v", err, wantErr)
			}
			if diff := cmp.Diff(parts(want), parts(got)); diff != "" {
				t.Fatalf("%+v (-one by one +added up):\n%s", ask, diff)
			}
		})
	}
}

// parts returns what differs where the rows do.
func parts(o Overview) []any {
	return []any{o.Rows.Rows, o.Rows.Total, o.Rows.Notes, o.Course.Rows, o.Apart.Rows}
}

// agentsBy answers from rows that are read so.
func (r *rig) agentsBy(ask Ask, read func(*question, context.Context, string, record.Span) []agentRows) (Overview, error) {
	ctx := context.Background()
	q, err := asked(ctx, r.Sources, ask, r.Feeds)
	if err != nil {
		return Overview{}, err
	}
	return q.agents(ctx, func(ctx context.Context, feed string, span record.Span) []agentRows { return read(q, ctx, feed, span) })
}

// someShifts says what was counted of three agents, the same at each run.
func someShifts(r *rig) {
	random := rand.New(rand.NewPCG(1, 2))
	for start := at("2026-10-20 06:00"); start < at("2026-10-28 20:00"); start += width {
		if h := start.Time().Hour(); h < 6 || h >= 20 {
			continue
		}
		for _, name := range []string{"Kim", "PJSIP/101", "Lee"} {
			if random.IntN(3) == 0 {
				continue
			}
			c := shift()
			c.Answered, c.Talk = random.Int64N(9), record.Instant(random.Int64N(int64(width)))
			c.PausedFor = map[string]record.Instant{[]string{"", "mail", "lunch"}[random.IntN(3)]: record.Instant(random.Int64N(int64(width)))}
			c.RingsNoAnswer = acd.Waits{3: random.Int64N(9), 15: random.Int64N(2)}
			if random.IntN(9) == 0 {
				c.FirstLogin, c.LastLogout = start+record.Minute, start+2*record.Minute
			}
			r.agent("pbx", start.Time().Format("2006-01-02 15:04"), name, c)
		}
	}
}
