package tui

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/sieve"
)

// resting are the pictures in which nothing lies over the page.
func resting() map[string]frame {
	all := pictures()
	maps.DeleteFunc(all, func(_ string, f frame) bool {
		return f.asking != nil || f.form != nil || f.writing != nil || f.palette != nil || f.filter != nil || f.signs || f.leaving || f.showJob
	})
	return all
}

// TestKeysMeanOneThing holds that no key of a page hides one that means the
// same everywhere, nor another of the page.
func TestKeysMeanOneThing(t *testing.T) {
	for name, f := range resting() {
		taken := map[string]string{"ctrl+c": "leave"}
		for _, b := range bindings() {
			for _, key := range b.keys {
				if was, ok := taken[key]; ok {
					t.Errorf("%s is %s and %s", key, was, b.name)
				}
				taken[key] = b.name
			}
		}
		for _, s := range f.screens {
			taken[s.tab] = s.name
		}
		for _, a := range f.acts() {
			if was, ok := taken[a.key]; ok {
				t.Errorf("%s: %s is %s and %s", name, a.key, was, a.name)
			}
			taken[a.key] = a.name
		}
	}
}

// TestKeysOfHelp holds that each key that the palette tells does something, or
// says why it does not, and that any other says that it does nothing.
func TestKeysOfHelp(t *testing.T) {
	for name, f := range resting() {
		told := map[string]bool{"ctrl+c": true}
		for _, c := range f.choices() {
			told[c.key] = true
		}
		for _, b := range bindings() {
			for _, key := range b.keys {
				told[key] = true
			}
		}
		for _, a := range f.acts() {
			after, w := f.press(a.key)
			if after.message.text == "" && after.asking == nil && after.form == nil && !w.look && w.run == nil && w.plan == nil && !w.check && len(after.draft) == len(f.draft) {
				t.Errorf("%s: %s (%s) does nothing and says nothing", name, a.key, a.name)
			}
		}
		if !strings.HasSuffix(name, "_full") && !strings.HasSuffix(name, "_one") {
			continue
		}
		f.message = notice{}
		before := render(f, 80, 24, Theme{})
		for r := ' '; r < 127; r++ {
			if key := string(r); !told[key] {
				after, w := f.press(key)
				if !strings.Contains(after.message.text, "does nothing here") {
					t.Errorf("%s: %q says %q", name, key, after.message.text)
				}
				after.message = notice{}
				if render(after, 80, 24, Theme{}) != before || w.quit || w.look || w.run != nil {
					t.Errorf("%s: %q does something that no help tells", name, key)
				}
			}
		}
	}
}

// TestEnterConfirmsNothing holds that whatever is asked, enter alone does not
// have anything done that asks for more than nothing.
func TestEnterConfirmsNothing(t *testing.T) {
	for name, f := range resting() {
		for _, a := range f.acts() {
			if a.rung == atOnce || a.args == nil && !a.draft {
				continue
			}
			after, w := f.press(a.key)
			for range 6 {
				if w.run != nil || w.save {
					t.Errorf("%s: %s (%s) is done by enter", name, a.key, a.name)
				}
				after, w = after.press("enter")
			}
		}
	}
}

// TestSecondaryChangesNothing holds that where nothing is changed each key that
// would says so, and where it can be done.
func TestSecondaryChangesNothing(t *testing.T) {
	for name, f := range resting() {
		f = secondary(f)
		for _, a := range f.acts() {
			if !a.primary || a.off != "" {
				continue
			}
			after, w := f.press(a.key)
			if after.asking != nil || after.form != nil || w.run != nil || !strings.Contains(after.message.text, "do it on cms-b") && len(f.sides()) > 1 {
				t.Errorf("%s: %s (%s) on the secondary: %q", name, a.key, a.name, after.message.text)
			}
		}
	}
}

// TestLadder holds what must be said on each rung.
func TestLadder(t *testing.T) {
	ripe := func(k asking) asking {
		k.ripe = true
		return k
	}
	planned := func(k asking) asking {
		k.whole = true
		return k
	}
	tests := []struct {
		name  string
		rung  rung
		ready func(asking) asking // before the last key
		keys  string
		want  outcome
	}{
		{"yes", afterYes, nil, "y", agreed},
		{"no", afterYes, nil, "n", gone},
		{"esc", afterYes, nil, "esc", gone},
		{"enter", afterYes, nil, "enter", still},
		{"a plan not known yet", afterPlan, ripe, "y", still},
		{"a plan just shown", afterPlan, planned, "y", still},
		{"a plan that was read", afterPlan, func(k asking) asking { return planned(ripe(k)) }, "y", agreed},
		{"a key just before", afterPlan, func(k asking) asking { return planned(ripe(k)) }, "j y", still},
		{"another name", afterName, planned, "c m s - a enter", still},
		{"its name", afterName, planned, "c m s - b enter", agreed},
		{"its name, no plan", afterName, nil, "c m s - b enter", still},
		{"no typed as a name", afterName, planned, "n", still},
		{"its name, a plan that would not work", afterName, func(k asking) asking {
			k.failed = true
			return planned(k)
		}, "c m s - b enter", still},
		{"a plan that would not work", afterPlan, func(k asking) asking {
			k.failed = true
			return planned(ripe(k))
		}, "y", still},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := ask(act{rung: tt.rung, what: "cms-b", args: []string{"x"}})
			if tt.ready != nil {
				k = tt.ready(k)
			}
			var got outcome
			for key := range strings.FieldsSeq(tt.keys) {
				k, got = k.press(key)
			}
			if got != tt.want {
				t.Errorf("it comes to %d, want %d", got, tt.want)
			}
		})
	}
}

// TestNameless holds that what has no name is not confirmed by nothing.
func TestNameless(t *testing.T) {
	k := ask(act{rung: afterName, args: []string{"x"}})
	k.whole = true
	if _, got := k.press("enter"); got != still {
		t.Error("enter deletes what has no name")
	}
}

// TestQuestions holds that answers go into the line, and names that look like
// flags are none.
func TestQuestions(t *testing.T) {
	a := act{args: []string{"timetable", "pause"}, names: []string{"-rf"}, asks: []question{{prompt: "reason", flag: "--reason", must: true}, {prompt: "until", flag: "--until"}}, rung: afterYes}
	k := ask(a)
	k, _ = k.press("enter")
	if k.wrong == "" {
		t.Error("nothing is an answer where one must be given")
	}
	for _, key := range []string{"w", "h", "y", "enter", "enter"} {
		k, _ = k.press(key)
	}
	if got, want := k.line(k.answers), []string{"timetable", "pause", "--reason=why", "--", "-rf"}; !slices.Equal(got, want) {
		t.Errorf("the line is %q, want %q", got, want)
	}
}

// TestFilter holds the grammar of filters.
func TestFilter(t *testing.T) {
	titles, cells := []string{"timetable", "here", "last"}, []piece{{text: "Nightly backup"}, {text: "- paused: new disks"}, {text: "+ ok"}}
	for typed, want := range map[string]bool{
		"": true, "night": true, "NIGHT backup": true, "night nothing": false, "!night": false, "!nothing": true, "here:paused": true,
		"h:paused": true, "last:paused": false, "!last:paused": true, "paused:": true, "other:x": false, "ok !": true, ":": true,
	} {
		if got := takes(sieve.Read(typed).Over(titles), cells); got != want {
			t.Errorf("%q: %v, want %v", typed, got, want)
		}
	}
}

// TestLooksOnly holds that a screen that was opened to look begins nothing that
// could change anything, whichever page it is.
func TestLooksOnly(t *testing.T) {
	for name, f := range resting() {
		f.looks = "this screen was opened to look only"
		for _, a := range f.acts() {
			after, w := f.press(a.key)
			if a.changes() && (after.asking != nil || after.form != nil || w.run != nil || w.plan != nil) {
				t.Errorf("%s: %s (%s) begins something", name, a.key, a.name)
			}
		}
	}
}

// TestMayNot holds that what the person at the screen may not do is off, with the
// reason, before anything is asked.
func TestMayNot(t *testing.T) {
	lines := map[string]bool{}
	for name, f := range resting() {
		f.may = func(args []string) string {
			lines[strings.Join(args, " ")] = true
			return "jo may not"
		}
		for _, a := range f.acts() {
			after, w := f.press(a.key)
			if len(a.args) == 0 {
				continue
			}
			if after.message.text != "jo may not" || after.asking != nil || w.run != nil || w.plan != nil {
				t.Errorf("%s: %s (%s) goes on: %q", name, a.key, a.name, after.message.text)
			}
		}
	}
	for line := range lines {
		if strings.HasPrefix(line, "report queue ") && strings.Contains(line, " --into=?") {
			return // what must be said stands in the line
		}
	}
	t.Errorf("no export is asked for: %q", slices.Sorted(maps.Keys(lines)))
}

// TestCopy holds that what is copied is what is chosen, and harmless.
func TestCopy(t *testing.T) {
	f := keyed(pictures()["runs_hostile"], "g")
	if _, w := f.press("y"); w.copied == "" || strings.ContainsRune(w.copied, '\x1b') {
		t.Errorf("copied is %q", w.copied)
	}
	if after, w := framed(pair()).press("y"); w.copied != "" || after.message.text == "" {
		t.Errorf("where nothing is chosen %q is copied", w.copied)
	}
}

// TestAtOnce holds that what is done without a yes only reads.
func TestAtOnce(t *testing.T) {
	reads := []string{"timetable next", "run output", "compare", "check", "audit verify", "feed test", "sync show", "report call", "ready", "switchover --dry-run"}
	for name, f := range resting() {
		for _, a := range f.acts() {
			line := strings.Join(a.args, " ")
			if a.rung == atOnce && a.args != nil && !slices.ContainsFunc(reads, func(verb string) bool { return strings.HasPrefix(line+" ", verb+" ") }) {
				t.Errorf("%s: %s (%s) runs %q without a yes", name, a.key, a.name, line)
			}
		}
	}
}

// TestLines writes down each line that a key can run, and its plan, for a test
// of twinctl that holds that they can be typed.
func TestLines(t *testing.T) {
	all := map[string]bool{}
	for _, f := range resting() {
		for _, a := range f.acts() {
			answers := make([]string, len(a.asks))
			for i := range answers {
				answers[i] = "1"
			}
			if a.off == "" && a.args != nil && !strings.Contains(strings.Join(a.names, ""), evil) {
				all[strings.Join(a.line(answers), "\t")] = true
			}
			if a.off == "" && a.plan != nil && !strings.Contains(strings.Join(a.names, ""), evil) {
				all[strings.Join(a.planned(answers), "\t")] = true
			}
		}
	}
	var b strings.Builder
	for _, line := range slices.Sorted(maps.Keys(all)) {
		if !strings.Contains(line, "\x1b") {
			b.WriteString(line + "\n")
		}
	}
	const file = "testdata/lines.tsv"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("other lines than those that are known to be ones of twinctl (-want +got):\n%s", diff)
	}
}
