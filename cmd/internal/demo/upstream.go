package demo

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/twinctl/twin/cmd/internal/freeport"
	"github.com/twinctl/twin/collector/feed/replay"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/fixtures"
)

// An upstream is one PBX, in each of the ways in which it tells what happens.
type upstream struct {
	ways  []way
	plays []*replay.Server // of each way
	where [2][]string      // for each server, and each way: what it dials, follows or listens on
	begun chan struct{}    // closed when both servers follow the file, if there is one
}

// openUpstream opens the PBX for two servers. Held, it speaks in the present;
// else the recording is sped up to fit the time.
func openUpstream(ctx context.Context, dir string, o Options) (*upstream, error) {
	u := &upstream{ways: o.ways, begun: make(chan struct{})}
	for _, w := range o.ways {
		play := replay.Options{Kind: w.kind, Speed: holdSpeed, ShiftToNow: o.Hold, Log: o.Log}
		if !o.Hold {
			play.Speed = recordingLength.Seconds() / max(time.Second, o.Lasting-overhead).Seconds()
		}
		if err := u.open(ctx, dir, w, play); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// open opens one way.
func (u *upstream) open(ctx context.Context, dir string, w way, play replay.Options) error {
	var where [2]string
	var err error
	if w.keeps() {
		where, err = lineDoors(ctx, dir, w, &play)
	} else {
		err = managerDoors(dir, &play)
	}
	if err != nil {
		return err
	}
	server, err := replay.New(play)
	if err != nil {
		return err
	}
	addrs, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	for i := range where {
		if len(addrs) > 0 {
			where[i] = addrs[i].String()
		}
		u.where[i] = append(u.where[i], where[i])
	}
	u.plays = append(u.plays, server)
	return nil
}

// managerDoors are two, at each of which one of the recordings is heard that
// were made at the same time.
func managerDoors(dir string, play *replay.Options) error {
	play.Clients, play.Username, play.Secret, play.SystemName = 2, user, secret, "demo-pbx"
	for _, name := range []string{"pbx-a.ami.gz", "pbx-b.ami.gz"} {
		data, err := fixtures.Demo.ReadFile("asterisk/" + name)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		play.Doors = append(play.Doors, replay.Door{Listen: "127.0.0.1:0", File: path})
	}
	return nil
}

// lineDoors are a file that both servers follow and that is rotated while one is
// away, or an address of each server that is sent to. They say each part when the
// demo has come so far, however fast they are: so that something is said while a
// server is away, and for it to hear when it is back.
func lineDoors(ctx context.Context, dir string, w way, play *replay.Options) (where [2]string, err error) {
	recorded := filepath.Join(dir, w.kind+".recorded")
	move := int64(0)
	if !play.ShiftToNow {
		move = presentFor(time.Now()) - recordingBegins
		play.Parts = 4
	}
	lines, err := recordedLines(move)
	if err == nil {
		err = os.WriteFile(recorded, lines, 0o600)
	}
	if err != nil {
		return where, fmt.Errorf("demo: %w", err)
	}
	play.Format = "queue_log"
	if w.kind == replay.Tail {
		pbx := filepath.Join(dir, "pbx")
		log := filepath.Join(pbx, "queue_log")
		play.Rotate, play.Doors = recordingLines/6, []replay.Door{{To: log, File: recorded}}
		return [2]string{log, log}, os.Mkdir(pbx, 0o700)
	}
	for i := range where {
		if where[i], err = freeport.Address(ctx); err != nil {
			return where, err
		}
		play.Doors = append(play.Doors, replay.Door{To: where[i], File: recorded})
	}
	return where, nil
}

// presentFor returns the second at which the recorded lines begin that are played
// from now on. Their clock goes as fast as they are played, so they lie ahead of
// the servers' clocks, by less than the hour that these allow, and what a server
// has heard up to the present is what it proves. All of it is on one day, for
// that is what the report is by: the next one, if too little is left of this.
func presentFor(now time.Time) int64 {
	begin := now.UTC().Truncate(time.Second)
	if end := begin.Add(recordingLength); end.Day() != begin.Day() {
		begin = end.Truncate(24 * time.Hour)
	}
	return begin.Unix()
}

// recordedLines returns the lines of the recorded queue_log that tell what the
// recordings of the manager do: the log begins earlier and ends later. Their
// times are moved by so many seconds.
func recordedLines(move int64) ([]byte, error) {
	packed, err := fixtures.Demo.Open("asterisk/queue_log.gz")
	if err != nil {
		return nil, err
	}
	defer packed.Close() //nolint:errcheck // only read
	log, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	all, err := io.ReadAll(log)
	if err != nil {
		return nil, err
	}
	var kept []byte
	for line := range bytes.Lines(all) {
		text, rest, _ := bytes.Cut(line, []byte("|"))
		at, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("queue_log: %w", err)
		}
		if at >= recordingBegins && at < recordingBegins+int64(recordingLength/time.Second) {
			kept = append(append(strconv.AppendInt(kept, at+move, 10), '|'), rest...)
		}
	}
	return kept, nil
}

// run plays until ctx ends. A file is not waited for by who writes it, and who
// comes first after its rotation begins behind it: so it grows once it is followed.
func (u *upstream) run(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	for i, p := range u.plays {
		all.Go(func() error {
			if u.ways[i].kind == replay.Tail {
				select {
				case <-u.begun:
				case <-ctx.Done():
				}
			}
			return p.Run(ctx)
		})
	}
	return all.Wait()
}

// begin waits until both servers follow the file, if there is one, and has it grow.
func (u *upstream) begin(ctx context.Context, twins []*twin) error {
	defer close(u.begun)
	if !slices.ContainsFunc(u.ways, func(w way) bool { return w.kind == replay.Tail }) {
		return nil
	}
	return waitFor(ctx, collectWithin, "both servers to follow the file", all(twins, func(w way, f node.FeedDocument) bool {
		return w.kind != replay.Tail || live(w, f)
	}))
}

// release lets the next part be said, of what is said in parts.
func (u *upstream) release() {
	for _, p := range u.plays {
		p.Release()
	}
}
