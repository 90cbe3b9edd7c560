package bench

import (
	"bytes"
	"encoding/json"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/switchover"
)

// deathsAtOnce is how often a turn of the benchmark kills the primary.
const deathsAtOnce = 3

// A promoted is what promotions took, each as its own program told it.
type promoted struct {
	commands, rest []time.Duration
	steps          map[string][]time.Duration
}

// promote kills the primary's twind, which is its machine too: it served the link
// itself. The other server is told that it is down, and takes the role. The old
// primary comes back, and becomes secondary by itself. If mute, its machine still
// takes connections, and says nothing.
func (p *movable) promote(b *testing.B, all *promoted, mute bool) {
	b.Helper()
	heir, dead := p.to[0], p.to[1]
	if err := dead.cmd.Process.Kill(); err != nil {
		b.Fatal(err)
	}
	_ = dead.cmd.Wait() // it was killed
	silence := func() {}
	if mute {
		l, err := net.Listen("tcp", dead.config.SSH.Listen)
		if err != nil {
			b.Fatal(err)
		}
		silence = func() { shut(b, l) }
	}
	begun := time.Now()
	out := p.twinctl(b, heir, 0, "promote", "--primary-is-down", "--confirm", dead.config.Name, "--reason", "it was killed", "--json")
	all.add(b, time.Since(begun), out)
	silence()
	p.to[0], p.to[1] = dead, heir
	dead.run(b, filepath.Join(p.dir, "twind"))
	p.settle(b, heir)
}

// add takes what a promotion says of itself. What its journal does not tell is
// the start of the program, the request, and how long the dead server is looked
// for.
func (all *promoted) add(b *testing.B, took time.Duration, said []byte) {
	b.Helper()
	var r switchover.Promoted
	if err := json.NewDecoder(bytes.NewReader(said)).Decode(&r); err != nil || r.Outcome != switchover.OutcomeDone || !r.Ruling.Attested {
		b.Fatalf("%v: %s", err, said)
	}
	all.commands = append(all.commands, took)
	if all.steps == nil {
		all.steps = map[string][]time.Duration{}
	}
	for _, s := range r.Steps {
		if s.Name == "look" {
			continue // it is noted once it is done
		}
		all.steps[s.Name] = append(all.steps[s.Name], ms(s.TookMS))
		took -= ms(s.TookMS)
	}
	all.rest = append(all.rest, took)
}

// report tells of promotions: what begins with dead is of a primary whose machine
// refuses connections, and what begins with mute of one that says nothing.
func (all *promoted) report(b *testing.B, name string) {
	b.Helper()
	show := func(what string, of []time.Duration, q float64) {
		b.ReportMetric(float64(quantile(of, q).Microseconds())/1000, name+"-"+what+"-ms")
	}
	show("command-p50", all.commands, 0.5)
	show("command-max", all.commands, 1)
	show("rest-p50", all.rest, 0.5)
	for step, took := range all.steps {
		show(step+"-p50", took, 0.5)
	}
}
