package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
)

func TestBecomeOwner(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		data string
		ok   bool
	}{
		{dir, true},
		{filepath.Join(dir, "not there yet"), true},
		{file, false},
		{filepath.Join(file, "below a file"), false},
	} {
		if err := BecomeOwner(test.data); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.data, err)
		}
	}
}

func TestNotOwner(t *testing.T) {
	err := notOwner("/var/lib/twin", "twin", []string{"twinctl", "status", "--json"})
	var told *cli.Error
	if !errors.As(err, &told) || !errors.Is(err, ErrNotOwner) {
		t.Fatalf("%v", err)
	}
	if told.Code != cli.Usage || told.Hint != "sudo -u twin twinctl status --json" ||
		err.Error() != "not the owner of the data directory: /var/lib/twin belongs to twin" {
		t.Errorf("exit %d: %v, try %q", told.Code, err, told.Hint)
	}
}

func TestSpelledOut(t *testing.T) {
	for _, test := range []struct {
		line, env, want string
	}{
		{"twinctl status", "", "twinctl status"},
		{"twinctl status", "TWIN_CONFIG=/etc/a.toml", "twinctl --config /etc/a.toml status"},
		{"twinctl status", "TWIN_CONFIG=", "twinctl status"},
		{"twinctl status --config b.toml", "TWIN_CONFIG=a.toml", "twinctl status --config b.toml"},
		{"twinctl --config=b.toml status", "TWIN_CONFIG=a.toml", "twinctl --config=b.toml status"},
		{"twinctl status", "TWIN_DATA=/my data", "twinctl --set 'data=/my data' status"},
		{"twind", "TWIN_HTTP_LISTEN=", "twind --set http.listen="},
	} {
		name, value, given := strings.Cut(test.env, "=")
		got := spelledOut(strings.Fields(test.line), func(asked string) (string, bool) { return value, given && asked == name })
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s %s: %q, want %q", test.env, test.line, got, test.want)
		}
	}
}

func TestActor(t *testing.T) {
	t.Setenv("SUDO_USER", "maria")
	if got := Actor(); got != "maria" {
		t.Errorf("under sudo it is %q", got)
	}
	t.Setenv("SUDO_USER", "")
	if got := Actor(); got == "" {
		t.Error("without sudo it is nobody")
	}
	t.Setenv("TWIN_TIMETABLE", "Nightly\nsync")
	t.Setenv("TWIN_RUN", "12")
	if got := Actor(); got != `timetable Nightly\nsync` {
		t.Errorf("in a task it is %q", got)
	}
	t.Setenv("TWIN_TIMETABLE", strings.Repeat("\u00e4", 128))
	if got := Actor(); got != "timetable "+strings.Repeat("\u00e4", 59) {
		t.Errorf("of a long name it is %q, %d bytes", got, len(got))
	}
}
