package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
)

func shared(t *testing.T, text string) []config.Section {
	t.Helper()
	c, _, err := load(t, "name = 'a'\n"+text, config.Source{}, collector.Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	return c.Shared()
}

func TestShared(t *testing.T) {
	got := shared(t, `
[[feed]]
name = "pbx"
kind = "ami"
addresses = ["tcp://10.0.0.5:5038"]
username = "twin"
secret_file = "s"
[[feed]]
name = "log"
kind = "tail"
format = "queue_log"
source = "pbx"
counts = true
path = "q"
[[feed]]
name = "smdr"
kind = "lines"
listen = ":9000"
time = { field = 1, separator = "\t", layout = "2006/01/02 15:04:05 \"" }
[[feed]]
name = "smdr"
kind = "tail"
[[feed]]
kind = "tail"
`)
	want := []config.Section{
		{Name: "pbx", Keys: map[string]string{
			"kind": `"ami"`, "format": `"ami"`, "source": `"pbx"`, "counts": "false", "events": `"agent,cdr,dialplan,system"`,
		}},
		{Name: "log", Keys: map[string]string{
			"kind": `"tail"`, "format": `"queue_log"`, "source": `"pbx"`, "counts": "true", "time": `{ zone = "UTC" }`,
		}},
		{Name: "smdr", Keys: map[string]string{
			"kind": `"lines"`, "format": `"text"`, "source": `"smdr"`, "counts": "true",
			"time": `{ field = 1, layout = "2006/01/02 15:04:05 \"", separator = "\u0009", zone = "UTC" }`,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shared (-want +got):\n%s", diff)
	}
}

// TestSharedDefaults says a default on one side and leaves it out on the other.
func TestSharedDefaults(t *testing.T) {
	const short = `
[[feed]]
name = "pbx"
kind = "ami"
addresses = ["tcp://a:5038"]
username = "twin"
secret_file = "s"
[[feed]]
name = "log"
kind = "tail"
format = "queue_log"
path = "/a"
[[feed]]
name = "bills"
kind = "tail"
format = "cdr_csv"
path = "/c"
`
	const long = `
[[feed]]
name = "bills"
kind = "tail"
format = "cdr_csv"
path = "/d"
time = {zone = "UTC"}
[[feed]]
path = "/b"
time = {zone = "UTC"}
source = "log"
format = "queue_log"
kind = "tail"
name = "log"
counts = true
[[feed]]
name = "pbx"
format = "ami"
kind = "ami"
source = "pbx"
counts = true
addresses = ["tls://b:5039"]
username = "other"
secret_file = "t"
events = "system, dialplan,cdr ,agent"
`
	if got := config.Diff(shared(t, short), shared(t, long)); got != nil {
		t.Errorf("they differ: %+v", got)
	}
}

func TestDiff(t *testing.T) {
	pbx := func(keys ...string) config.Section {
		s := config.Section{Name: "pbx", Keys: map[string]string{"kind": `"ami"`, "counts": "true"}}
		for i := 0; i < len(keys); i += 2 {
			s.Keys[keys[i]] = keys[i+1]
		}
		return s
	}
	log := config.Section{Name: "log", Keys: map[string]string{"kind": `"tail"`}}
	for _, c := range []struct {
		name         string
		ours, theirs []config.Section
		want         []config.Difference
	}{
		{name: "nothing"},
		{
			name: "the same",
			ours: []config.Section{pbx(), log}, theirs: []config.Section{log, pbx()},
		},
		{
			name: "a value",
			ours: []config.Section{pbx("events", `"a"`)}, theirs: []config.Section{pbx("events", `"b"`)},
			want: []config.Difference{{Feed: "pbx", Key: "events", Here: `"a"`, There: `"b"`}},
		},
		{
			name: "a key that one side has not",
			ours: []config.Section{pbx("time", "{ }")}, theirs: []config.Section{pbx()},
			want: []config.Difference{{Feed: "pbx", Key: "time", Here: "{ }"}},
		},
		{
			name: "what is not shared",
			ours: []config.Section{pbx("path", "1")}, theirs: []config.Section{pbx("path", "2", "colour", "3")},
		},
		{
			name: "only here, then only there",
			ours: []config.Section{pbx()}, theirs: []config.Section{log},
			want: []config.Difference{
				{Feed: "pbx", Key: "name", Here: `"pbx"`},
				{Feed: "pbx", Key: "kind", Here: `"ami"`},
				{Feed: "pbx", Key: "counts", Here: "true"},
				{Feed: "log", Key: "name", There: `"log"`},
				{Feed: "log", Key: "kind", There: `"tail"`},
			},
		},
		{
			name: "one name twice: the first is meant",
			ours: []config.Section{pbx()}, theirs: []config.Section{pbx(), pbx("counts", "false")},
		},
		{
			name: "no keys at all",
			ours: []config.Section{{Name: "x"}},
			want: []config.Difference{{Feed: "x", Key: "name", Here: `"x"`}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, config.Diff(c.ours, c.theirs)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDiffBothWays: what differs from here differs from there, mirrored, and
// nobody differs from itself.
func TestDiffBothWays(t *testing.T) {
	sections := rapid.SliceOf(rapid.Custom(func(t *rapid.T) config.Section {
		keys := rapid.MapOf(rapid.SampledFrom(config.SharedKeys()), rapid.SampledFrom([]string{"1", "2"}))
		return config.Section{Name: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"), Keys: keys.Draw(t, "keys")}
	}))
	rapid.Check(t, func(t *rapid.T) {
		ours, theirs := sections.Draw(t, "ours"), sections.Draw(t, "theirs")
		if got := config.Diff(ours, ours); got != nil {
			t.Fatalf("differs from itself: %+v", got)
		}
		mirrored := make(map[config.Difference]bool)
		back := config.Diff(theirs, ours)
		for _, d := range back {
			mirrored[config.Difference{Feed: d.Feed, Key: d.Key, Here: d.There, There: d.Here}] = true
		}
		forth := config.Diff(ours, theirs)
		for _, d := range forth {
			if !mirrored[d] || d.Here == d.There {
				t.Fatalf("%+v is not mirrored in %+v", d, back)
			}
		}
		if len(forth) != len(back) {
			t.Fatalf("%d and %d differences", len(forth), len(back))
		}
	})
}
