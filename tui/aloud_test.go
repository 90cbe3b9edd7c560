package tui

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A fixedPlanner has timetables that do not change.
type fixedPlanner []Timetable

func (p fixedPlanner) Timetables(context.Context) ([]Timetable, error) { return p, nil }

func (p fixedPlanner) Timetable(_ context.Context, key string) (Timetable, error) {
	for _, t := range p {
		if t.Key == key {
			return t, nil
		}
	}
	return Timetable{}, fmt.Errorf("no timetable %s", key)
}

// aloudWith types lines, and returns what was said and what was done.
func aloudWith(t *testing.T, lines ...string) (said string, done []string) {
	t.Helper()
	from := Sources{
		Pair:       sourceFunc(func(context.Context) (State, error) { return pair().State, nil }),
		Timetables: fixedPlanner(someTimetables()),
		Do: doerFunc(func(_ context.Context, args []string, out io.Writer) int {
			done = append(done, strings.Join(args, " "))
			fmt.Fprintln(out, "as was asked: \x1b[2J")
			return 0
		}),
	}
	var out strings.Builder
	if err := Aloud(t.Context(), from, Options{In: strings.NewReader(strings.Join(lines, "\n") + "\n"), Out: &out}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(out.String(), '\x1b') {
		t.Errorf("it says to the terminal: %q", out.String())
	}
	return out.String(), done
}

// TestAloud holds that everything can be done by lines, and is asked all the same.
func TestAloud(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		says  string
		done  string
	}{
		{"the pair", nil, "READY TO SWITCH OVER", ""},
		{"a row", []string{"5", "#2", "enter"}, "TIMETABLE sync", ""},
		{"a filter", []string{"5", "/", "here:paused"}, "1 of 4", ""},
		{"a yes", []string{"5", "R", "y"}, "run now: done. as was asked", "timetable run --no-wait nightly backup"},
		{"a no", []string{"5", "R", "n"}, "nothing was done", ""},
		{"nothing", []string{"5", "R", "", "", "y"}, "do it?", "timetable run --no-wait nightly backup"},
		{"a question", []string{"5", "p", "new disks", "", "y"}, "pause: done", "timetable pause --reason=new disks nightly backup"},
		{"a name", []string{"5", "x", "nightly backup"}, "delete: done", "timetable delete --dry-run nightly backup, timetable delete nightly backup"},
		{"another name", []string{"5", "x", "nightly"}, "that is not its name", "timetable delete --dry-run nightly backup"},
		{"a yes before the plan", []string{"5", "b", "24h", "", "y"}, "do it?", "timetable backfill --dry-run --from=24h nightly backup"},
		{"leave", []string{"q", "5"}, "SERVERS", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said, done := aloudWith(t, tt.lines...)
			if !strings.Contains(said, tt.says) || strings.Join(done, ", ") != tt.done {
				t.Errorf("it does %q, want %q, and says, without %q:\n%s", strings.Join(done, ", "), tt.done, tt.says, said)
			}
		})
	}
}

// TestAloudSaysTheHeadOnce holds that who is who is not read out after every key,
// and that nothing usual is cut off, which somebody who listens cannot look up.
func TestAloudSaysTheHeadOnce(t *testing.T) {
	said, _ := aloudWith(t, "5", "1", "?")
	if n := strings.Count(said, " 1 Twins "); n != 1 {
		t.Errorf("the screens are told %d times", n)
	}
	if n := strings.Count(said, "cms-a (here) PRIMARY | cms-b SECONDARY"); n != 1 {
		t.Errorf("who is who is told %d times", n)
	}
	if whole := "Timetables: what is done at set times, here and there"; !strings.Contains(said, whole) {
		t.Errorf("without %q:\n%s", whole, said)
	}
}

// TestAloudPlan holds that a yes to a plan counts once it could be read.
func TestAloudPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, keys := io.Pipe()
		var done []string
		from := Sources{
			Pair:       sourceFunc(func(context.Context) (State, error) { return pair().State, nil }),
			Timetables: fixedPlanner(someTimetables()),
			Do: doerFunc(func(_ context.Context, args []string, _ io.Writer) int {
				done = append(done, args[2])
				return 0
			}),
		}
		go func() {
			fmt.Fprint(keys, "5\nb\n24h\n\n")
			time.Sleep(time.Second)
			fmt.Fprint(keys, "y\nq\n")
			keys.Close()
		}()
		if err := Aloud(t.Context(), from, Options{In: in, Out: io.Discard}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(done, " "); got != "--dry-run --from=24h" {
			t.Errorf("it does %s", got)
		}
	})
}
