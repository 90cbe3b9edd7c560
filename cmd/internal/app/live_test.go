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
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/replay"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
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
	await.Run(t, s.Run)
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
	await.Run(t, s.collector.Run)
	await.Run(t, s.live.run)
	return s
}

// until polls until the state of a feed, without since when, is as wanted.
func until(t *testing.T, k *liveKeeper, name string, want acd.LiveState) {
	t.Helper()
	var diff string
	for begun := time.Now(); time.Since(begun) < await.Most; <-time.After(50 * time.Millisecond) {
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
	for begun := time.Now(); time.Since(begun) < await.Most; <-time.After(20 * time.Millisecond) {
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
	for begun := time.Now(); sessions() == was && time.Since(begun) < await.Most; <-time.After(20 * time.Millisecond) {
	}
	for begun := time.Now(); time.Since(begun) < 3*time.Second; <-time.After(100 * time.Millisecond) {
		after, _ := s.live.state("pbx")
		if diff := cmp.Diff(timeless(before), timeless(after)); diff != "" {
			t.Fatalf("(-before the login +after):\n%s", diff)
		}
	}

	again := newLiveKeeper(s.data, s.log)
	again.set(s.config())
	await.Run(t, again.run)
	until(t, again, "pbx", want)
	docs := documents(t, s, 1)
	var said acd.LiveState
	if err := json.Unmarshal(docs[0].Doc, &said); err != nil || docs[0].Feed != "pbx" {
		t.Fatalf("%s: %v", docs[0].Feed, err)
	}
	if diff := cmp.Diff(timeless(want), timeless(said)); diff != "" {
		t.Errorf("(-want +said):\n%s", diff)
	}

	again.set(&config.Config{})
	documents(t, s, 0)
	if _, known := again.state("pbx"); known {
		t.Error("a feed that is taken out is still known")
	}
}

// documents waits until there are so many in node.db.
func documents(t *testing.T, s *server, want int) []node.LiveDocument {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < await.Most; <-time.After(50 * time.Millisecond) {
		docs, err := s.data.Node.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(docs) == want {
			return docs
		}
	}
	t.Fatalf("node.db has not %d documents", want)
	return nil
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

// A pbx is a feed whose records a test stores itself, with somebody who follows it.
type pbx struct {
	*server
	*follower
	stored int
}

func newPBX(t testing.TB) *pbx {
	t.Helper()
	s := initialized(t, configured(t, oneFeed), io.Discard)
	if _, err := s.data.History.Start(t.Context(), "log"); err != nil {
		t.Fatal(err)
	}
	return &pbx{server: s, follower: newFollower("log", "ami")}
}

const pbxClock = 1_795_262_400 * record.Second

// event makes the next record: the event of a caller of queue sales.
func (p *pbx) event(name string, caller int) record.Record {
	p.stored++
	raw := fmt.Appendf(nil, "Event: %s\r\nQueue: sales\r\nUniqueid: %d", name, caller)
	return record.New(pbxClock+record.Instant(p.stored), 0, raw)
}

func (p *pbx) store(t *testing.T, records ...record.Record) {
	t.Helper()
	if _, err := p.data.History.Commit(t.Context(), []history.Batch{{Feed: "log", Batch: feed.Batch{Records: records}}}); err != nil {
		t.Fatal(err)
	}
}

func (p *pbx) joins(t *testing.T, n int) {
	t.Helper()
	var all []record.Record
	for range n {
		all = append(all, p.event("QueueCallerJoin", p.stored))
	}
	p.store(t, all...)
}

// waits follows once, and compares how many wait; negative: nobody knows.
func (p *pbx) waits(t *testing.T, want int) {
	t.Helper()
	if err := p.catchUp(t.Context(), p.data.History); err != nil {
		t.Fatal(err)
	}
	got := -1
	if p.known {
		got = p.follower.state.Queues[0].Waiting
	}
	if got != want {
		t.Fatalf("%d wait, want %d", got, want)
	}
}

// What a feed says that is more than can be followed, or breaks who follows,
// costs no more than to know nothing for a while.
func TestAFollowerIsBounded(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	p.joins(t, 10)
	p.waits(t, 10)
	p.joins(t, liveTurn+1)
	p.waits(t, 20_000) // as many as are remembered
	if p.seq == int64(p.stored) {
		t.Error("one turn was enough")
	}
	p.waits(t, 20_000)
	p.joins(t, 2*liveTurn)
	p.waits(t, -1)
	p.waits(t, liveTurn/2)
	if p.seq != int64(p.stored) {
		t.Errorf("looked at %d of %d", p.seq, p.stored)
	}

	p.decode = func([]acd.Event, []byte, record.Instant) []acd.Event { panic("hostile") }
	p.joins(t, 1)
	if err := p.catchUp(t.Context(), p.data.History); err == nil || p.known {
		t.Errorf("known %t, %v", p.known, err)
	}
	p.waits(t, -1) // and never again
}

// A snapshot belongs between the records that it was said between, whether these
// are looked at before it comes or after.
func TestASnapshotTakesItsPlace(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		p := newPBX(t)
		p.joins(t, 3) // callers 0 to 2
		p.store(t, p.event("QueueCallerLeave", 0), p.event("QueueCallerJoin", 7))
		if late {
			p.waits(t, 3)
		}
		p.pending = &collector.Snapshot{Feed: "log", Seq: 3, Snapshot: feed.Snapshot{
			At: pbxClock + 3,
			Answers: [][]byte{
				[]byte("Event: QueueParams\r\nQueue: sales"),
				[]byte("Event: QueueEntry\r\nQueue: sales\r\nUniqueid: 0\r\nWait: 1"),
				[]byte("Event: QueueEntry\r\nQueue: sales\r\nUniqueid: 9\r\nWait: 1"),
			},
		}}
		p.waits(t, 2) // 9, who was missed, and 7; 0 has left since, 1 and 2 had before
		p.waits(t, 2)
	}
}

// What the twin fills, or a person imports, was said long before. It does not
// hide what is heard meanwhile either.
func TestWhatIsBroughtIsNotNow(t *testing.T) {
	t.Parallel()
	for name, bring := range map[string]func(*history.DB, context.Context, []record.Record) error{
		"fill": func(h *history.DB, ctx context.Context, records []record.Record) error {
			var rows []history.Row
			for _, r := range records {
				rows = append(rows, history.Row{Record: r, Kind: 1})
			}
			_, err := h.Merge(ctx, "log", rows)
			return err
		},
		"import": func(h *history.DB, ctx context.Context, records []record.Record) error {
			_, err := h.Import(ctx, "log", 1, records)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPBX(t)
			p.joins(t, 2)
			p.waits(t, 2)
			brought := make([]record.Record, 2*liveTurn)
			for i := range brought {
				brought[i] = record.New(pbxClock-record.Day, uint32(i), p.event("QueueCallerJoin", 99).Raw)
			}
			if err := bring(p.data.History, t.Context(), brought); err != nil {
				t.Fatal(err)
			}
			p.joins(t, 1)
			p.waits(t, 3)
			p.follower = newFollower("log", p.format) // twind is started again
			p.waits(t, 3)
		})
	}
}

// Of whom nothing is known any more nothing is said either.
func TestWhatIsNotKnownIsTakenBack(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	p.server.live.set(p.config())
	p.format = "queue_log" // as configured
	following := map[string]*follower{"log": p.follower}
	round := func(want int) {
		t.Helper()
		if _, err := p.server.live.round(t.Context(), following); err != nil {
			t.Fatal(err)
		}
		docs, err := p.data.Node.Live(t.Context())
		if _, known := p.server.live.state("log"); err != nil || len(docs) != want || known != (want == 1) {
			t.Errorf("%d documents, known %t: %v", len(docs), known, err)
		}
	}
	p.joins(t, 1)
	round(1)
	p.decode = func([]acd.Event, []byte, record.Instant) []acd.Event { panic("hostile") }
	p.joins(t, 1)
	round(0)
	round(0)
}
