package collector_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/replay"
	"github.com/twinctl/twin/collector/record"
)

// Two clients of one PBX were recorded at the same time: they heard the same
// events in different order. Two collectors that hear one recording each hold
// the same, byte for byte.
func TestTwinsHoldTheSame(t *testing.T) {
	t.Parallel()
	const events = 12094
	upstream, err := replay.New(replay.Options{
		Kind: replay.AMI, Speed: math.Inf(1), Username: "twin", Secret: "s3cret",
		Doors: []replay.Door{
			{Listen: "127.0.0.1:0", File: "../fixtures/asterisk/pbx-a.ami.gz"},
			{Listen: "127.0.0.1:0", File: "../fixtures/asterisk/pbx-b.ami.gz"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	doors, err := upstream.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- upstream.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	a, b := newTwin(t), newTwin(t)
	secret := secretFile(t)
	for i, w := range []*twin{a, b} {
		w.collect(configured(t, feed.Options{Name: "pbx", Kind: "ami"}, map[string]any{
			"Addresses": []string{"tcp://" + doors[i].String()}, "Username": "twin", "SecretFile": secret,
		}))
	}
	onA, onB := a.held("pbx", events), b.held("pbx", events)
	for i := range onA {
		if r, s := onA[i], onB[i]; r.Key != s.Key || r.Kind != s.Kind || !bytes.Equal(r.Raw, s.Raw) {
			t.Fatalf("record %d is %s %s on one, %s %s on the other", i, r.At, r.Raw, s.At, s.Raw)
		}
	}
	if diff := cmp.Diff(a.buckets("pbx"), b.buckets("pbx"), cmp.AllowUnexported(record.Sum{})); diff != "" {
		t.Errorf("buckets (-a +b):\n%s", diff)
	}
	for _, w := range []*twin{a, b} {
		if s := w.summary("pbx"); s.Records != events || s.Duplicates != 0 || s.Rejected != 0 {
			t.Errorf("%+v, want %d records and nothing else", s, events)
		}
	}
}

func secretFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A saying is one thing that an upstream says, and when.
type saying struct {
	ms   int // since the first one
	text string
}

// sayings draws what an upstream says: some of it at the same time, and, where
// the upstream does that, some of it identical.
func sayings(rt *rapid.T, texts []string) (all []saying) {
	const most = 16
	for ms := 0; len(all) < most; {
		ms += rapid.SampledFrom([]int{0, 0, 1, 3, 900, 400_000}).Draw(rt, "ms later")
		all = append(all, saying{ms, rapid.SampledFrom(texts).Draw(rt, "text")})
		if rapid.IntRange(0, 11).Draw(rt, "the end") == 0 {
			break
		}
	}
	return all
}

// heardBy puts the sayings in an order in which one client may hear them: up
// to four milliseconds out of order.
func heardBy(rt *rapid.T, said []saying) []saying {
	type late struct {
		saying
		at int
	}
	var all []late
	for _, s := range said {
		all = append(all, late{s, s.ms + rapid.IntRange(0, 4).Draw(rt, "late by")})
	}
	slices.SortStableFunc(all, func(a, b late) int { return a.at - b.at })
	var heard []saying
	for _, l := range all {
		heard = append(heard, l.saying)
	}
	return heard
}

// packets cuts bytes into what arrives at a time: byte by byte at the least,
// all at once at the most.
func packets(r *rand.Rand, data []byte) (all [][]byte) {
	size := 1 << r.IntN(12)
	for len(data) > 0 {
		n := min(len(data), 1+r.IntN(size))
		all, data = append(all, data[:n]), data[n:]
	}
	return all
}

func seeded(rt *rapid.T) *rand.Rand {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "packets"), 0))
}

// numbered returns the records that lines are: identical ones of one time and
// one delivery are told apart by their ordinals.
func numbered(base time.Time, said []saying) (all []record.Record) {
	var ordinals record.Ordinals
	for _, s := range said {
		at := record.At(base.Add(time.Duration(s.ms) * time.Millisecond))
		r := record.New(at, 0, []byte(lineOf(base, s)))
		r.N = ordinals.Next(at, r.Digest)
		all = append(all, r)
	}
	return all
}

const stampLayout = "2006-01-02T15:04:05.000Z"

func lineOf(base time.Time, s saying) string {
	return base.Add(time.Duration(s.ms)*time.Millisecond).Format(stampLayout) + " " + s.text
}

func textFormat() *feed.TimeSpec { return &feed.TimeSpec{Field: 1, Layout: stampLayout} }

// Whatever the order, the packets and the connections in which lines come, both
// twins hold what was said.
func TestTwinsOfLines(t *testing.T) {
	t.Parallel()
	twinsOfLines(t)
}

func twinsOfLines(t *testing.T) {
	t.Helper()
	twins, round := []*twin{newTwin(t), newTwin(t)}, 0
	base := time.Now().UTC().Add(-24 * time.Hour).Truncate(time.Second)
	rapid.Check(t, func(rt *rapid.T) {
		round++
		name := fmt.Sprint("lines-", round)
		said := sayings(rt, []string{"a", "a", "b", "long " + string(bytes.Repeat([]byte("x"), 300))})
		want := numbered(base, said)
		for _, w := range twins {
			w.collect(configured(t, feed.Options{Name: name, Kind: "lines", Time: textFormat()},
				map[string]any{"Listen": "127.0.0.1:0"}))
			speak(w, base, deliveries(rt, heardBy(rt, said)), seeded(rt))
			if diff := sameRecords(want, w.held(name, len(want))); diff != "" {
				rt.Fatalf("(-said +held):\n%s", diff)
			}
			if s := w.summary(name); s.Duplicates+s.Rejected > 0 {
				rt.Fatalf("%d duplicates, %d rejected", s.Duplicates, s.Rejected)
			}
		}
	})
}

// deliveries parts what is heard into connections. Identical lines of one time
// stay in one: it is within a delivery that they are counted.
func deliveries(rt *rapid.T, heard []saying) (parts [][]saying) {
	from := 0
	for i := 1; i < len(heard); i++ {
		split := slices.ContainsFunc(heard[:i], func(s saying) bool { return slices.Contains(heard[i:], s) })
		if !split && rapid.IntRange(0, 5).Draw(rt, "reconnect") == 0 {
			parts, from = append(parts, heard[from:i]), i
		}
	}
	return append(parts, heard[from:])
}

// speak connects to the feed, once for each delivery.
func speak(w *twin, base time.Time, parts [][]saying, r *rand.Rand) {
	w.t.Helper()
	address := ""
	w.until("an address", func() bool {
		address = w.Status()[0].Address
		return address != ""
	})
	for _, part := range parts {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			w.t.Fatal(err)
		}
		var text []byte
		for _, s := range part {
			text = append(append(text, lineOf(base, s)...), "\r\n"...)
		}
		for _, p := range packets(r, text) {
			if _, err := conn.Write(p); err != nil {
				w.t.Fatal(err)
			}
		}
		if err := conn.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
}

// Whatever the pieces in which a file grows, and whenever the server is
// restarted meanwhile, both twins hold what was written, and read nothing twice.
func TestTwinsOfTail(t *testing.T) {
	t.Parallel()
	twinsOfTail(t)
}

func twinsOfTail(t *testing.T) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		said := sayings(rt, []string{"a", "a", "b", "c"})
		var scripts [2][]growth
		for i := range scripts {
			scripts[i] = growths(rt, heardBy(rt, said))
		}
		dir := t.TempDir()
		diff := ""
		synctest.Test(t, func(t *testing.T) {
			for i, script := range scripts {
				path := filepath.Join(dir, fmt.Sprint(i))
				if diff = follow(t, path, script, numbered(bubbleBase, said)); diff != "" {
					return
				}
			}
		})
		if diff != "" {
			rt.Fatal(diff)
		}
	})
}

// bubbleBase lies before the time at which bubbles begin, in a round second.
var bubbleBase = time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)

// A growth is what a file grows by, and what happens then.
type growth struct {
	piece   []byte
	wait    time.Duration
	restart bool
}

func growths(rt *rapid.T, heard []saying) (all []growth) {
	var text []byte
	for _, s := range heard {
		text = append(append(text, lineOf(bubbleBase, s)...), '\n')
	}
	for len(text) > 0 {
		n := min(len(text), rapid.SampledFrom([]int{1, 7, 30, 200, 4000}).Draw(rt, "bytes"))
		all = append(all, growth{
			piece:   text[:n],
			wait:    time.Duration(rapid.SampledFrom([]int{0, 0, 90, 700}).Draw(rt, "ms")) * time.Millisecond,
			restart: rapid.IntRange(0, 9).Draw(rt, "restart") == 0,
		})
		text = text[n:]
	}
	return all
}

// follow lets a file grow under a twin's eyes, and returns how what it holds
// differs from what was said.
func follow(t *testing.T, path string, script []growth, said []record.Record) string {
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := newTwin(t)
	w.collect(configured(t, feed.Options{Name: "log", Kind: "tail", Format: "text", Time: textFormat()}, map[string]any{"Path": path}))
	for _, g := range script {
		if _, err := file.Write(g.piece); err != nil {
			t.Fatal(err)
		}
		<-time.After(g.wait)
		if g.restart {
			w.restart()
		}
	}
	diff := sameRecords(said, w.held("log", len(said)))
	if s := w.summary("log"); s.Duplicates+s.Rejected > 0 {
		diff += fmt.Sprintf("%d duplicates, %d rejected", s.Duplicates, s.Rejected)
	}
	return diff
}
