package ami

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

func TestParse(t *testing.T) {
	type texts struct{ Event, Response, Time, ActionID, System string }
	none := "<none>"
	text := func(b []byte) string {
		if b == nil {
			return none
		}
		return string(b)
	}
	for in, want := range map[string]texts{
		"Event: Cdr\r\nTimestamp: 1.5\r\nActionID: x-1": {"Cdr", none, "1.5", "x-1", none},
		"Event: Cdr\nTimestamp: 1.5\nSystemName: pbx":   {"Cdr", none, "1.5", none, "pbx"},
		"Response: Success\r\nActionID:\r\nPing: Pong":  {none, "Success", none, "", none},
		"Event: A\r\nTimestamp: 1\r\nTimestamp: 2":      {"A", none, "1", none, none},
		"Event: A\r\nTimestampX: 1\r\nTimestamp":        {"A", none, none, none, none},
		"x\r\nEvent: A\r\nTimestamp: 1":                 {none, none, "1", none, none},
		"Event: VarSet\r\nValue: ActionID: 1":           {"VarSet", none, none, none, none},
		"":                                              {none, none, none, none, none},
	} {
		m := parse([]byte(in))
		got := texts{text(m.event), text(m.response), text(m.time), text(m.actionID), text(m.system)}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: %s", in, d)
		}
	}
}

func TestParseTime(t *testing.T) {
	for in, want := range map[string]record.Instant{
		"1795222327.141253": 1795222327_141253,
		"1795222327.000001": 1795222327_000001,
		"1795222327.1":      1795222327_100000,
		"1795222327":        1795222327_000000,
		"0.0":               0,
	} {
		if got, err := parseTime([]byte(in)); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", ".5", "-1.5", "1.1234567", "1e9", "1795222327,5", "1795222327.14 1", "9999999999999.0"} {
		if got, err := parseTime([]byte(in)); err == nil {
			t.Errorf("%q: %d, want an error", in, got)
		}
	}
}

func TestEveryEventOfARealAsteriskHasATime(t *testing.T) {
	r := newBlockReader(bytes.NewReader(fixture(t, "varied-a")), 64<<10)
	n := 0
	for {
		block, err := r.next()
		if err != nil {
			break
		}
		at, err := parseTime(parse(block).time)
		if err != nil || at.Time().Year() != 2026 {
			t.Fatalf("%q: %s, %v", block, at, err)
		}
		n++
	}
	if want := 5290; n != want {
		t.Errorf("%d events, want %d", n, want)
	}
}

func TestOneRunOfAnAsteriskHasOneName(t *testing.T) {
	start := record.At(time.Date(2026, 11, 21, 8, 30, 7, 900_000_000, time.UTC))
	var last incarnation
	for _, after := range []time.Duration{0, 400 * time.Millisecond, time.Minute + 990*time.Millisecond, 300 * time.Hour} {
		now := start.Add(after + 80*time.Millisecond) // the answer comes a little later than FullyBooted
		run := incarnationOf(now, int64(after/time.Second), last)
		if early := start.Sub(run.since); early < 0 || early > 2*time.Second {
			t.Errorf("after %s: up since %s, which is %s too early", after, run.since, early)
		}
		if last.name != "" && run != last {
			t.Errorf("after %s: %+v, before %+v", after, run, last)
		}
		last = run
	}
	if want := "2026-11-21T08:30:10Z"; last.name != want {
		t.Errorf("name is %s, want %s", last.name, want)
	}
	if again := incarnationOf(start.Add(time.Minute), 3, last); again.name == last.name {
		t.Errorf("a restart is still called %s", again.name)
	}
}

func TestParseUptime(t *testing.T) {
	for in, want := range map[string]bool{"0": true, "66": true, "": false, "-1": false, "x": false, "99999999999999": false} {
		if _, ok := parseUptime(in); ok != want {
			t.Errorf("%q is an uptime: %t", in, ok)
		}
	}
}
