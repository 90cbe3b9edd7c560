package console

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func logins(t *testing.T, b Book) string {
	t.Helper()
	all, err := b.Sessions()
	must(t, err)
	var said []string
	for _, s := range all {
		said = append(said, s.Login)
	}
	return strings.Join(said, " ")
}

func TestBook(t *testing.T) {
	b := Book{filepath.Join(t.TempDir(), "people")}
	if got := logins(t, b); got != "" {
		t.Errorf("of nobody: %q", got)
	}
	now := time.Now()
	ops, err := b.Enter(Session{Login: "ops", From: "192.0.2.1:40000", Since: now, Terminal: true, Command: strings.Repeat("\x1b", 9<<10)}, 2)
	must(t, err)
	ann, err := b.Enter(Session{Login: "ann", Since: now.Add(-time.Hour)}, 2)
	must(t, err)
	if got := logins(t, b); got != "ann ops" {
		t.Errorf("the oldest first: %q", got)
	}
	if _, err := b.Enter(Session{Login: "eve", Since: now}, 2); !errors.Is(err, ErrFull) {
		t.Errorf("a third: %v", err)
	}
	must(t, ann.Close())
	all, err := b.Sessions()
	must(t, err)
	if s := all[0]; len(all) != 1 || s.From != "192.0.2.1:40000" || !s.Terminal || !s.Since.Equal(now) || len(s.Command) != mostAsks {
		t.Errorf("it is told as %+v", all)
	}
	must(t, ops.Close())
	left, err := os.ReadDir(b.Dir)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestWhatNobodyHoldsIsStruckOut reads what processes left behind that were
// killed, at any point, and what is no session at all but held.
func TestWhatNobodyHoldsIsStruckOut(t *testing.T) {
	b := Book{t.TempDir()}
	file := func(name, text string) string {
		path := filepath.Join(b.Dir, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	killed, coming := file("1"+entered, `{"login":"ann"}`), file("2"+entering, "")
	old := file("3"+entering, "")
	must(t, os.Chtimes(old, time.Time{}, time.Now().Add(-2*tooLong)))
	odd := file("4"+entered, "\x00")
	held, err := os.Open(odd)
	must(t, err)
	defer held.Close()
	must(t, unix.Flock(int(held.Fd()), unix.LOCK_EX))
	if got := logins(t, b); got != "?" {
		t.Errorf("there is %q", got)
	}
	for path, there := range map[string]bool{killed: false, coming: true, old: false} {
		if _, err := os.Stat(path); (err == nil) != there {
			t.Errorf("%s is there: %v", path, err == nil)
		}
	}
}
