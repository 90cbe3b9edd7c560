package replay

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

func TestPlanOffset(t *testing.T) {
	at := func(micros ...record.Instant) []record.Instant {
		for i := range micros {
			micros[i] += day
		}
		return micros
	}
	for _, test := range []struct {
		name  string
		times []record.Instant
		speed float64
		shift bool
		want  []time.Duration // of each of the times, in microseconds
	}{
		{"real", at(0, 1, 1_000_000), 1, false, []time.Duration{0, 1, 1_000_000}},
		{"the earliest is not the first", at(5, 0, 9), 1, false, []time.Duration{5, 0, 9}},
		{"ten times", at(0, 10, 15, 1_000_000), 10, false, []time.Duration{0, 1, 2, 100_000}},
		{"half", at(0, 3), 0.5, false, []time.Duration{0, 6}},
		{"max", at(0, 3, 1_000_000), math.Inf(1), false, []time.Duration{0, 0, 0}},
		{"shift", at(7, 0, 1_000_000), 1, true, []time.Duration{7, 0, 1_000_000}},
		{"shift, ten times", at(0, 100, 200), 10, true, []time.Duration{0, 10, 20}},
		{"shift keeps distinct what is distinct", at(0, 1, 1, 2, 3, 1000), 100, true, []time.Duration{0, 1, 1, 2, 3, 10}},
		{"shift, max", at(9, 0, 0, 1_000_000), math.Inf(1), true, []time.Duration{1, 0, 0, 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlan(append([]record.Instant{}, test.times...), test.speed, test.shift)
			var got []time.Duration
			for _, at := range test.times {
				got = append(got, p.offset(at)/time.Microsecond)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("offsets (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanClock(t *testing.T) {
	for _, test := range []struct {
		speed   float64
		elapsed time.Duration
		want    record.Instant
	}{
		{1, 0, 0},
		{1, 1999 * time.Nanosecond, 1},
		{1, time.Hour, record.Hour},
		{10, time.Second, 10 * record.Second},
		{0.25, time.Second, record.Second / 4},
		{maxSpeed, 100 * 365 * 24 * time.Hour, latest - day},
	} {
		p := newPlan([]record.Instant{day}, test.speed, false)
		if got := p.clock(test.elapsed) - day; got != test.want {
			t.Errorf("speed %g after %s: %d, want %d", test.speed, test.elapsed, got, test.want)
		}
	}
}

// What the clock has reached was said, whatever the speed: an answer to Ping
// proves it.
func TestPlanClockNeverAheadOfWhatIsSaid(t *testing.T) {
	for _, speed := range []float64{0.3, 1, 3, 10, 7777} {
		times := []record.Instant{day}
		for i := range record.Instant(2000) {
			times = append(times, day+i*i*7+i)
		}
		p := newPlan(times, speed, false)
		for _, at := range times {
			due := p.offset(at)
			if before := p.clock(due - 1); due > 0 && before >= at {
				t.Fatalf("speed %g: a nanosecond before %d is due the clock shows %d", speed, at, before)
			}
			if p.clock(due) < at {
				t.Fatalf("speed %g: %d is said when the clock shows %d", speed, at, p.clock(due))
			}
		}
	}
}

func TestPlanOffsetIsBounded(t *testing.T) {
	p := newPlan([]record.Instant{0, latest}, 0.001, false)
	if got := p.offset(latest); got < 50*365*24*time.Hour {
		t.Errorf("the year 9999 is due after %s", got)
	}
}

func TestPlanStamp(t *testing.T) {
	start := time.UnixMicro(int64(day + record.Hour))
	p := newPlan([]record.Instant{day, day + 50}, 10, true)
	if got := p.stamp(start, day+50) - record.At(start); got != 5 {
		t.Errorf("shifted by %d, want 5", got)
	}
	if got := newPlan([]record.Instant{day}, 1, false).stamp(start, day); got != 0 {
		t.Errorf("unshifted: %d, want 0, which leaves the time alone", got)
	}
}

func TestStageFront(t *testing.T) {
	now := time.Unix(1000, 0)
	s := newStage(newPlan([]record.Instant{day, day + 9}, math.Inf(1), false), 1)
	if in := s.enter(now); in.late || in.front != day {
		t.Fatalf("the first: %+v", in)
	}
	s.said(day+5, false, now)
	if got := s.clock(now.Add(time.Hour)); got != day+5 {
		t.Errorf("with more to say the clock is %d, want what was said, 5", got-day)
	}
	if in := s.enter(now); !in.late || in.front != day+6 {
		t.Errorf("the next: %+v, want what comes after 5", in)
	}
	s.said(day+9, true, now)
	if got := s.clock(now.Add(time.Second)); got != day+9+record.Second {
		t.Errorf("a second after the end the clock is %d", got-day)
	}
	s.said(day+7, true, now.Add(time.Second))
	if got := s.clock(now.Add(time.Second)); got != day+9+record.Second {
		t.Errorf("somebody slow turned the clock back to %d", got-day)
	}
}
