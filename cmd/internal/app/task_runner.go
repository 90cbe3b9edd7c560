package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/timetable/task"
)

const settleTries = 30 // each a second after the one before

// readyWithin is how long it may take to find out whether tasks can run: a
// directory of another machine may never answer.
const readyWithin = 10 * time.Second

// A taskRunner runs tasks as the configuration is when they begin.
type taskRunner struct {
	data    *Data
	config  func() *config.Config
	twinctl string // its file; "": it is not there
	log     *slog.Logger
}

// besideThis returns the file of a program that is beside this one, or else in
// PATH, "" if it is in neither.
func besideThis(name string) string {
	if self, err := os.Executable(); err == nil {
		if path := filepath.Join(filepath.Dir(self), name); isProgram(path) {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	if path, err = filepath.Abs(path); err != nil {
		return ""
	}
	return path
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// Run implements engine.Runner.
func (r *taskRunner) Run(ctx context.Context, job task.Job) task.Outcome {
	return r.runner().Run(ctx, job)
}

func (r *taskRunner) runner() task.Runner {
	cfg := r.config()
	return task.Runner{Twinctl: r.twinctl, Config: cfg.File, Settings: cfg.Above(), Dir: filepath.Join(r.data.Dir, runsDir)}
}

// settle waits for what an earlier twind started. Where that cannot be told, as
// on a full disk, it is tried for a while: then timetables go on without.
func (r *taskRunner) settle(ctx context.Context) error {
	err := r.runner().Settle(ctx)
	for range settleTries {
		if err == nil || !pause(ctx, time.Second) {
			break
		}
		err = r.runner().Settle(ctx)
	}
	if err != nil && ctx.Err() == nil {
		r.log.Error("whether tasks of an earlier twind still run cannot be told", "err", err)
		return nil
	}
	return err
}

// ready says what keeps tasks from running here now, "" if nothing does.
func (r *taskRunner) ready(ctx context.Context, tasks []task.Task) string {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	found := make(chan string, 1)
	go func() { found <- r.look(ctx, tasks) }()
	select {
	case why := <-found:
		return why
	case <-ctx.Done():
		return fmt.Sprintf("whether it can run was not to be found out within %s", readyWithin)
	}
}

// look looks at all that tasks need.
func (r *taskRunner) look(ctx context.Context, tasks []task.Task) string {
	if r.twinctl == "" {
		return "twinctl is neither beside twind nor in PATH"
	}
	return Unready(ctx, r.config(), r.data, tasks)
}

// Unready says on one line what keeps tasks from running on this server now, ""
// if nothing does. It tells what this process sees: what twind may write
// another need not.
func Unready(ctx context.Context, cfg *config.Config, data *Data, tasks []task.Task) string {
	if err := lacking(ctx, cfg, data, tasks); err != nil {
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return ""
}

func lacking(ctx context.Context, cfg *config.Config, data *Data, tasks []task.Task) error {
	receiver := func(target string) error {
		_, _, err := Receivers(ctx, cfg, data.Admin, strings.Split(target, ","))
		return err
	}
	for _, t := range tasks {
		if err := t.Ready(receiver); err != nil {
			return err
		}
		var err error
		switch {
		case t.Kind == "backup" && t.Args[0] != "verify": // which only reads
			if err = task.WritableDir(cfg.Backup.Directory); err != nil {
				err = fmt.Errorf("backup.directory: %w", err)
			}
		case slices.Contains([]string{"sync", "compare", "fill"}, t.Kind):
			err = unlinked(ctx, cfg, data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.Kind, err)
		}
	}
	return nil
}

// unlinked says why the twin cannot be dialled at all.
func unlinked(ctx context.Context, cfg *config.Config, data *Data) error {
	if _, err := Paired(ctx, data.Node); err != nil {
		return err
	}
	_, err := link.ReadPublicKey(cfg.Twin.Identity)
	return err
}

// sound says what is wrong with a task as far as that can be told without the
// verbs of twinctl.
func sound(t task.Task) error {
	kind, _ := task.Named(t.Kind)
	words := len(kind.Verb)
	if len(kind.Chained) > 0 {
		words++
	}
	return t.Check(func(argv []string) ([]string, error) { return argv[:words], nil })
}
