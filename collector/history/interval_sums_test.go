package history

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// What the database adds up is what comes out one by one, whatever was counted
// and corrected, and wherever a part ends.
func TestAgentSumsAreTheSumsOfIntervals(t *testing.T) {
	const quarters = 6
	h := begun(t)
	rapid.Check(t, func(t *rapid.T) {
		s := Stretch{Span: record.Span{From: noon, To: noon + quarters*quarter}}
		for i := range record.Instant(quarters) {
			s.Told = append(s.Told, Told{noon + i*quarter, acd.Counted{Agents: drawAgents(t, noon, i)}})
		}
		count(t, h, s)
		from := noon + record.Instant(rapid.IntRange(-1, quarters).Draw(t, "from"))*quarter
		span := record.Span{From: from, To: from + record.Instant(rapid.IntRange(0, quarters).Draw(t, "length"))*quarter}
		most := rapid.IntRange(1, 12).Draw(t, "most")
		want := addUp(t, h.AgentIntervals(context.Background(), Intervals{"pbx", span}))
		got := addUp(t, h.agentSums(context.Background(), Intervals{"pbx", span}, most))
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("%v by %d rows (-one by one +added up):\n%s", span, most, diff)
		}
		whole := slices.Collect(keys(h.AgentSums(context.Background(), Intervals{"pbx", span})))
		if len(whole) != len(want) || !slices.IsSorted(whole) {
			t.Fatalf("%q of %d agents", whole, len(want))
		}
	})
}

// drawAgents draws what the records of one interval tell of it and of those before.
func drawAgents(t *rapid.T, first, told record.Instant) []acd.AgentRow {
	var rows []acd.AgentRow
	length := rapid.Map(rapid.Int64Range(-1_000_000_000, 1_000_000_000), func(n int64) record.Instant { return record.Instant(n) })
	instant := rapid.OneOf(rapid.Just(record.Instant(0)), rapid.Map(length, func(n record.Instant) record.Instant { return noon + max(n, -n) }))
	few := rapid.Int64Range(-300, 300)
	for _, name := range []string{"Kim", "Lee", "Żoë\x1b"} {
		for of := range told + 1 {
			if !rapid.Bool().Draw(t, "told") {
				continue
			}
			c := acd.AgentCounts{
				FirstLogin: instant.Draw(t, "login"), LastLogout: instant.Draw(t, "logout"),
				Answered: few.Draw(t, "answered"), RingNoAnswer: few.Draw(t, "rung"), RingCancelled: few.Draw(t, "cancelled"),
				Transferred: few.Draw(t, "transferred"), Completed: few.Draw(t, "completed"), Handled: length.Draw(t, "handled"),
				PausedFor: rapid.MapOfN(rapid.SampledFrom([]string{"", "lunch", "a\n\"<b>\\", "Büro", "{},"}),
					rapid.OneOf(length, rapid.SampledFrom([]record.Instant{-1, 0, 1})), 0, 3).Draw(t, "reasons"),
			}
			for _, to := range []*record.Instant{&c.Staffed, &c.Available, &c.Paused, &c.Ringing, &c.Talk, &c.OtherCall, &c.WrapUp, &c.Unknown} {
				*to = length.Draw(t, "length")
			}
			for i := range rapid.IntRange(0, len(c.RingsNoAnswer)).Draw(t, "bins") {
				c.RingsNoAnswer[i] = few.Draw(t, "rings")
			}
			rows = append(rows, acd.AgentRow{Start: first + of*quarter, Agent: name, Counts: c})
		}
	}
	return rows
}

// addUp adds up rows by agent.
func addUp(t fataler, rows iter.Seq2[acd.AgentRow, error]) map[string]*acd.AgentCounts {
	sums := map[string]*acd.AgentCounts{}
	for row, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		if sums[row.Agent] == nil {
			sums[row.Agent] = &acd.AgentCounts{}
		}
		sums[row.Agent].Add(row.Counts)
	}
	for _, sum := range sums {
		if len(sum.PausedFor) == 0 {
			sum.PausedFor = nil // or empty, where it came to nothing
		}
	}
	return sums
}

func keys(rows iter.Seq2[acd.AgentRow, error]) iter.Seq[string] {
	return func(yield func(string) bool) {
		for row := range rows {
			if !yield(row.Agent) {
				return
			}
		}
	}
}

func TestAgentSumsTellOfAnUnknownFeed(t *testing.T) {
	h := begun(t)
	for _, err := range h.AgentSums(t.Context(), Intervals{"none", record.Span{From: noon, To: noon + quarter}}) {
		if err == nil {
			t.Error("a row of no feed")
		}
		return
	}
	t.Error("nothing was told of a feed that is not known")
}

// What was told by rules that hold no more is not added up.
func TestAgentSumsLeaveOutWhatIsCountedAnew(t *testing.T) {
	h := begun(t)
	span := record.Span{From: noon, To: noon + quarter}
	count(t, h, Stretch{Span: span, Told: []Told{{noon, acd.Counted{Agents: []acd.AgentRow{{Start: noon, Agent: "Kim", Counts: acd.AgentCounts{Answered: 1}}}}}}})
	if sums := addUp(t, h.AgentSums(t.Context(), Intervals{"pbx", span})); len(sums) != 1 {
		t.Fatalf("%d agents", len(sums))
	}
	if err := h.CountBy(t.Context(), "pbx", "ami", 2); err != nil {
		t.Fatal(err)
	}
	if rows := scalar(t, h, `SELECT count(*) FROM agent_interval`); rows != 1 {
		t.Fatalf("%d rows are stored", rows)
	}
	if sums := addUp(t, h.AgentSums(t.Context(), Intervals{"pbx", span})); len(sums) != 0 {
		t.Fatalf("%d agents, told behind the head", len(sums))
	}
}

// Whatever stands there is read as package json reads it.
func FuzzReasons(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"lunch":60000000,"mail":-1}`, `{"":0}`, `{"a":1,"a":2}`, `{"a\"b":1}`, `{"B\u00fcro":1}`, `{"Büro":1}`, "{\"\xff\":1}",
		`{"a":01}`, `{"a":-}`, `{"a":-0}`, `{"a":1e3}`, `{"a":9223372036854775808}`, `{"a":1}x`, `{"a":1,}`, `{"a":1`, `{"a" : 1}`, `{"a":null}`, `null`, ``,
	} {
		f.Add([]byte(text))
	}
	var r reasonReader
	f.Fuzz(func(t *testing.T, text []byte) {
		want := map[string]int64{}
		wantErr := json.Unmarshal(text, &want)
		parts, err := r.read(text)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, and package json says %v", text, err, wantErr)
		}
		got := map[string]int64{}
		for _, p := range parts {
			got[p.reason] = p.length
		}
		if err == nil && !maps.Equal(want, got) {
			t.Fatalf("%q says %v, want %v", text, got, want)
		}
	})
}
