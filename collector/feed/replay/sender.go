package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// How an rsyslog is that was set up to lose nothing: see
// scripts/asterisk/rsyslog.conf.
const (
	window       = 128              // messages that may wait for their answer
	answerWithin = 30 * time.Second // who gives none for so long is left
	dialWithin   = 5 * time.Second
	redialAfter  = time.Second
	farewell     = time.Second // for saying that we go
)

// A sender brings a tape to one server, by RELP, as an rsyslog with a queue on
// disk does: what was not answered stays in the queue.
type sender struct {
	address string
	tape    *tape
	stage   *stage
	log     *slog.Logger
	dial    func(ctx context.Context) (net.Conn, error)

	inside bool // counts for the start
	kept   int  // the first event that was not answered: where the next connection begins
	told   string
}

func newSender(d *door) *sender {
	dialer := net.Dialer{Timeout: dialWithin}
	return &sender{
		address: d.address, tape: d.tape, stage: d.server.stage,
		log:  d.server.log.With("server", d.address),
		dial: func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", d.address) },
	}
}

// run sends what is due, on one connection after the other, until ctx ends.
func (s *sender) run(ctx context.Context) error {
	for {
		err := s.visit(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was to end
		}
		if err.Error() != s.told { // else it is as before
			s.told = err.Error()
			s.log.Info("not sending", "waiting", s.kept, "err", err)
		}
		pause(ctx, redialAfter)
	}
}

// A delivery is one connection of a sender.
type delivery struct {
	*sender
	conn  net.Conn
	talk  *Talk
	first int       // the event that has transaction number 2
	next  int       // the event that is sent next
	since time.Time // when the oldest answer that is owed was begun to be waited for
	buf   []byte
}

// visit sends on one connection until that breaks or ctx ends. It returns why.
func (s *sender) visit(ctx context.Context) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	d := &delivery{sender: s, conn: conn, talk: NewTalk(conn), first: s.kept, next: s.kept, since: time.Now()}
	ctx, cancel := context.WithCancel(ctx)
	answers, gone := make(chan Answer, window), make(chan error, 1)
	var reader sync.WaitGroup
	defer reader.Wait()
	defer conn.Close() //nolint:errcheck // it is what ends the reader
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now().Add(farewell)) })()
	if err := d.open(ctx); err != nil {
		return err
	}
	s.log.Info("sending", "waiting", d.waiting(time.Now()))
	s.told = ""
	if !s.inside {
		s.inside = true
		s.stage.enter(time.Now())
	}
	reader.Go(func() { gone <- d.listen(ctx, answers) })
	return d.deliver(ctx, answers, gone)
}

// open says hello, and waits for the answer.
func (d *delivery) open(ctx context.Context) error {
	d.buf = d.talk.Command(d.buf, "open", Offers)
	if err := d.flush(ctx); err != nil {
		return err
	}
	if err := d.conn.SetReadDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a, err := d.talk.Answer()
	if err == nil && (!a.OK() || a.Txnr != 1) {
		err = fmt.Errorf("open was answered with %q", a)
	}
	return errors.Join(err, d.conn.SetReadDeadline(time.Time{}))
}

// listen hands on what is answered until the connection breaks. It returns why.
func (d *delivery) listen(ctx context.Context, answers chan<- Answer) error {
	for {
		a, err := d.talk.Answer()
		if errors.Is(err, io.EOF) {
			return errors.New("it closed the connection")
		}
		if err != nil {
			return err
		}
		select {
		case answers <- a:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// deliver sends what is due when it is due, no more than a window ahead of the
// answers. It returns why it ended.
func (d *delivery) deliver(ctx context.Context, answers <-chan Answer, gone <-chan error) error {
	begun := d.stage.begun
	timer := time.NewTimer(never)
	defer timer.Stop()
	for {
		free, more := d.stage.free(len(d.tape.events))
		wait, err := d.say(ctx, time.Now(), free)
		if err != nil {
			return err
		}
		timer.Reset(wait)
		select {
		case a := <-answers:
			err = d.take(a)
		case err = <-gone:
			err = errors.Join(d.takeAll(answers), err)
		case <-begun:
			begun = nil
		case <-more:
		case <-timer.C:
		case <-ctx.Done():
			if d.leave() == nil {
				<-gone // it has heard so
			}
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// say sends what is due of so many events, and returns how long to wait until
// there is more to do.
func (d *delivery) say(ctx context.Context, now time.Time, free int) (time.Duration, error) {
	wait := never
	if d.next == d.kept {
		d.since = now
	} else if wait = answerWithin - now.Sub(d.since); wait <= 0 {
		return 0, fmt.Errorf("no answer in %s", answerWithin)
	}
	for d.next < free && d.next-d.kept < window {
		e := &d.tape.events[d.next]
		if due := d.stage.until(e, now); due > 0 {
			wait = min(wait, due)
			break
		}
		message := d.tape.render(nil, e, d.stage.plan.stamp(d.stage.start, e.at))
		d.buf = d.talk.Command(d.buf, "syslog", string(message))
		d.next++
	}
	if d.next > d.kept {
		wait = min(wait, answerWithin)
	}
	return wait, d.flush(ctx)
}

// take believes an answer only in its turn: of what the server has not stored
// none may be forgotten.
func (d *delivery) take(a Answer) error {
	if a.Name == "serverclose" {
		return errors.New("it said that it closes")
	}
	if want := d.kept - d.first + 2; d.kept == d.next || a.Txnr != want || !a.OK() {
		return fmt.Errorf("answered %q, where number %d was waited for", a, want)
	}
	d.kept++
	d.since = time.Now()
	return nil
}

// takeAll takes what was answered before the connection broke.
func (d *delivery) takeAll(answers <-chan Answer) error {
	for {
		select {
		case a := <-answers:
			if err := d.take(a); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// waiting counts what is due and was not answered.
func (d *delivery) waiting(now time.Time) int {
	n := 0
	for i := d.kept; i < len(d.tape.events) && d.stage.until(&d.tape.events[i], now) == 0; i++ {
		n++
	}
	return n
}

// flush sends what is in the buffer. It blocks for writeTimeout at the most, and
// hardly any longer than ctx.
func (d *delivery) flush(ctx context.Context) error {
	if len(d.buf) == 0 {
		return nil
	}
	if err := d.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, err := d.conn.Write(d.buf)
	d.buf = d.buf[:0]
	return err
}

// leave says that we go. What ends the wait for the other side is its end, or
// the deadline.
func (d *delivery) leave() error {
	if err := d.conn.SetDeadline(time.Now().Add(farewell)); err != nil {
		return err
	}
	_, err := d.conn.Write(d.talk.Command(d.buf[:0], "close", ""))
	return err
}
