// Package demo runs the whole on one machine: an upstream and two servers that
// collect it, each a process of its own, in a directory of its own.
package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twinctl/twin/collector/feed/replay"
	"github.com/twinctl/twin/collector/node"
)

const (
	recordingBegins = 1795222327         // the first second of what is played, since 1970
	recordingLength = 1504 * time.Second // of what is played
	recordingEvents = 12094
	recordingLines  = 4245            // of the queue_log, for the same calls
	holdSpeed       = 2               // at which it lasts over ten minutes, with over ten events a second
	collectWithin   = time.Minute     // until both servers collect
	settleWithin    = 2 * time.Minute // until both have all, after the upstream said it
	overhead        = 8 * time.Second // of a demo's time, for starting and for comparing
)

// Options are what Run needs.
type Options struct {
	Feed    string        // kinds by which the servers hear the upstream, as "tail,relp"; "" means ami
	Dir     string        // "" means one that is removed afterwards, unless a server did not come up
	Hold    bool          // keep everything running until ctx ends
	Lasting time.Duration // of a demo that is not held: how long it may take
	Twind   string        // the program; "" means the one beside this program, else of $PATH
	Out     io.Writer
	Err     io.Writer // what a person has to know meanwhile
	Log     *slog.Logger
	// Screen shows the server of that configuration file until a person leaves it
	// or ctx ends; nil: nobody is there to look.
	Screen func(ctx context.Context, config string) error

	ways []way
	pbx  *upstream
}

// What a caller may branch on.
var (
	// ErrDiffer is returned when the servers do not hold the same.
	ErrDiffer = errors.New("the histories differ")
	// ErrNotEmpty is returned when something is in the directory already.
	ErrNotEmpty = errors.New("is not empty")
)

// livingDir is where the pair lies, in a directory that was asked for, that lives
// after a demo.
const livingDir = "living"

// Run runs the demo. Without Hold it ends when both servers have collected the
// whole recording and were compared; with it, when ctx ends. With a Screen a pair
// that is held follows what is not, since the recording has ended and a role that
// has just moved must rest; and what is held ends when the screen is left.
func Run(ctx context.Context, o Options) error {
	if o.Hold || o.Screen == nil {
		return run(ctx, o)
	}
	if err := run(ctx, o); err != nil {
		return err
	}
	fmt.Fprintln(o.Out)
	o.Hold = true
	if o.Dir != "" {
		o.Dir = filepath.Join(o.Dir, livingDir)
	}
	return run(ctx, o)
}

// run runs one pair.
func run(ctx context.Context, o Options) (err error) {
	if o.ways, err = ways(cmp.Or(o.Feed, replay.AMI)); err != nil {
		return err
	}
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
	if o.pbx, err = openUpstream(ctx, dir, o); err != nil {
		return err
	}
	twins, err := makeTwins(ctx, dir, o)
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
		err := o.pbx.run(speaking)
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
	if o.Hold && o.Screen != nil {
		fmt.Fprintln(o.Out, "Two servers start, to try everything on. The screen opens when both collect; q leaves it, and ends them.")
	}
	for _, t := range twins {
		if err := t.start(o); err != nil {
			return err
		}
	}
	if err := o.pbx.begin(ctx, twins); err != nil {
		return err
	}
	if err := waitFor(ctx, collectWithin, "both servers to collect", all(twins, collecting)); err != nil {
		return err
	}
	if o.Hold {
		return stay(ctx, o, twins)
	}
	fmt.Fprintf(o.Out, "An upstream replays 25 minutes of a PBX, %s, to two servers: about %s.\n",
		listed(o.ways, func(w way) string { return w.how }), o.Lasting)
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

// stay keeps both running, until somebody leaves the screen or ctx ends.
func stay(ctx context.Context, o Options, twins []*twin) error {
	fmt.Fprintf(o.Out, "cms-a is primary, cms-b secondary; they are paired, and both collect the feed %s.\n",
		listed(o.ways, func(w way) string { return strconv.Quote(w.feed) }))
	for _, t := range twins {
		fmt.Fprintf(o.Out, "  twinctl status --config %s\n", t.config)
	}
	fmt.Fprintln(o.Out, "ready")
	if o.Screen == nil {
		<-ctx.Done()
		return nil
	}
	if err := o.Screen(ctx, twins[0].config); err != nil && ctx.Err() == nil {
		return err
	}
	fmt.Fprintln(o.Out, "Both servers end.")
	return nil
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

func makeTwins(ctx context.Context, dir string, o Options) ([]*twin, error) {
	var twins []*twin
	for i, who := range []struct {
		name string
		role node.Role
	}{{"cms-a", node.Primary}, {"cms-b", node.Secondary}} {
		t := &twin{name: who.name, dir: filepath.Join(dir, who.name), ways: o.ways, log: o.Log}
		if err := t.make(ctx, who.role, o.pbx.where[i]); err != nil {
			return nil, fmt.Errorf("demo: server %s: %w", who.name, err)
		}
		twins = append(twins, t)
	}
	if err := pair(ctx, twins[0], twins[1]); err != nil {
		return nil, fmt.Errorf("demo: pair: %w", err)
	}
	return twins, nil
}
