package app

import (
	"os"
	"strings"
	"testing"

	"github.com/twinctl/twin/timetable/task"
)

// TestUnready asks tasks beforehand for what lies outside of their words: where
// backups go, the twin, and the key by which it is reached.
func TestUnready(t *testing.T) {
	n, _ := twins(t)
	data := &Data{Node: n.Node}
	alone := &Data{Node: newNotary(t, "cms-c", "primary").Node}
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		task, directory, identity string
		data                      *Data
		want                      string // how it begins
	}{
		{"backup full", t.TempDir(), "", data, ""},
		{"backup full", t.TempDir() + "/to/be/made", "", data, ""},
		{"backup full", "/proc/none", "", data, "backup: backup.directory: twind cannot write there: open /proc/"},
		{"backup prune --keep-last 1", file, "", data, "backup: backup.directory: twind cannot write there: open " + file},
		{"backup verify", "/proc/none", "", data, ""},
		{"verify", "/proc/none", "", data, ""},
		{"sync", "", n.Config.Twin.Identity, data, ""},
		{"sync", "", file + ".none", data, "sync: "},
		{"compare", "", file, data, "compare: "}, // no key
		{"fill", "", file, data, "fill: "},
		{"fill", "", n.Config.Twin.Identity, alone, "fill: this server has no twin"},
		{"check", "", file, alone, ""},
	} {
		one, err := task.Parse(c.task)
		if err != nil {
			t.Fatal(err)
		}
		cfg := *n.Config
		cfg.Backup.Directory, cfg.Twin.Identity = c.directory, c.identity
		got := Unready(t.Context(), &cfg, c.data, []task.Task{one})
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s with %q and %q: %q, want %q", c.task, c.directory, c.identity, got, c.want)
		}
	}
}
