package task

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

var (
	errTaskTimeout = errors.New("the timeout of a task")
	errTimeout     = errors.New("the timeout of all tasks together")
)

// Run runs the tasks of a job in their order, and returns when the last one,
// and all that any of them started, is gone. When ctx ends the running task is
// ended: SIGTERM, and after the grace SIGKILL; the state is then cancelled,
// with the cause of ctx as its reason. It never returns without an outcome: a
// task that could not be started has failed. What cannot be written to the
// output is lost, and the job goes on.
func (r Runner) Run(ctx context.Context, job Job) Outcome {
	ctx, cancel := withTimeout(ctx, job.Timeout, errTimeout)
	defer cancel()
	name := strconv.FormatInt(job.Run, 10) + ".log"
	unmade := os.MkdirAll(r.Dir, 0o700)
	out := newOutput(filepath.Join(r.Dir, name))
	all := Outcome{State: OK}
	for i := range job.Tasks {
		one := r.task(ctx, job, i, out)
		if one.State == OK {
			continue
		}
		if all.State == OK {
			all = one
		}
		if ctx.Err() != nil && one.State != Failed {
			all.State, all.Reason = one.State, one.Reason // whatever failed before: this ended it
		}
		if !job.Continue || ctx.Err() != nil {
			out.leave(len(job.Tasks) - i - 1)
			break
		}
	}
	all.Output, all.Tail = name, out.tail()
	if err := errors.Join(unmade, out.close()); err != nil {
		all.Output = ""
		all.Tail += fmt.Sprintf("-- the output could not be kept: %v\n", err)
	}
	return all
}

// leave says that tasks were not begun.
func (o *output) leave(tasks int) {
	if tasks > 0 {
		o.tell("not begun: %d more", tasks)
	}
}

// task runs the i-th task of a job.
func (r Runner) task(ctx context.Context, job Job, i int, out *output) Outcome {
	t := job.Tasks[i]
	which := fmt.Sprintf("task %d of %d (%s)", i+1, len(job.Tasks), t.Kind)
	began := time.Now()
	out.tell("task %d of %d at %s: %s", i+1, len(job.Tasks), began.UTC().Format(time.RFC3339), t)
	ctx, cancel := withTimeout(ctx, job.TaskTimeout, errTaskTimeout)
	defer cancel()
	out.mark()
	e := r.process(ctx, r.argv(t), r.environment(job), out)
	o := Outcome{State: OK, Exit: e.status}
	switch cause := context.Cause(ctx); {
	case e.err != nil:
		o.State, o.Exit, o.Reason = Failed, notStarted, fmt.Sprintf("%s: %v", which, e.err)
	case e.cut && (errors.Is(cause, errTaskTimeout) || errors.Is(cause, errTimeout)):
		o.State, o.Reason = Timeout, fmt.Sprintf("%s: had not ended within %v", which, cause)
	case e.cut:
		o.State, o.Reason = Cancelled, fmt.Sprintf("%s: %v", which, cause)
	case e.status != 0:
		o.State, o.Reason = Failed, fmt.Sprintf("%s: exit status %d%s", which, e.status, t.why(out.sinceMark()))
	}
	out.tell("task %d of %d: %s, exit status %d, %s", i+1, len(job.Tasks), o.State, o.Exit, time.Since(began).Round(time.Millisecond))
	return o
}

// argv returns the program of a task with its arguments. A verb has no person
// to answer: the timetable was its yes.
func (r Runner) argv(t Task) []string {
	k, _ := t.kind()
	if k.Verb == nil {
		return t.Args
	}
	argv := []string{r.Twinctl, "--config", r.Config, "--no-input", "--yes"}
	for _, s := range r.Settings {
		argv = append(argv, "--set", s)
	}
	return append(append(argv, k.Verb...), t.Args...)
}

// withTimeout is a context that also ends after d, if there is one, with that cause.
func withTimeout(ctx context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("%s, %w", d, cause))
}
