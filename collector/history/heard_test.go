package history

import (
	"errors"
	"slices"
	"testing"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

func TestHeard(t *testing.T) {
	const s = record.Second
	session := func(from record.Instant, marks ...feed.Mark) []feed.Mark {
		return append([]feed.Mark{begin(feed.Session{From: noon + from})}, marks...)
	}
	for name, c := range map[string]struct {
		marks []feed.Mark
		want  []record.Span // of seconds after noon
	}{
		"nothing yet":                 {nil, nil},
		"a session without proof":     {session(0), nil},
		"up to the last proof":        {session(0, proof(noon+10*s)), spans(0, 10*s)},
		"not what lasts since then":   {session(0, proof(noon+10*s), end(feed.Mute)), spans(0, 10*s)},
		"a crash without a last word": {append(session(0, proof(noon+10*s)), session(20*s, proof(noon+30*s))...), spans(0, 10*s, 20*s, 30*s)},
		"a gap that is over": {
			append(session(0, proof(noon+10*s), end(feed.Mute)), session(20*s, proof(noon+30*s))...),
			spans(0, 10*s, 20*s, 30*s),
		},
		"without the holes of each reason": {
			session(
				0, hole(noon+2*s, noon+3*s, feed.Rejected), hole(noon+4*s, noon+5*s, feed.Clock),
				hole(noon+6*s, noon+7*s, feed.Overrun), hole(noon+8*s, noon+9*s, feed.DiskFull), proof(noon+10*s),
			),
			spans(0, 2*s, 3*s, 4*s, 5*s, 6*s, 7*s, 8*s, 9*s, 10*s),
		},
		"a hole of which only the beginning is told": {
			session(0, hole(noon+2*s, noon+2*s+1, feed.Rejected), proof(noon+10*s)), spans(0, 2*s, 2*s+1, 10*s),
		},
		"a hole ahead of the proof": {session(0, hole(noon+9*s, noon+20*s, feed.Rejected), proof(noon+10*s)), spans(0, 9*s)},
		"while there was no upstream": {
			append(
				session(0, proof(noon+10*s), end(feed.Unreachable)),
				feed.Mark{What: feed.BeginMark, Begin: &feed.Session{
					From: noon + 20*s, Away: true, Incarnation: "second", UpSince: noon + 15*s,
				}}, proof(noon+30*s),
			),
			spans(0, 10*s, 20*s, 30*s), // nothing was known of the first incarnation
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			commit(t, h, "pbx", feed.Batch{Marks: c.marks})
			for i := range c.want {
				c.want[i].From, c.want[i].To = c.want[i].From+noon, c.want[i].To+noon
			}
			got, err := h.Heard(t.Context(), "pbx", always)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
			part := record.Span{From: noon + 3*s, To: noon + 25*s}
			got, err = h.Heard(t.Context(), "pbx", part)
			if want := record.Intersect(c.want, []record.Span{part}); err != nil || !slices.Equal(got, want) {
				t.Errorf("a part: %v, %v; want %v", got, err, want)
			}
		})
	}
	if _, err := open(t).Heard(t.Context(), "nobody", always); !errors.Is(err, ErrUnknownFeed) {
		t.Errorf("unknown feed: %v", err)
	}
}

// What is closed was nothing to hear; what is filled is held like what was
// heard; what is lost is not.
func TestHeardGoesByTheStatesOfGaps(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{Marks: []feed.Mark{
		begin(feed.Session{From: noon, Incarnation: "first"}), proof(noon + 10), end(feed.Unreachable),
		begin(feed.Session{From: noon + 20, Away: true, Incarnation: "second", UpSince: noon + 15}), proof(noon + 30), end(feed.Mute),
		begin(feed.Session{From: noon + 40}), proof(noon + 50),
	}})
	heard := func(want ...record.Instant) {
		t.Helper()
		for i := range want {
			want[i] += noon
		}
		got, err := h.Heard(t.Context(), "pbx", always)
		if err != nil || !slices.Equal(got, spans(want...)) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	}
	heard(0, 15, 20, 30, 40, 50)
	said := Testimony{[]record.Span{always}, spans(noon+32, noon+40), noon + 36}
	if done, err := h.Settle(t.Context(), "pbx", said); err != nil || done != (Settled{Filled: 1, Lost: 2}) {
		t.Errorf("%+v, %v", done, err)
	}
	heard(0, 15, 20, 30, 32, 50)
}
