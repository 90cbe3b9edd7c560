package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/timetable/task"
)

// readVerb is how tasks are held against the verbs that there are.
func readVerb(argv []string) ([]string, error) { return cli.Read(program(), argv) }

// TestTaskKinds holds every kind whose verb is there to a way in which it can
// be written.
func TestTaskKinds(t *testing.T) {
	for _, text := range []string{
		"report queue --by day --from yesterday --to today",
		"report now -o json",
		"export --feed pbx --from yesterday --to today --into /srv/pbx-{date}.jsonl",
		"export --feed pbx --events --from yesterday --to today --into /srv/events-{date}.csv -o csv",
		"sync --drift keep",
		"sync --resolve primary queue/support",
		"check",
		"compare",
		"fill --all",
		"verify --mend",
		"rebuild --from yesterday",
		"purge --feed pbx --before 400d",
		"report saved Weekly --mail",
		"report queue --into '/srv/{report}-{date}.html' --mail noc",
		"exec /usr/local/bin/tell --not-ours",
		"notify --to noc 'all is well'",
	} {
		one, err := task.Parse(text)
		if err == nil {
			err = one.Check(readVerb)
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTaskChecks(t *testing.T) {
	for text, want := range map[string]string{
		"sync --dirft keep":                 "sync: unknown flag --dirft",
		"sync --yes rollback":               "sync: it would run twinctl sync rollback: want [FLAG...]",
		"sync now":                          `sync: unknown verb "now"`,
		"compare --config /other.toml":      "compare: --config, --set and --as are those of twind: leave them out",
		"compare --set data=/other":         "--config, --set and --as are those of twind: leave them out",
		"compare --help":                    "compare: --help and --version do nothing here: leave them out",
		"compare --json -o csv":             "--json and -o csv exclude each other",
		"report queue -o pdf":               `it cannot write "pdf"`,
		"report queue --by day extra":       `report queue: unexpected argument "extra"`,
		"report now --watch":                "report: --watch is not for a timetable: leave it out",
		"export --feed pbx --follow":        "export: --follow is not for a timetable: leave it out",
		"export --feed pbx --into pbx.json": "export: --into pbx.json: want the whole path",
		"notify --to noc":                   "notify: missing argument: TEXT",
	} {
		one, err := task.Parse(text)
		if err == nil {
			err = one.Check(readVerb)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestTaskRuns runs verbs as tasks: they do what a person would get, for the
// same configuration, with the same exit status.
func TestTaskRuns(t *testing.T) {
	withPrograms(t)
	self, err := exec.LookPath("twinctl")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	twinctl, cfg := filepath.Join(dir, "twinctl"), filepath.Join(dir, "twin.toml")
	text := fmt.Sprintf("name = 'cms-a'\ndata = '/nowhere'\nhttp.listen = ''\n[[feed]]\nname = 'pbx'\nkind = 'tail'\nformat = 'text'\npath = '%s/log'\n", dir)
	if err := errors.Join(os.Symlink(self, twinctl), os.WriteFile(cfg, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	// What lies outside of a task's environment does not reach it.
	t.Setenv("TWIN_DATA", "/somewhere/else")
	data := filepath.Join(dir, "data")
	r := task.Runner{Twinctl: twinctl, Config: cfg, Settings: []string{"data=" + data}, Dir: filepath.Join(data, "runs")}
	init := task.Task{Kind: "exec", Args: []string{twinctl, "--set", "data=" + data, "init", "--role", "primary", "--no-timetables"}}
	for i, c := range []struct {
		task  task.Task
		exit  int
		state task.State
		says  string
	}{
		{init, 0, task.OK, "cms-a"},
		{parsedTask(t, "export --feed pbx --into "+dir+"/pbx-{server}.jsonl"), 0, task.OK, "the records are in " + dir + "/pbx-cms-a.jsonl\n"},
		{parsedTask(t, "export --feed nope --into "+dir+"/nope.jsonl"), 2, task.Failed, `unknown feed "nope"`},
		{parsedTask(t, "sync"), 4, task.Failed, "no twin"},
		{parsedTask(t, "backup incremental"), 4, task.Failed, "a full backup is needed first"},
		{parsedTask(t, "check"), 3, task.Failed, "cms-a, twind: does not run; and "},
		{parsedTask(t, "check --json"), 3, task.Failed, "cms-a, twind: does not run; and "},
		{task.Task{Kind: "exec", Args: []string{twinctl, "--set", "data=" + data, "admin", "queue", "set", "sales"}}, 0, task.OK, ""},
		{task.Task{Kind: "exec", Args: []string{twinctl, "--set", "data=" + data, "admin", "log"}}, 0, task.OK, "timetable Nightly"},
	} {
		o := r.Run(t.Context(), task.Job{Run: int64(i + 1), Timetable: "Nightly", Tasks: []task.Task{c.task}})
		if o.State != c.state || o.Exit != c.exit || !strings.Contains(o.Tail, c.says) {
			t.Errorf("%s: %s, exit %d: %s", c.task, o.State, o.Exit, o.Tail)
		}
		if c.state == task.Failed && !strings.Contains(o.Reason, c.says) {
			t.Errorf("%s: failed because %q, want %q", c.task, o.Reason, c.says)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "pbx-cms-a.jsonl")); err != nil {
		t.Error(err)
	}
}

func parsedTask(t *testing.T, text string) task.Task {
	t.Helper()
	one, err := task.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return one
}

// TestFirstTimetables holds what a new primary begins with against the verbs
// that there are.
func TestFirstTimetables(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	names, err := app.InitWhole(t.Context(), dir, "cms-a", node.Primary)
	if err != nil || len(names) != 6 {
		t.Fatal(names, err)
	}
	data, err := app.OpenData(t.Context(), dir, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	list, err := app.Timetables(t.Context(), data.Admin, func(one task.Task) error { return one.Check(readVerb) })
	if err != nil || len(list.Timetables) != len(names) || len(list.Unreadable) > 0 {
		t.Fatalf("%+v: %v", list, err)
	}
	nights := map[time.Weekday]int{}
	for _, one := range list.Timetables {
		if one.Problem != "" {
			t.Errorf("%s: %s", one.Name, one.Problem)
		}
		if strings.HasPrefix(one.Name, "backup-") != (one.RunsOn == "both") {
			t.Errorf("%s runs on %s", one.Name, one.RunsOn)
		}
		if one.Name != "backup-full" && one.Name != "backup-daily" {
			continue
		}
		first, _ := one.Schedule.Next(time.Now())
		if one.Name == "backup-full" && time.Until(first) > 24*time.Hour {
			t.Errorf("the first full backup is made only at %s", first)
		}
		for at, n := first, 0; n < 14; n++ {
			if at.Before(time.Now().AddDate(0, 0, 7)) {
				nights[at.Weekday()]++
			}
			at, _ = one.Schedule.Next(at)
		}
	}
	for day := range time.Saturday + 1 {
		if nights[day] != 1 {
			t.Errorf("%s has %d backups", day, nights[day])
		}
	}
}
