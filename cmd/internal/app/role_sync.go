package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/switchover"
)

// maxSyncSaid bounds what is kept of what a sync says: it tells of every row.
const maxSyncSaid = 64 << 20

// finalSync makes the twin what this server is, as a person does who chooses
// nothing: what has to be chosen is its error. The lock of a sync is a process's,
// so twinctl does it.
func (r roleSide) finalSync(ctx context.Context) (switchover.Synced, error) {
	if err := r.MayPush(ctx); err != nil {
		if code := cli.Verdict(err); code == cli.Refused {
			return switchover.Synced{Refused: err.Error()}, nil
		}
		return switchover.Synced{}, err
	}
	program := besideThis("twinctl")
	if program == "" {
		return switchover.Synced{}, cli.Fail(cli.Refused, errors.New("sync: twinctl is neither beside twind nor in PATH"), "")
	}
	args := []string{"--config", r.Config.File}
	for _, s := range r.Config.Above() {
		args = append(args, "--set", s)
	}
	cmd := exec.CommandContext(ctx, program, append(args, "sync", "--json", "--no-input", "--view", "summary")...) //nolint:gosec // this program's own
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	var out, said capped
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended) && ended.Exited():
		return switchover.Synced{}, cli.Fail(cli.Code(ended.ExitCode()), fmt.Errorf("sync: %s", complaint(said.String(), err)), "twinctl sync --dry-run")
	case err != nil:
		return switchover.Synced{}, fmt.Errorf("sync: %w", err)
	}
	return synced(out.Bytes())
}

// synced reads what a sync says in JSON.
func synced(text []byte) (switchover.Synced, error) {
	var doc struct {
		Changes bool `json:"changes"`
		Plan    struct {
			Primary struct {
				Position struct {
					Generation int64 `json:"generation"`
				} `json:"position"`
			} `json:"primary"`
		} `json:"plan"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return switchover.Synced{}, fmt.Errorf("sync: what it says: %w", err)
	}
	return switchover.Synced{Generation: doc.Plan.Primary.Position.Generation, Changes: doc.Changes}, nil
}

// complaint is the error that a program wrote as JSON, or else its last line.
func complaint(said string, otherwise error) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	last := lines[len(lines)-1]
	var doc struct {
		Error string `json:"error"`
	}
	if json.Unmarshal([]byte(last), &doc) == nil && doc.Error != "" {
		return doc.Error
	}
	if last == "" {
		return otherwise.Error()
	}
	return last
}

// capped keeps the first of what is written to it, and takes all.
type capped struct{ bytes.Buffer }

// Write implements io.Writer.
func (c *capped) Write(p []byte) (int, error) {
	if room := maxSyncSaid - c.Len(); room > 0 {
		c.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}
