// Package replay serves recorded files as upstreams on one timeline, in place
// of a PBX: an Asterisk manager (kind "ami") or a sender of lines (kind "lines").
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
package replay

import (
	"context"
	"errors"
	"fmt"
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
		s.doors = append(s.doors, &door{address: d.Listen, tape: tape, server: s})
	}
	plan := newPlan(times, o.Speed, o.ShiftToNow)
	for _, d := range s.doors {
		d.tape.lay(plan)
	}
	s.stage = newStage(plan, o.Clients)
	return s, nil
}

// Listen binds every door and returns their addresses, in order, with the real
// ports. Clients may connect from then on; Run serves them, and closes the doors.
func (s *Server) Listen(ctx context.Context) ([]net.Addr, error) {
	var addrs []net.Addr
	var lc net.ListenConfig
	for _, d := range s.doors {
		l, err := lc.Listen(ctx, "tcp", d.address)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("replay: door for %s: %w", d.tape.file, err)
		}
		d.listener = l
		addrs = append(addrs, l.Addr())
	}
	return addrs, nil
}

// Run serves until ctx ends, closes every connection, and returns nil when
// everything that it started has stopped. An error means that a door broke.
func (s *Server) Run(ctx context.Context) error {
	for _, d := range s.doors {
		if d.listener == nil {
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
		if d.listener != nil {
			_ = d.listener.Close()
		}
	}
}
