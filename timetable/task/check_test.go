package task

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func parsed(t *testing.T, text string) Task {
	t.Helper()
	task, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestCheck(t *testing.T) {
	// read takes what comes before the first flag for the verb.
	read := func(argv []string) (verb []string, err error) {
		for _, word := range argv {
			switch {
			case word == "--wrong":
				return nil, errors.New("unknown flag --wrong")
			case strings.HasPrefix(word, "-"):
				return verb, nil
			}
			verb = append(verb, word)
		}
		return verb, nil
	}
	for text, want := range map[string]string{
		"sync":                      "",
		"sync --drift keep":         "",
		"sync --wrong":              "unknown flag --wrong",
		"sync rollback":             "sync: it would run twinctl sync rollback: want [FLAG...]",
		"report queue --by day":     "",
		"report now --watch":        "report: --watch is not for a timetable: leave it out",
		"export --follow=true":      "export: --follow is not for a timetable: leave it out",
		"export -- --follow":        "",
		"export --into a.jsonl":     "export: --into a.jsonl: want the whole path, as /srv/reports/a.jsonl",
		"export --into=/a.jsonl":    "",
		"export --into":             "export: --into : want the whole path, as /srv/reports/",
		"exec true":                 "exec: true: want the whole path of a program: exec has no shell: write a script, or say exec /bin/sh -c '...'",
		"exec /bin/a | /bin/b":      "exec: |: exec has no shell: write a script, or say exec /bin/sh -c '...'",
		"exec /bin/sh -c 'a | b'":   "",
		"exec /bin/a --wrong <in>x": "",
	} {
		got := ""
		if err := parsed(t, text).Check(read); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	if err := (Task{Kind: "x"}).Check(read); err == nil {
		t.Error("a kind that there is not")
	}
}

func TestReady(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"good": 0o755, "plain": 0o644, "open": 0o777} {
		if err := errors.Join(os.WriteFile(filepath.Join(dir, name), nil, mode), os.Chmod(filepath.Join(dir, name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	receiver := func(target string) error {
		if target != "noc" {
			return errors.New(target + ": no such target")
		}
		return nil
	}
	for text, want := range map[string]string{
		"sync":                           "",
		"exec DIR/good a":                "",
		"exec DIR/plain":                 "exec: DIR/plain: cannot be executed: chmod +x DIR/plain",
		"exec DIR/open":                  "exec: DIR/open: mode 0777 lets others change it: chmod go-w DIR/open",
		"exec DIR":                       "exec: DIR: not a regular file",
		"exec DIR/none":                  "exec: stat DIR/none: no such file or directory",
		"exec 'DIR/good a'":              "exec: stat DIR/good a: no such file or directory: quote the program and each argument by itself, not all of them together",
		"export --feed pbx --into DIR/a": "",
		"export --feed pbx --into DIR/a-{date}/b":  "",
		"export --feed pbx --into DIR/none/a":      "export: twind cannot write there: open DIR/none/.twin-",
		"export --feed pbx --into DIR/good/a":      "export: twind cannot write there: open DIR/good/.twin-",
		"export --feed pbx --into /proc/a":         "export: twind cannot write there: open /proc/.twin-",
		"report saved X --mail":                    "",
		"report saved X --mail --into DIR/a":       "",
		"report saved X --mail lost":               "report: lost: no such target",
		"notify --to noc text":                     "",
		"notify --to noc --to=gone --to lost text": "notify: gone: no such target\nlost: no such target",
	} {
		got := ""
		if err := parsed(t, strings.ReplaceAll(text, "DIR", dir)).Ready(receiver); err != nil {
			got = strings.ReplaceAll(err.Error(), dir, "DIR")
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestUnwritable(t *testing.T) {
	for kind, want := range map[error]string{
		unix.EROFS:  "twind cannot write there: open /srv/x/.twin-1: read-only file system: it must be there, and the unit say ReadWritePaths=/srv/x (systemctl edit twind)",
		unix.EACCES: "twind cannot write there: open /srv/x/.twin-1: permission denied",
	} {
		if err := unwritable("/srv/x", &os.PathError{Op: "open", Path: "/srv/x/.twin-1", Err: kind}); err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
