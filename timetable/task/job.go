package task

import (
	"time"
)

// A Job is one run of a timetable: its tasks, and for which slot.
type Job struct {
	Run       int64 // its row in the ledger
	Timetable string
	Slot      time.Time
	Server    string
	Role      string
	Epoch     int64
	Tasks     []Task
	// Continue goes on behind a task that failed; else it is the last.
	Continue    bool
	Timeout     time.Duration // of all tasks together; 0: none
	TaskTimeout time.Duration // of each; 0: none
}

// A State is how a job ended, in the words of the ledger.
type State string

// The states of a job that ended.
const (
	OK        State = "ok"
	Failed    State = "failed"
	Timeout   State = "timeout"
	Cancelled State = "cancelled" // its context ended
)

// An Outcome is what became of a job.
type Outcome struct {
	State  State
	Reason string // which task, and what it said; "" if all went well
	Exit   int    // status of the first task that failed; 128 and its number if it was a signal
	Output string // the file of all that was said, within Runner.Dir; "" if there is none
	Tail   string // the last 4 KiB of it
}

// A Runner runs jobs. It is safe for use by several goroutines, each job in one.
type Runner struct {
	Twinctl  string        // its file
	Config   string        // the configuration that every verb is given, an absolute path
	Settings []string      // KEY=VALUE: what twind was told besides, by flags and environment
	Dir      string        // of the outputs: data/runs
	Grace    time.Duration // from SIGTERM to SIGKILL; 0: 3 s
}
