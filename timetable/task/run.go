package task

import "context"

// Run runs the tasks of a job in their order, and returns when the last one,
// and all that any of them started, is gone. When ctx ends the running task is
// ended: SIGTERM, and after the grace SIGKILL; the state is then cancelled,
// with the cause of ctx as its reason. It never returns without an outcome: a
// task that could not be started has failed.
func (r Runner) Run(ctx context.Context, job Job) Outcome {
	return Outcome{State: Failed, Reason: "cannot run anything yet"}
}
