// Package demo runs the whole on one machine: an upstream and two servers that
// collect it, each a process of its own, in a directory of its own.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/twinctl/twin/collector/feed/replay"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/fixtures"
)

const (
	recordingLength = 1504 * time.Second // of what is played
	recordingEvents = 12094
	holdSpeed       = 2               // at which it lasts over ten minutes, with over ten events a second
	collectWithin   = time.Minute     // until both servers collect
	settleWithin    = 2 * time.Minute // until both have all, after the upstream said it
	overhead        = 8 * time.Second // of a demo's time, for starting and for comparing
)

// Options are what Run needs.
type Options struct {
	Dir     string        // "" means one that is removed afterwards, unless a server did not come up
	Hold    bool          // keep everything running until ctx ends
	Lasting time.Duration // of a demo that is not held: how long it may take
	Twind   string        // the program; "" means the one beside this program, else of $PATH
	Out     io.Writer
	Err     io.Writer // what a person has to know meanwhile
	Log     *slog.Logger
}

// What a caller may branch on.
var (
	// ErrDiffer is returned when the servers do not hold the same.
	ErrDiffer = errors.New("the histories differ")
	// ErrNotEmpty is returned when something is in the directory already.
	ErrNotEmpty = errors.New("is not empty")
)

// Run runs the demo. Without Hold it ends when both servers have collected the
// whole recording and were compared; with it, when ctx ends.
func Run(ctx context.Context, o Options) (err error) {
	dir, cleanUp, err := prepare(o.Dir)
	if err != nil {
		return err
	}
	asked := ctx
	defer func() {
		logs, _ := filepath.Glob(filepath.Join(dir, "*", "twind.log")) // the pattern is right
		if err == nil || asked.Err() != nil || errors.Is(err, ErrDiffer) || len(logs) == 0 {
			err = errors.Join(err, cleanUp())
		} else { // what the error names shall be there
			fmt.Fprintf(o.Err, "demo: the files stay in %s\n", dir)
		}
	}()
	upstream, doors, err := openUpstream(ctx, dir, o)
	if err != nil {
		return err
	}
	twins, err := makeTwins(ctx, dir, o, doors)
	if err != nil {
		return err
	}

	// The upstream outlives the servers, so that these end in order; when it
	// breaks, they end too.
	speaking, hush := context.WithCancel(context.WithoutCancel(ctx))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := make(chan error, 1)
	go func() {
		err := upstream.Run(speaking)
		cancel(err)
		silent <- err
	}()
	err = play(ctx, o, twins)
	stopAll(twins, o.Log)
	hush()
	return errors.Join(err, <-silent)
}

// play starts the servers, waits until they collect, and shows what came of it.
func play(ctx context.Context, o Options, twins []*twin) error {
	for _, t := range twins {
		if err := t.start(o); err != nil {
			return err
		}
	}
	if err := waitFor(ctx, collectWithin, "both servers to collect", all(twins, collecting)); err != nil {
		return err
	}
	if o.Hold {
		fmt.Fprintf(o.Out, "cms-a is primary, cms-b secondary; they are paired, and both collect the feed \"pbx\".\n")
		for _, t := range twins {
			fmt.Fprintf(o.Out, "  twinctl status --config %s\n", t.config)
		}
		fmt.Fprintln(o.Out, "ready")
		<-ctx.Done()
		return nil
	}
	fmt.Fprintf(o.Out, "An upstream replays 25 minutes of a PBX, %d events, to two servers: about %s.\n",
		recordingEvents, o.Lasting)
	if err := administer(ctx, o.Out, twins[0], twins[1]); err != nil {
		return err
	}
	if err := outage(ctx, o, twins[0], twins[1]); err != nil {
		return err
	}
	if err := timetables(ctx, o.Out, twins[0], twins[1]); err != nil {
		return err
	}
	for _, act := range []func(context.Context, Options, *twin, *twin) error{switchOver, lost, failback} {
		if err := act(ctx, o, twins[0], twins[1]); err != nil {
			return err
		}
	}
	if err := waitFor(ctx, o.Lasting+settleWithin, "both servers to have every record", all(twins, complete)); err != nil {
		return err
	}
	if err := reports(ctx, o.Out, twins); err != nil {
		return err
	}
	return compare(ctx, o.Out, twins)
}

// prepare makes the directory, which must be new or empty, and says how to
// clean up.
func prepare(dir string) (string, func() error, error) {
	if dir == "" {
		dir, err := os.MkdirTemp("", "twin-demo-")
		return dir, func() error { return os.RemoveAll(dir) }, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", nil, fmt.Errorf("demo: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("demo: %w", err)
	}
	held, err := os.ReadDir(dir)
	if err != nil {
		return "", nil, fmt.Errorf("demo: %w", err)
	}
	if len(held) > 0 {
		return "", nil, fmt.Errorf("demo: %s %w: a demo starts afresh, give it a new directory", dir, ErrNotEmpty)
	}
	return dir, func() error { return nil }, nil
}

// openUpstream opens one PBX with a door for each server. Held, it speaks in
// the present; else the recording is sped up to fit the time.
func openUpstream(ctx context.Context, dir string, o Options) (*replay.Server, []string, error) {
	play := replay.Options{Kind: replay.AMI, Clients: 2, Username: user, Secret: secret, SystemName: "demo-pbx", Log: o.Log}
	play.Speed, play.ShiftToNow = holdSpeed, o.Hold
	if !o.Hold {
		play.Speed = recordingLength.Seconds() / max(time.Second, o.Lasting-overhead).Seconds()
	}
	for _, name := range []string{"pbx-a.ami.gz", "pbx-b.ami.gz"} {
		path := filepath.Join(dir, name)
		data, err := fixtures.Demo.ReadFile("asterisk/" + name)
		if err != nil {
			return nil, nil, err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return nil, nil, fmt.Errorf("demo: %w", err)
		}
		play.Doors = append(play.Doors, replay.Door{Listen: "127.0.0.1:0", File: path})
	}
	server, err := replay.New(play)
	if err != nil {
		return nil, nil, err
	}
	addrs, err := server.Listen(ctx)
	if err != nil {
		return nil, nil, err
	}
	var doors []string
	for _, a := range addrs {
		doors = append(doors, a.String())
	}
	return server, doors, nil
}

func makeTwins(ctx context.Context, dir string, o Options, doors []string) ([]*twin, error) {
	var twins []*twin
	for i, who := range []struct {
		name string
		role node.Role
	}{{"cms-a", node.Primary}, {"cms-b", node.Secondary}} {
		t, err := newTwin(ctx, filepath.Join(dir, who.name), who.name, who.role, doors[i])
		if err != nil {
			return nil, fmt.Errorf("demo: server %s: %w", who.name, err)
		}
		t.log = o.Log
		twins = append(twins, t)
	}
	if err := pair(ctx, twins[0], twins[1]); err != nil {
		return nil, fmt.Errorf("demo: pair: %w", err)
	}
	return twins, nil
}

// freePort returns an address of this machine that nobody listens on.
func freePort(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
