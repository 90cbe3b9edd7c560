// Package replay serves recorded files as upstreams on one timeline, in place
// of a PBX: an Asterisk manager (kind "ami") or a sender of lines (kind "lines"),
// which clients connect to; an rsyslog that sends lines by RELP (kind "relp"), or
// a file that grows and is rotated (kind "tail").
//
// # The timeline
//
// It begins at the earliest time in any of the files and at the moment when the
// wanted number of clients is there. Until then the upstream's clock stands.
// Whoever comes later, or comes back, hears only what is said from then on:
// nothing is said twice to a client, and a client that stays connected misses
// nothing. After the last event the clock runs on and connections stay open.
//
// With a speed of [math.Inf] every client is told as fast as it reads. The
// clock that it is shown is then the time of what it was told last, so that an
// answer to Ping never claims more than was said. Since that clock leaps, who
// has just logged in gets a moment to ask for the time before it hears anything.
//
// With ShiftToNow the first event happens at the start and the upstream's clock
// is the real one. The distances between events are divided by the speed, so
// that no time lies ahead of the real clock. What an event's time becomes
// depends on the recorded time alone: doors that say the same events in
// different order still say the same bytes. Distinct times stay distinct, a
// microsecond apart at least.
//
// # Who keeps what it says
//
// By RELP the upstream goes to who is to hear it. It has a queue for each: a
// window of messages is sent ahead, what was not answered is sent again on the
// next connection, and while nobody is there it waits. So each hears all, from
// the first line on, whenever it comes or comes back. A file keeps what was
// written for whoever reads it, and is begun anew now and then, as Asterisk's
// logger rotate does: FILE.0 is the oldest.
package replay

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/twinctl/twin/collector/record"
)

// ErrNotListening is returned by Run when Listen was not called or failed.
var ErrNotListening = errors.New("replay: nothing is listening: call Listen first")

// A Server plays its files to whoever connects. It serves one Listen and one Run.
type Server struct {
	options Options
	stage   *stage
	doors   []*door
	log     *slog.Logger
}

// New checks the options and reads the files into memory. An error names the
// option or the file, and the place in it.
func New(o Options) (*Server, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	s := &Server{options: o, log: o.Log}
	var times []record.Instant
	for _, d := range o.Doors {
		tape, err := o.load(d.File)
		if err != nil {
			return nil, err
		}
		times = tape.times(times)
		s.doors = append(s.doors, &door{address: cmp.Or(d.Listen, d.To), tape: tape, server: s})
	}
	plan := newPlan(times, o.Speed, o.ShiftToNow)
	for _, d := range s.doors {
		d.tape.lay(plan)
	}
	s.stage = newStage(plan, o.Clients)
	s.stage.parts = max(1, o.Parts)
	return s, nil
}

// Listen opens every door, and returns the addresses of those that listen, in
// order, with the real ports. Clients may connect from then on; Run serves them,
// and closes the doors.
func (s *Server) Listen(ctx context.Context) ([]net.Addr, error) {
	var addrs []net.Addr
	for _, d := range s.doors {
		if err := d.open(ctx); err != nil {
			s.close()
			return nil, err
		}
		if d.listener != nil {
			addrs = append(addrs, d.listener.Addr())
		}
	}
	return addrs, nil
}

// Release lets the next of Options.Parts be said, of every door. It may be called
// at any time; once all are said it does nothing.
func (s *Server) Release() { s.stage.release() }

// Run serves until ctx ends, closes every connection, and returns nil when
// everything that it started has stopped. An error means that a door broke.
func (s *Server) Run(ctx context.Context) error {
	for _, d := range s.doors {
		if !d.isOpen() {
			return ErrNotListening
		}
	}
	s.stage.open(time.Now())
	doors, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	crowd := make(chan struct{}, maxClients)
	for _, d := range s.doors {
		doors.Go(func() error { return d.run(ctx, crowd) })
	}
	return doors.Wait()
}

func (s *Server) close() {
	for _, d := range s.doors {
		d.close()
	}
}
