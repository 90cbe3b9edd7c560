package tui

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/programs"
)

// looksAtFirst is how often a screen is opened to see how soon it is there.
const looksAtFirst = 7

// BenchmarkFirstFrame is how soon the first frame of twinctl tui stands on a
// terminal, and how soon it tells what is known, of a server whose twin does not
// answer and whose twind does not run; beside a program that draws one line.
func BenchmarkFirstFrame(b *testing.B) {
	dir := b.TempDir()
	program := filepath.Join(programs.In(b), "twinctl")
	config := pairedServer(b, program, dir)
	for b.Loop() {
		var first, known, yardstick []time.Duration
		for range looksAtFirst {
			p := newPTY(b)
			began := time.Now()
			cmd := p.start(b, "", program, "tui", "--theme", "plain", "--config", config)
			p.await(b, 0, "1 Twins")
			first = append(first, time.Since(began))
			p.await(b, 0, "SERVERS")
			known = append(known, time.Since(began))
			p.leave(b, cmd)
			p = newPTY(b)
			began = time.Now()
			cmd = p.start(b, asYardstick+"=1", os.Args[0])
			p.await(b, 0, "one line")
			yardstick = append(yardstick, time.Since(began))
			p.leave(b, cmd)
		}
		b.ReportMetric(ms(middle(first)), "ms-first")
		b.ReportMetric(ms(middle(known)), "ms-known")
		b.ReportMetric(ms(middle(yardstick)), "ms-yardstick")
		b.ReportMetric(ms(middle(known))/ms(middle(yardstick)), "x-yardstick")
	}
	b.ReportMetric(0, "ns/op")
}

// keysPressed is how many keys are timed.
const keysPressed = 200

// BenchmarkKeyToFrame is how soon what a key does stands on the terminal, with a
// hundred thousand rows in the list.
func BenchmarkKeyToFrame(b *testing.B) {
	rows := make([]Row, 100_000)
	for i := range rows {
		rows[i] = rowOf(kindOf("agent"), fmt.Sprint(100_000+i), fmt.Sprintf("Agent %d", i))
	}
	for b.Loop() {
		p := newPTY(b)
		from := everySource()
		from.Pair, from.Admin = &breathing{}, held{rows}
		ended := runOn(b, p, from)
		p.press(b, "6", "rows")
		p.press(b, strings.Repeat("j", slices.IndexFunc(kindNames(), func(name string) bool { return name == "agent" })), ">agent")
		p.press(b, "\r", ">      100000")
		took := p.keys(b, func(i int) string { return fmt.Sprintf(">      %d", 100_001+i) })
		y := newPTY(b)
		yardstick := y.start(b, asYardstick+"=1", os.Args[0])
		y.await(b, 0, "one line")
		least := y.keys(b, func(i int) string { return fmt.Sprintf("line %d", i+1) })
		y.leave(b, yardstick)
		if _, err := p.user.WriteString("q"); err != nil {
			b.Fatal(err)
		}
		if err := <-ended; err != nil {
			b.Error(err)
		}
		b.ReportMetric(ms(middle(took)), "ms-median")
		b.ReportMetric(ms(last(took)), "ms-p99")
		b.ReportMetric(ms(last(least)), "ms-p99-yardstick")
		b.ReportMetric(ms(last(took))/ms(last(least)), "x-yardstick")
	}
	b.ReportMetric(0, "ns/op")
}

// idleFor is how long nobody touches the screen.
const idleFor = 10 * time.Second

// BenchmarkIdle is what a screen costs that nobody touches: of a core, the program
// as it is installed, on a pair that hears an upstream, beside one that draws one
// line; of the line to the terminal, while every number of both servers moves each
// second.
func BenchmarkIdle(b *testing.B) {
	dir := b.TempDir()
	program := filepath.Join(programs.In(b), "twinctl")
	config := livingPair(b, program, filepath.Join(dir, "pair"))
	for b.Loop() {
		p, y := newPTY(b), newPTY(b)
		cmd := p.start(b, "", program, "tui", "--config", config)
		yardstick := y.start(b, asYardstick+"=1", os.Args[0])
		p.await(b, 0, "SERVERS")
		y.await(b, 0, "one line")
		alive := newPTY(b)
		from := everySource()
		from.Pair = &breathing{}
		ended := runOn(b, alive, from)
		alive.await(b, 0, "SERVERS")
		<-time.After(time.Second)
		was, wasYardstick, bytes := spent(b, cmd.Process.Pid), spent(b, yardstick.Process.Pid), alive.len()
		<-time.After(idleFor)
		share := func(d time.Duration) float64 { return 100 * d.Seconds() / idleFor.Seconds() }
		b.ReportMetric(share(spent(b, cmd.Process.Pid)-was), "%core")
		b.ReportMetric(share(spent(b, yardstick.Process.Pid)-wasYardstick), "%core-yardstick")
		b.ReportMetric(float64(alive.len()-bytes)/idleFor.Seconds(), "B/s")
		p.leave(b, cmd)
		y.leave(b, yardstick)
		if _, err := alive.user.WriteString("q"); err != nil {
			b.Fatal(err)
		}
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// keys presses j again and again, whenever between two frames, and returns how long
// each took to be seen.
func (p *pty) keys(b *testing.B, seen func(i int) string) (took []time.Duration) {
	b.Helper()
	for i := range keysPressed {
		<-time.After(time.Duration(rand.IntN(60)) * time.Millisecond)
		from := p.len()
		began := time.Now()
		if _, err := p.user.WriteString("j"); err != nil {
			b.Fatal(err)
		}
		p.await(b, from, seen(i))
		took = append(took, time.Since(began))
	}
	return took
}

// last returns what 99 of a hundred did not exceed.
func last(all []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(all))[len(all)*99/100]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func middle(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

func kindNames() []string {
	f := on("Admin", administered{})
	p, _ := f.page()
	return p.table.keys
}

// A breathing is a pair of which every number moves with each look.
type breathing struct{ looks int64 }

func (s *breathing) Load(context.Context) (State, error) {
	s.looks++
	is := crowd().State
	now := time.Now()
	is.Twin.At = now
	for _, feeds := range [][]float64{{1}, {2}} {
		doc := &is.Own
		if feeds[0] == 2 {
			doc = &is.Twin.Document
		}
		for i := range doc.Feeds {
			doc.Feeds[i].Records += s.looks * int64(13+i)
			doc.Feeds[i].Rate += float64((s.looks*7+int64(i))%50) / 4
		}
	}
	return is, nil
}

// held is rows that are there to be looked at.
type held struct{ rows []Row }

func (h held) Counts(context.Context) (map[string]int64, error) {
	return map[string]int64{"agent": int64(len(h.rows))}, nil
}
func (h held) Rows(context.Context, string) ([]Row, error)             { return h.rows, nil }
func (held) Changes(context.Context, string, string) ([]Edited, error) { return nil, nil }
func (held) Edited(context.Context, int64) (Edited, error)             { return Edited{}, nil }

// runOn runs the screens on a terminal.
func runOn(b *testing.B, p *pty, from Sources) <-chan error {
	b.Helper()
	ended := make(chan error, 1)
	go func() { ended <- Run(b.Context(), from, Options{In: p.tty, Out: p.tty, Theme: Plain()}) }()
	p.await(b, 0, "SERVERS")
	return ended
}

// press presses keys, and waits until a text is there.
func (p *pty) press(b *testing.B, keys, text string) {
	b.Helper()
	from := p.len()
	if _, err := p.user.WriteString(keys); err != nil {
		b.Fatal(err)
	}
	p.await(b, from, text)
}

// livingPair has a pair hear an upstream until the benchmark ends, and returns the
// configuration of its primary.
func livingPair(b *testing.B, program, dir string) string {
	b.Helper()
	demo := exec.Command(program, "demo", "--hold", "--dir", dir)
	said, err := demo.StdoutPipe()
	if err == nil {
		err = demo.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = demo.Process.Signal(os.Interrupt)
		_ = demo.Wait() // it was told to end
	})
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if lines.Text() == "ready" {
			return filepath.Join(dir, "cms-a", "twin.toml")
		}
	}
	b.Fatal("the pair does not come up")
	return ""
}

// pairedServer makes a server that has a twin, which is not there, and returns its
// configuration.
func pairedServer(b *testing.B, program, dir string) string {
	b.Helper()
	do := func(args ...string) string {
		out, err := exec.Command(program, args...).Output()
		if err != nil {
			b.Fatalf("%v: %v: %s", args, err, out)
		}
		return string(out)
	}
	config := map[string]string{}
	for name, role := range map[string]string{"cms-a": "primary", "cms-b": "secondary"} {
		at := filepath.Join(dir, name)
		if err := os.Mkdir(at, 0o700); err != nil {
			b.Fatal(err)
		}
		config[name] = filepath.Join(at, "twin.toml")
		text := fmt.Sprintf("name = %q\ndata = %q\nhttp.listen = \"\"\n[twin]\nidentity = %q\nknown_hosts = %q\n[ssh]\nlisten = \"127.0.0.1:1\"\nhost_key = %q\n",
			name, filepath.Join(at, "data"), filepath.Join(at, "id"), filepath.Join(at, "known_hosts"), filepath.Join(at, "host_key"))
		if err := os.WriteFile(config[name], []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		do("init", "--role", role, "--no-timetables", "--config", config[name])
	}
	line := do("pair", "show", "--address", "twin@127.0.0.1:1", "--config", config["cms-b"])
	do("pair", "accept", strings.TrimSpace(line), "--yes", "--config", config["cms-a"])
	return config["cms-a"]
}
