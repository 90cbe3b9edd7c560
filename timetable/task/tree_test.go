package task

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/await"
)

// family is a program with a tree of others below it: one whose parent is
// gone, one in a session of its own, one that does not heed SIGTERM, one that
// is stopped. All hold its output open, and write their numbers down.
const family = `
mine() { echo $$ >> pids; }
stays='echo $$ >> pids; exec sleep 1000'
sh -c "$stays" &
(sh -c "$stays" &)
setsid sh -c "$stays" &
sh -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 1000; done' &
sh -c 'echo $$ >> pids; kill -STOP $$; sleep 1000' &
mine
`

const familySize = 6

// TestCancel holds that nothing is left of a run that is cancelled.
func TestCancel(t *testing.T) {
	r := newRig(t)
	r.Grace = 300 * time.Millisecond
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan Outcome)
	go func() {
		done <- r.Run(ctx, Job{Run: 1, Tasks: r.tasks(family+"wait", "echo never")})
	}()
	pids := r.pids("pids", familySize)
	if left := left(pids); len(left) != familySize {
		t.Fatalf("only %v of %v run", left, pids)
	}
	cancel(errors.New("cancelled by ann"))
	o := <-done
	if left := left(pids); len(left) > 0 {
		t.Errorf("still there: %v of %v", left, pids)
	}
	if o.State != Cancelled || o.Reason != "task 1 of 2 (exec): cancelled by ann" || o.Exit != 143 {
		t.Errorf("%+v", o)
	}
}

// TestLeftBehind holds that nothing is left of a program that has ended, and
// that what it left does not hold the run up.
func TestLeftBehind(t *testing.T) {
	r := newRig(t)
	r.Grace = 300 * time.Millisecond
	o := r.Run(t.Context(), Job{Run: 1, Tasks: r.tasks(family + "until [ $(wc -l < pids) = " + strconv.Itoa(familySize) + " ]; do sleep 0.01; done; exit 5")})
	pids := r.pids("pids", familySize)
	if left := left(pids); len(left) > 0 {
		t.Errorf("still there: %v of %v", left, pids)
	}
	if o.State != Failed || o.Exit != 5 {
		t.Errorf("%+v", o)
	}
}

// TestPolite holds that a program hears of its end, and may say something.
func TestPolite(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan Outcome)
	go func() {
		done <- r.Run(ctx, Job{Run: 1, Tasks: r.tasks(`trap 'echo tidied up; exit 0' TERM; echo $$ > pids; while :; do sleep 0.01; done`)})
	}()
	r.pids("pids", 1)
	cancel()
	if o := <-done; o.State != Cancelled || o.Exit != 0 || o.Reason != "task 1 of 1 (exec): context canceled" || !containsLine(r.said(o), "tidied up") {
		t.Errorf("%+v", o)
	}
}

// TestTwindDies holds that a run ends with the twind that started it, also
// when that one is killed.
func TestTwindDies(t *testing.T) {
	r := newRig(t)
	twind := exec.Command(os.Args[0], "twind", r.Dir, r.tasks(family + "wait")[0].String())
	twind.Stderr = os.Stderr
	if err := twind.Start(); err != nil {
		t.Fatal(err)
	}
	pids := r.pids("pids", familySize)
	if err := twind.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = twind.Wait() // killed
	ctx, cancel := context.WithTimeout(t.Context(), await.Most)
	defer cancel()
	if err := r.Settle(ctx); err != nil {
		t.Error(err)
	}
	if left := left(pids); len(left) > 0 {
		t.Errorf("still there: %v of %v", left, pids)
	}
}

// TestSettle holds that who waits for what still runs does not wait for ever,
// and that a program does not find open what tells that it runs.
func TestSettle(t *testing.T) {
	r := newRig(t)
	if err := r.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan Outcome)
	go func() {
		done <- r.Run(ctx, Job{Run: 1, Tasks: r.tasks("ls -l /proc/self/fd > fds; echo $$ > pids; exec sleep 1000")})
	}()
	r.pids("pids", 1)
	if open, err := os.ReadFile(filepath.Join(r.dir, "fds")); err != nil || !strings.Contains(string(open), os.DevNull) || strings.Contains(string(open), r.Dir) {
		t.Errorf("open in the program: %s, %v", open, err)
	}
	enough := errors.New("enough")
	short, stop := context.WithTimeoutCause(t.Context(), 3*settleInterval, enough)
	defer stop()
	if err := r.Settle(short); !errors.Is(err, enough) {
		t.Error(err)
	}
	cancel()
	<-done
	half := filepath.Join(r.Dir, "1.log"+unfinished)
	if err := os.WriteFile(half, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Settle(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half of an output is left: %v", err)
	}
	if _, err := os.Stat(filepath.Join(r.Dir, "1.log")); err != nil {
		t.Error(err)
	}
}

// TestKeeperDies holds that whoever kills the keeper of a task ends the task:
// what did not leave its group is gone.
func TestKeeperDies(t *testing.T) {
	r := newRig(t)
	done := make(chan Outcome)
	go func() {
		done <- r.Run(t.Context(), Job{Run: 1, Tasks: r.tasks(`sleep 1000 & echo $! >> pids; echo $$ >> pids; echo $PPID >> pids; wait`)})
	}()
	pids := r.pids("pids", 3)
	if err := (&os.Process{Pid: pids[2]}).Kill(); err != nil {
		t.Fatal(err)
	}
	o := <-done
	await.Until(r, "the end of its group", func() bool { return len(left(pids)) == 0 })
	if o.State != Failed || o.Exit != 137 {
		t.Errorf("%+v", o)
	}
}

// TestConcurrent runs several at once: none holds another's orders or output.
func TestConcurrent(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	long := make(chan Outcome)
	tasks := r.tasks("echo $$ > pids; exec sleep 1000", "echo short")
	go func() { long <- r.Run(ctx, Job{Run: 1, Tasks: tasks[:1]}) }()
	r.pids("pids", 1)
	for i := range 5 {
		if o := r.Run(t.Context(), Job{Run: int64(i + 2), Tasks: tasks[1:]}); o.State != OK || !containsLine(r.said(o), "short") {
			t.Errorf("%+v", o)
		}
	}
	cancel()
	if o := <-long; o.State != Cancelled {
		t.Errorf("%+v", o)
	}
	files, err := filepath.Glob(filepath.Join(r.Dir, "*"))
	if err != nil || len(files) != 7 { // and the lock
		t.Errorf("%v %v", files, err)
	}
}
