package tui

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A Doer does what a twinctl line says, as if it had been typed and every
// question of it answered with yes.
type Doer interface {
	// Do blocks until the verb has ended, and returns its exit status. What it
	// says, data and messages, goes to out. The arguments are those behind
	// twinctl. A ctx that ends interrupts it.
	Do(ctx context.Context, args []string, out io.Writer) int
}

// The exit statuses that the screens tell apart from failure.
const (
	exitOK      = 0
	exitDiffers = 3 // of a dry run: something would be done
)

// The bounds of what is kept of what a line says.
const (
	maxLines = 5000
	maxLine  = 4096 // bytes
)

// A transcript is what a line that runs says. One writes and another reads.
type transcript struct {
	// The number of the asking that it is the plan of, or else of the one that is
	// done; neither ever changes.
	plan, job int

	mu    sync.Mutex
	lines []string
	begun []byte
	ended bool
	exit  int
}

// Write implements io.Writer. It takes everything and keeps the end of it.
func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		if room := maxLine - len(t.begun); room > 0 {
			t.begun = append(t.begun, line[:min(len(line), room)]...)
		}
		if rest = after; !ended {
			break
		}
		t.lines = append(t.lines, string(bytes.TrimSuffix(t.begun, []byte("\r"))))
		t.begun = t.begun[:0]
	}
	if over := len(t.lines) - maxLines; over > 0 {
		t.lines = t.lines[over:]
	}
	return len(p), nil
}

// end says that the line has ended.
func (t *transcript) end(exit int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended, t.exit = true, exit
	if len(t.begun) > 0 {
		t.lines = append(t.lines, string(t.begun))
		t.begun = nil
	}
}

// read returns what was said, whether that is all, and the exit status.
func (t *transcript) read() (lines []string, ended bool, exit int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lines[:len(t.lines):len(t.lines)], t.ended, t.exit
}

// A job is a line that runs, or ran last.
type job struct {
	serial int    // of the asking
	name   string // of the act
	args   []string
	began  time.Time
	said   []string
	ended  bool
	exit   int
	number string // what its last word is a number of; "": it is no number
	top    int    // lines scrolled away; -1: its end is in sight
	shows  bool   // what it says is looked at, also when all is well
}

// outcome returns the last thing that it said, where that is a number with what it
// is one of.
func (j job) outcome() string {
	said := j.last()
	if _, err := strconv.Atoi(said); err == nil {
		return j.number + said
	}
	return said
}

// last returns the last thing that it said.
func (j job) last() string {
	for _, text := range slices.Backward(j.said) {
		if text != "" {
			return text
		}
	}
	return ""
}

// well reports whether it did what it was to do.
func (j job) well() bool { return j.ended && j.exit == exitOK }

// told returns how it ended, or how long it has been going on.
func (j job) told(now time.Time) piece {
	switch {
	case !j.ended:
		return piece{"running for " + length(now.Sub(j.began)), strong}
	case j.exit == exitOK:
		return piece{"+ done", good}
	case j.exit == exitDiffers:
		return piece{"! differences, or changes pending (status 3)", warn}
	default:
		return piece{"x it ended with status " + count(int64(j.exit)), bad}
	}
}

// draw shows what it said, in height lines.
func (j job) draw(as sight, height int, flags string) []line {
	lines := []line{{{" ", usual}, {typed(j.args, flags), strong}}, {{" ", usual}, j.told(as.now)}, nil}
	said := wrapped(j.said, as.width)
	room := max(0, height-len(lines))
	first := max(0, len(said)-room)
	if j.top >= 0 {
		first = min(j.top, first)
	}
	return append(lines, said[first:min(len(said), first+room)]...)
}

// scroll moves what it said, by rows; its end stays in sight once it is.
func (j job) scroll(by, height, width int) job {
	most := max(0, len(wrapped(j.said, width))-max(0, height-3))
	at := j.top
	if at < 0 {
		at = most
	}
	if j.top = max(0, at+by); j.top >= most {
		j.top = -1
	}
	return j
}
