package floors

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestRulesFail proves that each rule can fail: sources that break it in one
// place, and what is then said. A text without a package clause is given one;
// want "" means that nothing is found.
func TestRulesFail(t *testing.T) {
	long := strings.Repeat("\n", maxFuncLines)
	tests := []struct {
		rule string
		src  map[string]string
		want string
	}{
		{"imports run down the floors", sources("tui/a.go", own("collector")), ""},
		{"imports run down the floors", sources("collector/a.go", own("tui/console")), "collector/a.go:2: collector (floor 1) imports tui/console (floor 3)"},
		{"imports run down the floors", sources("sync/push/a.go", own("sync/link")), ""},
		{"imports run down the floors", sources("sync/push/a.go", own("timetable")), "sync/push imports timetable: they stand side by side"},
		{"imports run down the floors", sources("switchover/a_test.go", own("sync/link")), "side by side"},
		{"imports run down the floors", sources("attic/a.go", ""), `folder "attic" stands on no floor`},
		{"imports run down the floors", sources("a.go", ""), `folder "." stands on no floor`},
		{"imports run down the floors", sources("cmd/a.go", own("attic")), "imports attic"},

		{"two sides stay apart", sources("sync/push/a.go", own("sync/bundle")), ""},
		{"two sides stay apart", sources("sync/push/a.go", own("sync/apply")), "two sides of one conversation"},
		{"two sides stay apart", sources("sync/apply/a.go", own("sync/push")), "two sides of one conversation"},
		{"two sides stay apart", sources("sync/apply/a_test.go", own("sync/push")), ""},

		{"inside collector the arrows run down too", sources("collector/a.go", own("collector/feed/ami")), ""},
		{"inside collector the arrows run down too", sources("collector/feed/ami/a.go", own("collector/feed")), ""},
		{"inside collector the arrows run down too", sources("collector/feed/ami/a.go", own("collector/feed/tail")), "it may import only collector/feed,"},
		{"inside collector the arrows run down too", sources("collector/feed/a.go", own("collector/feed/ami")), "collector/feed imports collector/feed/ami"},
		{"inside collector the arrows run down too", sources("collector/a.go", own("collector/report")), "collector imports collector/report"},
		{"inside collector the arrows run down too", sources("collector/record/a.go", own("collector/inert")), "nothing of ours"},
		{"inside collector the arrows run down too", sources("collector/history/a.go", own("collector/record")), ""},
		{"inside collector the arrows run down too", sources("collector/new/a.go", ""), "has no place inside collector"},

		{"the collector never learns its role", sources("collector/a.go", own("collector/history")), ""},
		{"the collector never learns its role", sources("collector/a.go", own("collector/node")), "knows nothing of role"},
		{"the collector never learns its role", sources("collector/a_test.go", own("collector/admin")), "knows nothing of role"},
		{"the collector never learns its role", sources("collector/feed/ami/a.go", own("collector/node")), "knows nothing of role"},
		{"the collector never learns its role", sources("collector/report/a.go", own("collector/admin")), ""},

		{"one door per outside dependency", sources("collector/store/a.go", other("github.com/mattn/go-sqlite3")), ""},
		{"one door per outside dependency", sources("collector/a.go", other("github.com/mattn/go-sqlite3")), "its door is collector/store"},
		{"one door per outside dependency", sources("tui/console/a.go", other("github.com/charmbracelet/bubbletea")), ""},
		{"one door per outside dependency", sources("cmd/twind/a.go", other("github.com/charmbracelet/bubbletea")), "its door is tui/..."},
		{"one door per outside dependency", sources("collector/a.go", other("golang.org/x/sync/errgroup")), ""},
		{"one door per outside dependency", sources("collector/a.go", other("example.org/left-pad")), "it has no door"},
		{"one door per outside dependency", sources("collector/a.go", other("pgregory.net/rapid")), "for tests only"},
		{"one door per outside dependency", sources("collector/a_test.go", other("pgregory.net/rapid")), ""},
		{"one door per outside dependency", sources("collector/a.go", other("database/sql")), ""},

		{"one package comment", sources("tui/a.go", "// Package tui is.\npackage tui"), ""},
		{"one package comment", sources("tui/a.go", ""), "tui: no package comment"},
		{"one package comment", sources("tui/a.go", "// Package tui is.\npackage tui", "tui/b.go", "// Package tui was.\npackage tui"), "tui: package comments in a.go and b.go"},
		{"one package comment", sources("tui/a.go", "// Screens.\npackage tui"), `tui/a.go:1: the package comment does not begin with "Package tui "`},
		{"one package comment", sources("cmd/twind/a.go", "// Twind runs one server.\npackage main"), ""},
		{"one package comment", sources("tui/a.go", "// Package tui is.\npackage tui", "tui/a_test.go", "// Package tui_test tests.\npackage tui_test"), "belongs to the package under test"},

		{"a package is named as its folder, and for what it is", sources("sync/util/a.go", ""), "package util"},
		{"a package is named as its folder, and for what it is", sources("sync/a.go", ""), "package sync"},
		{"a package is named as its folder, and for what it is", sources("sync/link/a.go", "package wire"), "package wire in folder sync/link"},
		{"a package is named as its folder, and for what it is", sources("sync/link/a_test.go", "package link_test"), ""},

		{"files stay small", sources("tui/a.go", strings.Repeat("\n", maxFileLines-2)), ""},
		{"files stay small", sources("tui/a.go", strings.Repeat("\n", maxFileLines)), "want less than 400"},
		{"files stay small", sources("cmd/twind/main.go", strings.Repeat("\n", maxMainLines)), "want less than 60"},

		{"functions stay small", sources("tui/a.go", "func f(a, b, c, d int) {}"), ""},
		{"functions stay small", sources("tui/a.go", "func f(ctx context.Context, a, b, c, d int) {}"), ""},
		{"functions stay small", sources("tui/a.go", "func f(a, b, c int, d, e string) {}"), "tui/a.go:2: func f: 5 parameters"},
		{"functions stay small", sources("tui/a.go", "func f(int, int, int, int, int) {}"), "5 parameters"},
		{"functions stay small", sources("tui/a.go", "func f() {"+long+"}"), "func f: 61 lines: want less than 60"},
		{"functions stay small", sources("tui/a_test.go", "func f() {"+long+"}"), ""},

		{"nothing runs before main", sources("tui/a.go", "func init() {}"), "func init"},
		{"nothing runs before main", sources("tui/a.go", "func (s *screen) init() {}"), ""},
		{"a context is never a field", sources("tui/a.go", "type s struct { ctx context.Context }"), "a context as a field"},
		{"a context is never a field", sources("tui/a.go", "type s struct { context.Context }"), "a context as a field"},
		{"a context is never a field", sources("tui/a.go", "type s struct { run func(context.Context) }"), ""},

		{"forbidden words", sources("sync/link/a_test.go", "var x = ssh.InsecureIgnoreHostKey()"), "identities are pinned"},
		{"forbidden words", sources("collector/a.go", "var x = tls.Config{InsecureSkipVerify: true}"), "identities are pinned"},
		{"forbidden words", sources("collector/a.go", "// InsecureSkipVerify is never set.\nvar x = `InsecureSkipVerify`"), ""},
		{"forbidden words", sources("collector/a.go", "func f() { os.Exit(1) }"), "os.Exit outside main"},
		{"forbidden words", sources("cmd/twind/main.go", "package main\nfunc main() { os.Exit(1) }"), ""},

		{"tests do not sleep", sources("tui/a_test.go", "func f() { time.Sleep(1) }"), "tui/a_test.go:2: time.Sleep in a test"},
		{"tests do not sleep", sources("tui/a_test.go", "func f() { synctest.Test(t, func(t *testing.T) { time.Sleep(1) }) }"), ""},
		{"tests do not sleep", sources("tui/a.go", "func f() { time.Sleep(1) }"), ""},
	}
	proven := map[string]bool{}
	for _, tt := range tests {
		got := ruleNamed(t, tt.rule).check(parseAll(t, tt.src))
		switch {
		case tt.want == "" && len(got) != 0:
			t.Errorf("%s: %v: found %q, want nothing", tt.rule, tt.src, got)
		case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
			t.Errorf("%s: %v: found %q, want one line with %q", tt.rule, tt.src, got, tt.want)
		case tt.want != "":
			proven[tt.rule] = true
		}
	}
	for _, r := range rules {
		if !proven[r.name] {
			t.Errorf("nothing proves that the rule %q can fail", r.name)
		}
	}
}

// sources pairs paths and texts.
func sources(pathsAndTexts ...string) map[string]string {
	src := map[string]string{}
	for pair := range slices.Chunk(pathsAndTexts, 2) {
		src[pair[0]] = pair[1]
	}
	return src
}

func own(dir string) string          { return other(module + "/" + dir) }
func other(importPath string) string { return `import _ "` + importPath + `"` }

func parseAll(t *testing.T, src map[string]string) []file {
	t.Helper()
	var files []file
	for _, p := range slices.Sorted(maps.Keys(src)) {
		f, err := parse(p, []byte(withClause(p, src[p])))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// withClause puts a package clause named after the folder before a text that
// has none.
func withClause(p, text string) string {
	if strings.Contains(text, "package ") {
		return text
	}
	name := path.Base(path.Dir(p))
	if name == "." {
		name = "twin"
	}
	return "package " + name + "\n" + text
}

func ruleNamed(t *testing.T, name string) rule {
	t.Helper()
	i := slices.IndexFunc(rules, func(r rule) bool { return r.name == name })
	if i < 0 {
		t.Fatalf("no rule %q", name)
	}
	return rules[i]
}
