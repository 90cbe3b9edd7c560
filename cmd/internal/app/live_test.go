package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/replay"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

const varied = "../../../fixtures/asterisk/varied-a.ami.gz"

// played serves the varied run as an Asterisk to that many clients.
func played(t *testing.T, speed float64, clients int) (address string) {
	t.Helper()
	s, err := replay.New(replay.Options{Kind: replay.AMI, Doors: []replay.Door{{Listen: "127.0.0.1:0", File: varied}}, Speed: speed, Clients: clients})
	if err != nil {
		t.Fatal(err)
	}
	at, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "tcp://" + at[0].String()
}

// listening makes a server of feeds that hear the address, and runs what
// collects and what sees how queues stand.
func listening(t *testing.T, address string, feeds ...string) *server {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("name = \"cms-a\"\ndata = \"data\"\nhttp.listen = \"\"\n")
	for _, name := range feeds {
		fmt.Fprintf(&text, "[[feed]]\nname = %q\nkind = \"ami\"\naddresses = [%q]\nusername = \"twin\"\nsecret_file = %q\n", name, address, secret)
	}
	s := initialized(t, configured(t, text.String()), io.Discard)
	setFeeds(t, s)
	for _, part := range []func(context.Context) error{s.collector.Run, s.live.run} {
		runPart(t, part)
	}
	return s
}

func runPart(t *testing.T, part func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- part(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// until polls until the state of a feed, without since when, is as wanted.
func until(t *testing.T, k *liveKeeper, name string, want acd.LiveState) {
	t.Helper()
	var diff string
	for begun := time.Now(); time.Since(begun) < 20*time.Second; <-time.After(50 * time.Millisecond) {
		got, known := k.state(name)
		if diff = cmp.Diff(timeless(want), timeless(got)); known && diff == "" {
			return
		}
	}
	t.Fatalf("%s (-want +got):\n%s", name, diff)
}

// timeless is a state without what depends on when it was heard.
func timeless(s acd.LiveState) acd.LiveState {
	t := acd.LiveState{}
	for _, q := range s.Queues {
		q.LongestSince = 0
		t.Queues = append(t.Queues, q)
	}
	for _, a := range s.Agents {
		a.Since = 0
		t.Agents = append(t.Agents, a)
	}
	return t
}

// whole is how the varied run ends, by all that is stored of it.
func whole(t *testing.T, h *history.DB, name string) acd.LiveState {
	t.Helper()
	decode, _ := acd.NewDecoder("ami")
	l := acd.NewLive()
	for row, err := range h.Records(t.Context(), history.Range{Feed: name}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range decode(nil, row.Raw, row.At) {
			l.Add(e)
		}
	}
	return l.State()
}

// heardAll waits until so many records of a feed are stored.
func heardAll(t *testing.T, s *server, name string, want int64) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 30*time.Second; <-time.After(20 * time.Millisecond) {
		held, err := s.data.History.Summaries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if held[name].Records >= want {
			return
		}
	}
	t.Fatalf("%s has not heard %d records", name, want)
}

const variedRecords = 5290

// Who heard everything knows how things stand. So does who logs in anew, by what
// the upstream answers; who was started anew, by what is stored; and everybody
// who looks into node.db.
func TestHowQueuesStandIsKnown(t *testing.T) {
	t.Parallel()
	s := listening(t, played(t, math.Inf(1), 1), "pbx")
	heardAll(t, s, "pbx", variedRecords)
	want := whole(t, s.data.History, "pbx")
	if waiting := want.Queues[2].Waiting; waiting == 0 || len(want.Agents) < 8 {
		t.Fatalf("too little is going on in the end: %+v", want)
	}
	until(t, s.live, "pbx", want)
	before, _ := s.live.state("pbx")
	if diff := cmp.Diff(want, before); diff != "" {
		t.Errorf("(-in key order +in order of arrival):\n%s", diff)
	}

	sessions := func() int64 { return s.collector.Status()[0].Counts.Sessions }
	was := sessions()
	s.collector.Reconnect("pbx")
	for begun := time.Now(); sessions() == was && time.Since(begun) < 20*time.Second; <-time.After(20 * time.Millisecond) {
	}
	for begun := time.Now(); time.Since(begun) < 3*time.Second; <-time.After(100 * time.Millisecond) {
		after, _ := s.live.state("pbx")
		if diff := cmp.Diff(timeless(before), timeless(after)); diff != "" {
			t.Fatalf("(-before the login +after):\n%s", diff)
		}
	}

	again := newLiveKeeper(s.data, s.log)
	again.set(s.config())
	runPart(t, again.run)
	until(t, again, "pbx", want)
	docs, err := s.data.Node.Live(t.Context())
	if err != nil || len(docs) != 1 {
		t.Fatalf("%d documents: %v", len(docs), err)
	}
	var said acd.LiveState
	if err := json.Unmarshal(docs[0].Doc, &said); err != nil || docs[0].Feed != "pbx" {
		t.Fatalf("%s: %v", docs[0].Feed, err)
	}
	if diff := cmp.Diff(timeless(want), timeless(said)); diff != "" {
		t.Errorf("(-want +said):\n%s", diff)
	}

	again.set(&config.Config{})
	for begun := time.Now(); len(docs) > 0 && time.Since(begun) < 20*time.Second; <-time.After(50 * time.Millisecond) {
		if docs, err = s.data.Node.Live(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, known := again.state("pbx"); known || len(docs) > 0 {
		t.Errorf("a feed that is taken out is still known: %t, %d documents", known, len(docs))
	}
}

// Of two feeds that hear one PBX one is paused for a while. What it missed it is
// told when it logs in again, and both know the same.
func TestWhatWasMissedIsPutRight(t *testing.T) {
	t.Parallel()
	s := listening(t, played(t, 60, 2), "pbx", "other")
	heardAll(t, s, "pbx", 1000)
	s.collector.Pause("other", true)
	heardAll(t, s, "pbx", 3500)
	s.collector.Pause("other", false)
	heardAll(t, s, "pbx", variedRecords)
	held, err := s.data.History.Summaries(t.Context())
	if err != nil || held["other"].Records > 4000 {
		t.Fatalf("%d records were missed: %v", variedRecords-held["other"].Records, err)
	}
	want := whole(t, s.data.History, "pbx")
	until(t, s.live, "pbx", want)
	until(t, s.live, "other", want)
}

// What a feed says that is more than can be followed, or damaged, costs no more
// than to know nothing for a while.
func TestAFollowerIsBounded(t *testing.T) {
	t.Parallel()
	s := initialized(t, configured(t, oneFeed), io.Discard)
	h := s.data.History
	if _, err := h.Start(t.Context(), "log"); err != nil {
		t.Fatal(err)
	}
	const now = 1_795_262_400 * record.Second
	stored := 0
	add := func(n int) {
		t.Helper()
		var b feed.Batch
		for range n {
			stored++
			b.Records = append(b.Records, record.New(now+record.Instant(stored), 0, fmt.Appendf(nil, "%d|%d|sales|NONE|ENTERQUEUE||x", now/record.Second, stored)))
		}
		if _, err := h.Commit(t.Context(), []history.Batch{{Feed: "log", Batch: b}}); err != nil {
			t.Fatal(err)
		}
	}
	f := newFollower("log", "queue_log")
	step := func(wantKnown bool) {
		t.Helper()
		if err := f.catchUp(t.Context(), h); err != nil || f.known != wantKnown {
			t.Fatalf("known %t, %v", f.known, err)
		}
	}
	add(10)
	step(true)
	if got := f.state.Queues[0].Waiting; got != 10 {
		t.Errorf("%d wait", got)
	}
	add(liveTurn + 1)
	step(false)
	step(true)
	if got := f.state.Queues[0].Waiting; got == 0 || f.seq != int64(stored) {
		t.Errorf("%d wait, looked at %d of %d", got, f.seq, stored)
	}

	f.decode = func([]acd.Event, []byte, record.Instant) []acd.Event { panic("hostile") }
	add(1)
	if err := f.catchUp(t.Context(), h); err == nil || f.known {
		t.Errorf("known %t, %v", f.known, err)
	}
	step(false) // and never again
}
