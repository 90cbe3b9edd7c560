package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
)

// A reader answers from a list, and notes what is asked and what was wrong.
type reader struct {
	answers []string
	heard   []string
}

func (r *reader) Answer(_ context.Context, q Question, standard string) (string, error) {
	r.heard = append(r.heard, fmt.Sprintf("%s[%s]", q.Key, standard))
	if len(r.answers) == 0 {
		return "", io.EOF
	}
	answer := r.answers[0]
	r.answers = r.answers[1:]
	return answer, nil
}

func (r *reader) Wrong(err error) { r.heard = append(r.heard, "! "+err.Error()) }

// small asks for little: b goes with a alone.
func small(r *reader) *Asking {
	return &Asking{
		Questions: []Question{
			{Key: "a", Choice: []string{"x", "y"}},
			{Key: "b", When: func(a Answers) bool { return a["a"] == "x" }, Optional: true, Empty: "none"},
			{Key: "feed.kind"},
			{Key: "feed.c", Default: always("c")},
		},
		Person: r,
		Check: func(a Answers) (all config.Problems) {
			if a["feed.c"] == "bad" {
				all = append(all, &config.Problem{Feed: "f", Key: "c", Err: errors.New("bad")})
			}
			if a["b"] != "" && a["b"] == a["feed.kind"] {
				all = append(all, &config.Problem{Key: "b", Err: errors.New("is the kind")})
			}
			return all
		},
	}
}

func TestAsk(t *testing.T) {
	for _, c := range []struct {
		name    string
		said    Answers
		answers string
		want    Answers
		heard   string
	}{
		{
			"each until it is good",
			Answers{},
			"z x B k bad ",
			Answers{"a": "x", "b": "B", "feed.kind": "k", "feed.c": "c"},
			`a[] ! "z": want x, y a[] b[] feed.kind[] feed.c[c] ! bad feed.c[c]`,
		},
		{
			"an earlier one is wrong by a later",
			Answers{},
			"x k k B ",
			Answers{"a": "x", "b": "B", "feed.kind": "k", "feed.c": "c"},
			"a[] b[] feed.kind[] ! is the kind b[] feed.c[c]",
		},
		{
			"one that was said is wrong",
			Answers{"feed.c": "bad"},
			"y k d",
			Answers{"a": "y", "feed.kind": "k", "feed.c": "d"},
			"! bad a[] feed.kind[] feed.c[c]",
		},
		{
			"back, and what was typed is offered",
			Answers{},
			"< x B < none < C < < y k ",
			Answers{"a": "y", "feed.kind": "k", "feed.c": "c"},
			"a[] ! there is no question before this one a[] b[] feed.kind[] b[B] feed.kind[] b[] feed.kind[] b[C] a[x] feed.kind[] feed.c[c]",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &reader{answers: strings.Split(c.answers, " ")}
			if err := small(r).Ask(t.Context(), c.said); err != nil {
				t.Fatalf("%v: %v", err, r.heard)
			}
			if diff := cmp.Diff(c.want, c.said); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			if got := strings.Join(r.heard, " "); got != c.heard {
				t.Errorf("heard\n%s, want\n%s", got, c.heard)
			}
		})
	}
}

// TestReopen offers what was answered, for a feed of the same kind alone.
func TestReopen(t *testing.T) {
	r := &reader{answers: strings.Fields("x B k C")}
	as, a := small(r), Answers{}
	ask := func(answers ...string) string {
		r.heard, r.answers = nil, answers
		if err := as.Ask(t.Context(), a); err != nil {
			t.Fatalf("%v: %v", err, r.heard)
		}
		return strings.Join(r.heard, " ")
	}
	ask("x", "B", "k", "C")
	for _, c := range []struct {
		from    string
		answers []string
		heard   string
		want    Answers
	}{
		{"feed.kind", []string{"", ""}, "feed.kind[k] feed.c[C]", Answers{"a": "x", "b": "B", "feed.kind": "k", "feed.c": "C"}},
		{"feed.kind", []string{"l", ""}, "feed.kind[k] feed.c[c]", Answers{"a": "x", "b": "B", "feed.kind": "l", "feed.c": "c"}},
		{"b", []string{"none", "", "D"}, "b[B] feed.kind[l] feed.c[c]", Answers{"a": "x", "b": "", "feed.kind": "l", "feed.c": "D"}},
		{"a", []string{"", "<", "y", "", ""}, "a[x] b[] a[x] feed.kind[l] feed.c[D]", Answers{"a": "y", "feed.kind": "l", "feed.c": "D"}},
	} {
		if !as.Reaches(c.from, a) {
			t.Fatalf("nothing is asked from %s on", c.from)
		}
		as.Reopen(c.from, a)
		if got := ask(c.answers...); got != c.heard {
			t.Errorf("from %s: heard %s, want %s", c.from, got, c.heard)
		}
		if diff := cmp.Diff(c.want, a); diff != "" {
			t.Errorf("from %s: answers (-want +got):\n%s", c.from, diff)
		}
	}
	if as.Reaches("d", a) {
		t.Error("there is no question d, and it is reached")
	}
	as.Reopen("a", a)
	if err := as.Ask(t.Context(), a); !errors.Is(err, io.EOF) {
		t.Errorf("at the end of the answers: %v", err)
	}
}
