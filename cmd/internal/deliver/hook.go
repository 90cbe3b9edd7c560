package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/inert"
)

const (
	hookSays = 1 << 10 // bytes of what the program says that are kept
	hookPath = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
	hookEnds = 2 * time.Second // for what holds its output open
)

// A Hook is a program of the site's own that is told facts.
type Hook struct {
	Program string // its file
	Timeout time.Duration
}

// Check tells whether the program can be run, without running it.
func (h Hook) Check() error {
	info, err := os.Stat(h.Program)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file", h.Program)
	case info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s: cannot be executed: chmod +x %[1]s", h.Program)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s: mode %04o lets others change it: chmod go-w %[1]s", h.Program, info.Mode().Perm())
	}
	return nil
}

// Tell runs the program, without a shell and without arguments: the facts come
// as JSON on its standard input and as variables. It is done when the program
// ends with status 0 within the timeout; else, and when ctx ends, it and what
// it started in its group are killed, and the error is a *Trouble.
func (h Hook) Tell(ctx context.Context, l Letter) error {
	if err := h.Check(); err != nil {
		return &Trouble{Err: fmt.Errorf("deliver.exec: %w", err), Away: true}
	}
	facts, err := json.Marshal(l)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	var said tailed
	cmd := exec.CommandContext(limited, h.Program) //nolint:gosec // the program of twin.toml, without arguments
	cmd.Env, cmd.Dir = variables(l), "/"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(inert.JSON(facts), '\n')), &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = hookEnds
	if err := cmd.Start(); err != nil {
		return &Trouble{Err: fmt.Errorf("deliver.exec: %w", err), Away: true}
	}
	err = cmd.Wait()
	switch {
	case limited.Err() == nil && (err == nil || errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success()):
		return nil
	case ctx.Err() != nil:
		err = fmt.Errorf("%s was ended with twind", h.Program)
	case limited.Err() != nil:
		err = fmt.Errorf("%s had not ended after %s, and was killed", h.Program, h.Timeout)
	default:
		err = fmt.Errorf("%s: %w%s", h.Program, err, said.told())
	}
	return &Trouble{Err: err, Doubtful: true} // it may have done all but end well
}

// variables are the environment of the program: nothing of ours but the facts,
// names made inert.
func variables(l Letter) []string {
	env := []string{"PATH=" + hookPath, "LANG=C.UTF-8"}
	for _, v := range []struct{ name, value string }{
		{"TYPE", l.Type},
		{"ID", strconv.FormatInt(l.ID, 10)},
		{"MESSAGE", l.Message},
		{"TO", l.To},
		{"SERVER", l.Server},
		{"ROLE", l.Role},
		{"AT", l.At.UTC().Format(time.RFC3339)},
		{"SEVERITY", l.Severity},
		{"CODE", l.Code},
		{"OBJECT", l.Object},
		{"FEED", l.Feed},
		{"TEXT", l.Text},
		{"INSTEAD_OF_PRIMARY", bit(l.Instead)},
		{"REPEATED", bit(l.Repeated)},
		{"FOLDER", l.Folder},
	} {
		env = append(env, config.FactVariables+v.name+"="+inert.Text(v.value))
	}
	if c := l.Crossing; c != nil {
		for _, v := range []struct{ name, value string }{
			{"THRESHOLD", c.Threshold},
			{"NAME", c.Name},
			{"LIMIT_S", fmt.Sprint(c.Limit)},
			{"COUNT", fmt.Sprint(c.Count)},
			{"PERCENT", fmt.Sprint(c.Percent)},
			{"VALUE", fmt.Sprint(c.Value)},
		} {
			env = append(env, config.FactVariables+v.name+"="+inert.Text(v.value))
		}
	}
	return env
}

func bit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// tailed keeps the end of what is written to it.
type tailed struct{ text []byte }

func (t *tailed) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - hookSays; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

// told is what was said, behind a colon.
func (t *tailed) told() string {
	if text := strings.TrimSpace(string(t.text)); text != "" {
		return ": " + inert.Text(text)
	}
	return ""
}
