//go:build real

package tui

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/fixtures/await"
)

// A pane is a shell in a terminal of tmux.
type pane struct {
	t      *testing.T
	socket string
}

func newPane(t *testing.T, width, height int) *pane {
	t.Helper()
	p := &pane{t, filepath.Join(t.TempDir(), "tmux")}
	p.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "env PS1='ready> ' sh")
	t.Cleanup(func() { p.tmux("kill-server") })
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// lines are what the terminal shows.
func (p *pane) lines() []string {
	p.t.Helper()
	return strings.Split(strings.TrimRight(p.tmux("capture-pane", "-p"), "\n"), "\n")
}

func (p *pane) shows(text string) {
	p.t.Helper()
	await.Until(p.t, "the terminal shows "+text, func() bool { return strings.Contains(strings.Join(p.lines(), "\n"), text) })
}

// types has a line be typed into the shell, once that is ready for it.
func (p *pane) types(line string) {
	p.t.Helper()
	await.Until(p.t, "the shell is ready", func() bool {
		all := p.lines()
		return all[len(all)-1] == "ready>"
	})
	p.tmux("send-keys", "-l", line)
	p.tmux("send-keys", "Enter")
}

// modes returns how the terminal is set, as stty says it.
func (p *pane) modes() string {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "modes")
	p.types("stty -g >" + file + ".new && mv " + file + ".new " + file)
	var said []byte
	await.Until(p.t, "stty", func() bool {
		var err error
		said, err = os.ReadFile(file)
		return err == nil
	})
	return string(said)
}

// TestRealTmux opens the screens in tmux, makes the window larger and smaller,
// and leaves them by a key, and by a panic: the shell is there again, with what it
// showed before, and the terminal is set as it was.
func TestRealTmux(t *testing.T) {
	p := newPane(t, 80, 24)
	p.types("echo before")
	p.shows("\nbefore\n")
	modes := p.modes()
	left := func(status int) {
		t.Helper()
		p.types("echo ended with $?")
		p.shows(fmt.Sprintf("\nended with %d", status))
		if diff := cmp.Diff(modes, p.modes()); diff != "" {
			t.Errorf("the terminal (-before +after):\n%s", diff)
		}
	}

	p.types(asScreen + "=well " + os.Args[0])
	p.shows("SERVERS")
	for _, size := range [][2]int{{160, 50}, {40, 12}, {200, 60}, {80, 24}} {
		p.tmux("resize-window", "-x", fmt.Sprint(size[0]), "-y", fmt.Sprint(size[1]))
		await.Until(t, fmt.Sprintf("the screen fills %dx%d", size[0], size[1]), func() bool {
			all := p.lines()
			return len(all) == size[1] && strings.HasPrefix(all[0], " cms-a (here)") && strings.Contains(all[len(all)-1], "q leave")
		})
	}
	p.tmux("send-keys", "q")
	p.shows("\nbefore\n")
	left(0)

	p.types(asScreen + "=" + panics + " " + os.Args[0])
	p.shows("SERVERS")
	left(1)
}
