package count

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// now is when these decisions are made.
var now = begins.Time()

func ms(n int) time.Time { return now.Add(time.Duration(n) * time.Millisecond) }

func TestWhatSettles(t *testing.T) {
	const at = begins + 7 // no whole second
	for name, test := range map[string]struct {
		saw  func(s *settling)
		when time.Time
		want record.Instant
	}{
		"nothing yet":                   {func(s *settling) {}, ms(9000), 0},
		"a feed without anything":       {func(s *settling) { s.saw(ms(0), history.Horizon{}) }, ms(9000), 0},
		"within the second":             {func(s *settling) { s.saw(ms(0), history.Horizon{Newest: at}) }, ms(999), 0},
		"after a second":                {func(s *settling) { s.saw(ms(0), history.Horizon{Newest: at}) }, ms(1000), at + 1},
		"whole seconds, after one":      {func(s *settling) { s.saw(ms(0), history.Horizon{Newest: begins}) }, ms(1999), 0},
		"whole seconds, after two":      {func(s *settling) { s.saw(ms(0), history.Horizon{Newest: begins}) }, ms(2000), begins + 1},
		"a whole second that is over":   {func(s *settling) { s.saw(ms(0), history.Horizon{Newest: begins, CoveredUntil: at}) }, ms(1000), at},
		"silence that was heard":        {func(s *settling) { s.saw(ms(0), history.Horizon{Newest: at, CoveredUntil: at + 50}) }, ms(1000), at + 50},
		"coverage that came no further": {func(s *settling) { s.saw(ms(0), history.Horizon{Newest: at, CoveredUntil: at - 50}) }, ms(1000), at + 1},
		"what came since has not yet": {func(s *settling) {
			s.saw(ms(0), history.Horizon{Newest: at})
			s.saw(ms(600), history.Horizon{Newest: at + 9})
		}, ms(1500), at + 1},
		"and then has": {func(s *settling) {
			s.saw(ms(0), history.Horizon{Newest: at})
			s.saw(ms(600), history.Horizon{Newest: at + 9})
		}, ms(1600), at + 10},
		"what is the same is as old": {func(s *settling) {
			s.saw(ms(0), history.Horizon{Newest: at})
			s.saw(ms(900), history.Horizon{Newest: at})
		}, ms(1000), at + 1},
		"a sight after each other is later": {crowd, ms(1000), at + 1},
	} {
		t.Run(name, func(t *testing.T) {
			var s settling
			test.saw(&s)
			if got := s.settled(test.when); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
	var s settling
	crowd(&s)
	if len(s.sights) > 8 {
		t.Errorf("%d sights are remembered", len(s.sights))
	}
	if at, ok := s.next(ms(1100)); !ok || at.Before(ms(1100)) || at.After(ms(1300)) {
		t.Errorf("next at %s, %v", at, ok)
	}
	if at, ok := s.next(ms(9000)); ok {
		t.Errorf("next at %s", at)
	}
}

// crowd sees a feed come further each millisecond.
func crowd(s *settling) {
	for i := range 1000 {
		s.saw(ms(i), history.Horizon{Newest: begins + 7 + record.Instant(i)})
	}
}

// What came late is counted when it is quiet, or after a while.
func TestWhenMarksAreDue(t *testing.T) {
	marked := func(at time.Time) history.Counted {
		return history.Counted{Marked: []record.Instant{begins}, MarkedAt: record.At(at)}
	}
	var m marks
	for _, step := range []struct {
		at    int // milliseconds
		state history.Counted
		due   bool
	}{
		{0, history.Counted{}, false},
		{500, marked(ms(400)), false},
		{2300, marked(ms(400)), false},
		{2400, marked(ms(400)), true},
		{2500, marked(ms(2450)), false},
		{2600, history.Counted{}, false}, // somebody else counted it
		{3000, marked(ms(2990)), false},
		{62_990, marked(ms(62_980)), false},
		{63_000, marked(ms(62_990)), true}, // a trickle
		{70_000, marked(ms(99_999_999)), true},
	} {
		if got := m.due(ms(step.at), step.state); got != step.due {
			t.Errorf("after %d ms: %v", step.at, got)
		}
	}
	m.done(ms(70_000), ms(71_000))
	if m.waiting() || m.due(ms(80_900), marked(ms(70_000))) || !m.waiting() {
		t.Error("counting late records goes on without a rest")
	}
	if !m.due(ms(81_000), marked(ms(70_000))) {
		t.Error("counting late records rests too long")
	}
	if m.done(ms(0), ms(99_000)); m.due(ms(158_000), marked(ms(0))) || !m.due(ms(159_000), marked(ms(0))) {
		t.Error("not a minute's rest after what took long")
	}
}
