package relp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
)

const (
	mostOwed     = 4096             // answers: who has more outstanding waits until one was given
	writeTimeout = 10 * time.Second // for an answer
	grace        = time.Second      // for the last answers, once nothing more is heard
	offers       = "\nrelp_version=0\nrelp_software=twin\ncommands=syslog"
	done         = "200 OK"
)

// An answer is what a command is told once everything that was told before is
// stored, in the order of the commands.
type answer struct {
	txnr int
	text string
	mark uint64 // feed.Queue.Told
	came time.Time
	last bool // nothing follows it
}

// A talk is the conversation on one connection: one goroutine calls Next,
// another Answer.
type talk struct {
	conn  net.Conn
	queue *feed.Queue
	body  func([]byte) []byte
	limit int
	in    *reader

	opened bool
	told   *answer // to what Next returned last

	owed  chan answer
	over  chan struct{} // closed when nothing is answered any more
	since atomic.Int64  // when the oldest came that waits, in nanoseconds; 0 if none does
	paid  atomic.Int64  // when the last answer was given
	count atomic.Int64  // of those that wait

	// What follows is Answer's own, until over is closed.
	stored uint64 // feed.Queue.Stored
	out    []byte // answers that were not sent yet
	given  int    // how many
	fault  error  // why no more can be given
}

func newTalk(c net.Conn, q *feed.Queue, limit int, body func([]byte) []byte) *talk {
	return &talk{
		conn: c, queue: q, body: body, limit: limit, in: newReader(c, limit),
		owed: make(chan answer, mostOwed), over: make(chan struct{}),
	}
}

// Next implements stream.Frames: it returns what the next syslog command says.
func (t *talk) Next() ([]byte, error) {
	if t.told != nil {
		if err := t.owe(*t.told); err != nil {
			return nil, err
		}
		t.told = nil
	}
	f, err := t.in.next()
	if bad, ok := errors.AsType[*badFrame](err); ok {
		return nil, t.refuse(0, bad)
	}
	if err != nil {
		return nil, t.why(err)
	}
	if f.command != "open" && !t.opened {
		return nil, t.refuse(f.txnr, fmt.Errorf("it says %q before open", f.command))
	}
	return t.command(f)
}

// why returns why nothing more can be read: it may be our own doing.
func (t *talk) why(err error) error {
	select {
	case <-t.over:
		if t.fault != nil {
			return t.fault
		}
	default:
	}
	return err
}

// command does what a frame asks for.
func (t *talk) command(f frame) ([]byte, error) {
	switch f.command {
	case "open":
		if f.tooLong() || !offersSyslog(string(f.data)) {
			return nil, t.refuse(f.txnr, errors.New("it does not offer the command syslog"))
		}
		t.opened = true
		return nil, t.owe(answer{txnr: f.txnr, text: done + offers, came: time.Now()})
	case "close":
		if err := t.owe(answer{txnr: f.txnr, last: true, came: time.Now()}); err != nil {
			return nil, err
		}
		return nil, io.EOF
	case "syslog":
		t.told = &answer{txnr: f.txnr, text: done, came: time.Now()}
		if f.tooLong() {
			return nil, &stream.Unfit{Head: f.data, Err: fmt.Errorf("message of %d bytes is longer than frame_limit = %d", f.size, t.limit)}
		}
		return t.body(f.data), nil
	}
	return nil, t.refuse(f.txnr, fmt.Errorf("it says %q: want open, syslog or close", f.command))
}

// offersSyslog tells whether the offers of the other side name the command.
func offersSyslog(text string) bool {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "=")
		if name != "commands" {
			continue
		}
		for command := range strings.SplitSeq(value, ",") {
			if command == "syslog" {
				return true
			}
		}
	}
	return false
}

// refuse says why nothing more is heard. What was told before is answered first.
func (t *talk) refuse(txnr int, why error) error {
	if err := t.owe(answer{txnr: txnr, text: "500 " + why.Error(), came: time.Now(), last: true}); err != nil {
		return err
	}
	return &stream.Foreign{Err: why}
}

// owe notes an answer that is to be given once what was told is stored. It
// waits while too many are.
func (t *talk) owe(a answer) error {
	a.mark = t.queue.Told()
	if t.count.Add(1) == 1 {
		t.since.Store(a.came.UnixNano())
	}
	select {
	case t.owed <- a:
		return nil
	case <-t.over:
		return t.why(net.ErrClosed)
	}
}

// Buffered implements stream.Frames.
func (t *talk) Buffered() bool { return t.in.buffered() }

// Unfinished implements stream.Frames.
func (t *talk) Unfinished() (size int64, head []byte) { return int64(t.in.unfinished()), nil }

// TooLong implements stream.Frames. A command whose end never came is not
// answered, however long it is, and so not lost.
func (t *talk) TooLong() bool { return false }

// Debt implements stream.Answerer.
func (t *talk) Debt() (since, paid time.Time) {
	if n := t.paid.Load(); n != 0 {
		paid = time.Unix(0, n)
	}
	if t.count.Load() > 0 {
		since = time.Unix(0, t.since.Load())
	}
	return since, paid
}

// Answer implements stream.Answerer.
func (t *talk) Answer(ctx context.Context) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	for t.answer(ctx, late) {
	}
	if t.fault == nil {
		t.out = appendFrame(t.out, 0, "serverclose", "")
	}
	if t.flush(); t.fault != nil {
		_ = t.conn.Close() // who does not take answers is not heard
	}
	close(t.over)
}

// answer gives the next answer, and tells whether others may follow.
func (t *talk) answer(ctx, late context.Context) bool {
	a, ok := t.await(ctx)
	if !ok {
		return false
	}
	t.since.Store(a.came.UnixNano())
	if a.mark > t.stored {
		if t.flush(); t.fault != nil {
			return false
		}
		var err error
		if t.stored, err = t.queue.Stored(late, a.mark); err != nil {
			return false
		}
	}
	t.out = appendFrame(t.out, a.txnr, "rsp", a.text)
	t.given++
	return !a.last
}

// await returns the next answer to give, and sends the ones before if none is
// there. Once nothing more is heard it returns what is owed still.
func (t *talk) await(ctx context.Context) (a answer, ok bool) {
	select {
	case a := <-t.owed:
		return a, true
	default:
	}
	if t.flush(); t.fault != nil {
		return a, false
	}
	select {
	case a := <-t.owed:
		return a, true
	case <-ctx.Done():
	}
	select {
	case a := <-t.owed:
		return a, true
	default:
		return a, false
	}
}

// flush sends the answers that were given.
func (t *talk) flush() {
	if len(t.out) == 0 || t.fault != nil {
		return
	}
	err := t.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err == nil {
		_, err = t.conn.Write(t.out)
	}
	if err != nil {
		t.fault = fmt.Errorf("answer: %w", err)
		return
	}
	t.paid.Store(time.Now().UnixNano())
	t.count.Add(-int64(t.given))
	t.out, t.given = t.out[:0], 0
}

// appendFrame appends a frame as it goes over the wire.
func appendFrame(b []byte, txnr int, command, data string) []byte {
	b = fmt.Appendf(b, "%d %s %d", txnr, command, len(data))
	if data != "" {
		b = append(append(b, ' '), data...)
	}
	return append(b, '\n')
}
