package task

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"sync", []string{"sync"}},
		{"  exec   /bin/a  b ", []string{"exec", "/bin/a", "b"}},
		{`exec /bin/a 'b c' "d e" f\ g`, []string{"exec", "/bin/a", "b c", "d e", "f g"}},
		{`exec /bin/a 'b'"c"d'' "" ''`, []string{"exec", "/bin/a", "bcd", "", ""}},
		{`exec /bin/a "q\"q" "b\\b" "c\c" 'd\d' \'`, []string{"exec", "/bin/a", `q"q`, `b\b`, `c\c`, `d\d`, "'"}},
		{`exec /bin/a $HOME * ~ $(id) "$X" #no`, []string{"exec", "/bin/a", "$HOME", "*", "~", "$(id)", "$X", "#no"}},
		{`"exec" /bin/ä ☃`, []string{"exec", "/bin/ä", "☃"}},
		{"backup full", []string{"backup", "full"}},
	} {
		got, err := Parse(c.text)
		if diff := cmp.Diff(c.want, append([]string{got.Kind}, got.Args...)); diff != "" || err != nil || got.String() != c.text {
			t.Errorf("%s: %v, %q (-want +got):\n%s", c.text, err, got, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "is empty: want a kind (report, export, ",
		"  ":                                "is empty",
		"synk":                              `unknown kind "synk": did you mean sync?`,
		"frobnicate":                        `unknown kind "frobnicate": want report, export, `,
		"exec":                              "exec: missing the program",
		"backup":                            "backup: want one of full, incremental, prune, drill, verify behind it",
		"backup restore":                    "backup: want one of full",
		"report rebuild":                    "report: want one of queue, agent",
		`exec /bin/a 'b`:                    "has a quote that does not end: 'b",
		`exec /bin/a "b\"`:                  `has a quote that does not end: "b\"`,
		`exec /bin/a \`:                     "ends with a backslash",
		"sync\n--yes":                       `holds what nobody would see: sync\n--yes`,
		"sync\x00":                          "holds what nobody would see",
		"exec /bin/a \u202eb":               "holds what nobody would see",
		"exec \xff":                         "holds what nobody would see",
		"sync " + strings.Repeat("x", 4096): "is 4101 bytes long: want at most 4096",
	} {
		if got, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, %v, want %q", text, got, err, want)
		}
	}
}

// TestQuoting holds that what is written is read again.
func TestQuoting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		args := rapid.SliceOf(rapid.StringOf(rapid.SampledFrom([]rune(` '"\ab$ü`)))).Draw(t, "args")
		args = append([]string{"/bin/a"}, args...)
		written, err := Parse(join(append([]string{"exec"}, args...)))
		if err != nil {
			t.Fatal(err)
		}
		read, err := Parse(written.String())
		if err != nil || !slices.Equal(read.Args, args) || !slices.Equal(written.Args, args) {
			t.Fatalf("%q, %q written as %s is %q, %v", args, written.Args, written, read.Args, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(`exec /bin/a 'b' "c\"" \d`)
	f.Add("sync")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(join(append([]string{got.Kind}, got.Args...)))
		if len(again.String()) <= MaxText && (err != nil || !slices.Equal(again.Args, got.Args)) {
			t.Errorf("%q is %q, and written anew %q: %v", text, got.Args, again.Args, err)
		}
	})
}

// TestKinds holds the table to what others read out of it.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if seen[k.Name] || k.Short == "" || k.Args == "" {
			t.Errorf("%+v", k)
		}
		seen[k.Name] = true
		if k.RunsOn != OnPrimary && k.RunsOn != OnBoth || !slices.Contains([]string{"view", "operate", "admin"}, k.Permission) {
			t.Errorf("%s: runs on %q, wants %q", k.Name, k.RunsOn, k.Permission)
		}
		if (k.Verb == nil) != (k.Name == "exec") {
			t.Errorf("%s: runs %q", k.Name, k.Verb)
		}
	}
}

func TestWhereTasksRun(t *testing.T) {
	for text, want := range map[string]string{
		"":                         OnPrimary,
		"sync":                     OnPrimary,
		"backup full":              OnBoth,
		"backup full;backup prune": OnBoth,
		"backup full;report queue": OnPrimary,
		"compare;fill;verify":      OnBoth,
		"exec /bin/a":              OnPrimary,
	} {
		var tasks []Task
		for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' }) {
			task, err := Parse(one)
			if err != nil {
				t.Fatal(err)
			}
			tasks = append(tasks, task)
		}
		if got := RunsOn(tasks); got != want {
			t.Errorf("%q runs on %s, want %s", text, got, want)
		}
	}
}
