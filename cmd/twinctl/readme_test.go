package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/admin"
)

// TestReadme holds README.md to the words of the exit statuses, and to the
// formats that each verb has.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(text)
	for _, code := range append([]cli.Code{cli.Interrupted}, cli.OK, cli.Failed, cli.Usage, cli.Differs, cli.Refused,
		cli.Unreachable, cli.Untrusted, cli.Halted, cli.Conflict, cli.Busy, cli.Unknown) {
		if row := fmt.Sprintf("| %d | %s |\n", int(code), code); !strings.Contains(readme, row) {
			t.Errorf("there is no row %q", row)
		}
	}
	_, table, _ := strings.Cut(readme, "| verb | `-o`, the first unless said |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	told := map[string]string{}
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) != 4 {
			t.Fatalf("row %q", row)
		}
		for verb := range strings.SplitSeq(cells[1], ",") {
			told[strings.Trim(verb, " `")] = strings.TrimSpace(cells[2])
		}
	}
	var check func(path string, c cli.Command)
	check = func(path string, c cli.Command) {
		var can []string
		for _, f := range c.Outputs {
			can = append(can, string(f))
		}
		if told[path] != strings.Join(can, ", ") {
			t.Errorf("%s: -o %q, told as %q", path, can, told[path])
		}
		for _, s := range c.Sub {
			if _, isKind := admin.KindNamed(s.Name); isKind && path == "admin" {
				s.Name = "KIND" // all have the same verbs
			}
			check(strings.TrimSpace(path+" "+s.Name), s)
		}
	}
	check("", program())
}

// TestReadmeFeeds holds the configurations in README.md to what twind takes,
// but for the files that are missing here. There is one of each kind and format.
func TestReadmeFeeds(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{
		"ami": true, "queue_log": true, "cdr_csv": true, "smdr": true, "ech": true, "cucm_cdr": true, "syslog": true, "text": true,
	}
	for _, k := range collector.Kinds() {
		missing["kind "+k.Name] = true
	}
	for i, block := range strings.Split(string(text), "```toml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.HasPrefix(block, "name = ") {
			block = "name = \"cms-a\"\ndata = \"/var/lib/twin\"\n" + block
		}
		c, err := config.Check("/etc/twin/twin.toml", block, collector.Kinds())
		if err != nil {
			t.Errorf("block %d: %v", i+1, err)
			continue
		}
		for _, f := range c.Feeds {
			delete(missing, f.Format)
			delete(missing, "kind "+f.Kind.Name)
			for _, p := range f.Check() {
				if !errors.Is(p.Err, fs.ErrNotExist) {
					t.Errorf("block %d: feed %s: %v", i+1, f.Name, p)
				}
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("no feed of %q", slices.Sorted(maps.Keys(missing)))
	}
}
