package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/node"
)

const (
	liveEvery = time.Second // how stands what was stored since is looked at, and said, so often
	liveShare = 20          // and saying so may take one part in so many of the time
)

// A liveKeeper knows how the queues and agents of each feed stand, and says so
// in node.db for everybody who looks. It reads what is stored, so that it shows
// nothing that could be lost, costs collecting nothing but that reading, and
// knows after a restart what it knew before.
type liveKeeper struct {
	data *Data
	log  *slog.Logger

	mu        sync.Mutex
	formats   map[string]string             // of the feeds to follow, by name
	snapshots map[string]collector.Snapshot // the latest that was not taken yet
	states    map[string]acd.LiveState      // what was seen last
}

func newLiveKeeper(data *Data, log *slog.Logger) *liveKeeper {
	return &liveKeeper{
		data: data, log: log, formats: map[string]string{},
		snapshots: map[string]collector.Snapshot{}, states: map[string]acd.LiveState{},
	}
}

// set says which feeds are to be followed.
func (k *liveKeeper) set(cfg *config.Config) {
	formats := map[string]string{}
	for _, f := range Feeds(cfg) {
		if acd.TellsNow(f.Format) {
			formats[f.Name] = f.Format
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.formats = formats
	for name := range k.states {
		if formats[name] == "" {
			delete(k.states, name)
		}
	}
}

// snapshot is the collector's: it does not block.
func (k *liveKeeper) snapshot(s collector.Snapshot) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.formats[s.Feed] != "" {
		k.snapshots[s.Feed] = s
	}
}

// take returns the snapshot of a feed that waits to be taken.
func (k *liveKeeper) take(name string) (collector.Snapshot, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.snapshots[name]
	delete(k.snapshots, name)
	return s, ok
}

// state returns how a feed stood a moment ago; false if that is not known, as
// shortly after the start. Any goroutine may call it; the answer must not be
// changed.
func (k *liveKeeper) state(name string) (acd.LiveState, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.states[name]
	return s, ok
}

// run follows the feeds until ctx ends.
func (k *liveKeeper) run(ctx context.Context) error {
	following := map[string]*follower{}
	if err := k.forget(ctx, following); err != nil { // how things stood in another run
		return err
	}
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		pause := liveEvery
		took, err := k.round(ctx, following)
		if final(err) != nil && ctx.Err() == nil {
			return err
		}
		pause = max(pause, liveShare*took)
		tick.Reset(pause)
	}
}

// round looks once and says what has changed. It returns how long saying took.
func (k *liveKeeper) round(ctx context.Context, following map[string]*follower) (time.Duration, error) {
	if k.choose(following) {
		if err := k.forget(ctx, following); err != nil {
			return 0, err
		}
	}
	k.follow(ctx, following)
	return k.say(ctx, following)
}

// forget takes back what was said of feeds that are not followed.
func (k *liveKeeper) forget(ctx context.Context, following map[string]*follower) error {
	err := final(k.data.Node.KeepLive(ctx, slices.Collect(maps.Keys(following))))
	if err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// choose begins to follow the feeds that are wanted and stops following those
// that are not. It reports whether there are any of those.
func (k *liveKeeper) choose(following map[string]*follower) (gone bool) {
	k.mu.Lock()
	wanted := k.formats
	k.mu.Unlock()
	for name, f := range following {
		if wanted[name] != f.format {
			delete(following, name)
			gone = true
		}
	}
	for name, format := range wanted {
		if following[name] == nil {
			following[name] = newFollower(name, format)
		}
	}
	return gone
}

// follow has each feed look at what was stored since.
func (k *liveKeeper) follow(ctx context.Context, following map[string]*follower) {
	for name, f := range following {
		if s, ok := k.take(name); ok {
			f.pending = &s
		}
		if err := f.catchUp(ctx, k.data.History); err != nil && ctx.Err() == nil {
			k.log.Warn("how the queues of a feed stand may be shown wrong for a while", "feed", name, "err", err)
		}
		k.mu.Lock()
		if delete(k.states, name); f.known && k.formats[name] == f.format {
			k.states[name] = f.state
		}
		k.mu.Unlock()
	}
}

// say publishes what has changed, and returns how long that took.
func (k *liveKeeper) say(ctx context.Context, following map[string]*follower) (time.Duration, error) {
	begun := time.Now()
	if err := k.takeBack(ctx, following); err != nil {
		return time.Since(begun), err
	}
	var docs []node.LiveDocument
	for name, f := range following {
		if !f.known {
			continue
		}
		doc, err := json.Marshal(f.state)
		if err != nil {
			return 0, fmt.Errorf("how the queues of %q stand: %w", name, err)
		}
		if !bytes.Equal(doc, f.said) {
			docs = append(docs, node.LiveDocument{Feed: name, Doc: doc})
		}
	}
	if len(docs) == 0 {
		return time.Since(begun), nil
	}
	if err := k.data.Node.SetLive(ctx, docs); err != nil {
		return time.Since(begun), err
	}
	for _, d := range docs {
		following[d.Feed].said = d.Doc
	}
	return time.Since(begun), nil
}

// takeBack takes back what was said of feeds of which nothing is known any more.
func (k *liveKeeper) takeBack(ctx context.Context, following map[string]*follower) error {
	var known []string
	back := false
	for name, f := range following {
		if f.known {
			known = append(known, name)
		} else if f.said != nil {
			back = true
		}
	}
	if !back {
		return nil
	}
	if err := k.data.Node.KeepLive(ctx, known); err != nil {
		return err
	}
	for _, f := range following {
		if !f.known {
			f.said = nil
		}
	}
	return nil
}
