package bench

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/fixtures/programs"
	"github.com/twinctl/twin/switchover"
	"github.com/twinctl/twin/sync/link"
)

// movesAtOnce is how many switch-overs are one turn of the benchmark: ten turns
// are 200.
const movesAtOnce = 20

// A moved is what moves of the role took, each as its own program told it.
type moved struct {
	gaps, commands, dry []time.Duration
	steps               map[string][]time.Duration
}

// BenchmarkSwitchover moves the role over and back between two servers with a
// feed and three timetables: how long nobody was primary, the whole command with
// the start of its program, each step by the journal, and a dry run before every
// second of them. Then the primary's twind is killed, and the other server takes
// the role, on a person's word: the whole command after that word, each step, and
// the rest, which is the start of the program, the request and the look for the
// dead server; and once more with a machine that takes connections and is mute.
// The yardsticks are what these consist of: a question over SSH, a session that
// is opened for one, a flushed transaction, and the start of a program.
// BENCHTIME=10x is 200 moves.
func BenchmarkSwitchover(b *testing.B) {
	p := startPair(b)
	all := moved{steps: map[string][]time.Duration{}}
	var dead, mute promoted
	for b.Loop() {
		for i := range movesAtOnce {
			if i%2 == 0 {
				all.dry = append(all.dry, p.dryRun(b))
			}
			p.move(b, &all)
		}
		for range deathsAtOnce {
			p.promote(b, &dead, false)
		}
		p.promote(b, &mute, true)
	}
	b.ReportMetric(0, "ns/op") // the steps tell more
	all.report(b)
	dead.report(b, "dead")
	mute.report(b, "mute")
	p.yardsticks(b)
}

// A movable is a pair of running servers, and the program that moves its role.
type movable struct {
	dir  string // of the programs
	a, z *server
	to   []*server // who is to be primary next, and then
}

func startPair(b *testing.B) *movable {
	b.Helper()
	p := &movable{dir: programs.In(b)}
	p.a, p.z = newServer(b, "cms-a", node.Primary, newUpstream(b).Addr()), newServer(b, "cms-b", node.Secondary, newUpstream(b).Addr())
	p.to = []*server{p.z, p.a}
	pair(b, p.a, p.z)
	for name, schedule := range map[string]string{"often": "every 1s", "now and then": "every 5s", "nightly": "30 3 * * *"} {
		p.twinctl(b, p.a, 0, "admin", "timetable", "set", name, "schedule="+schedule, "tasks=exec /bin/true")
	}
	p.a.run(b, filepath.Join(p.dir, "twind"))
	p.z.run(b, filepath.Join(p.dir, "twind"))
	p.settle(b, p.a)
	return p
}

// settle waits until the role can be moved, as a server sees it.
func (p *movable) settle(b *testing.B, by *server) {
	b.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; <-time.After(time.Second) {
		out, exit := p.try(b, by, "switchover", "--dry-run", "--json")
		if exit == 0 {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("the pair is never ready: exit status %d: %s", exit, out)
		}
	}
}

// try runs twinctl on a server.
func (p *movable) try(b *testing.B, on *server, args ...string) (out []byte, exit int) {
	b.Helper()
	var said bytes.Buffer
	cmd := exec.Command(filepath.Join(p.dir, "twinctl"), append([]string{"--config", on.config.File}, args...)...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		b.Fatal(err)
	}
	return append(out, said.Bytes()...), cmd.ProcessState.ExitCode()
}

// twinctl does the same, and demands an exit status.
func (p *movable) twinctl(b *testing.B, on *server, want int, args ...string) []byte {
	b.Helper()
	out, exit := p.try(b, on, args...)
	if exit != want {
		b.Fatalf("twinctl %q on %s: exit status %d: %s", args, on.config.Name, exit, out)
	}
	return out
}

func (p *movable) dryRun(b *testing.B) time.Duration {
	b.Helper()
	begun := time.Now()
	p.twinctl(b, p.a, 0, "switchover", "--dry-run")
	return time.Since(begun)
}

// move moves the role once, typed on cms-a, so that the runner is on who gives it
// and on who takes it in turn.
func (p *movable) move(b *testing.B, all *moved) {
	b.Helper()
	begun := time.Now()
	out := p.twinctl(b, p.a, 0, "switchover", "--to", p.to[0].config.Name, "--yes", "--json")
	all.commands = append(all.commands, time.Since(begun))
	var r switchover.Result
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&r); err != nil || r.Outcome != switchover.OutcomeDone || r.GapMS == nil {
		b.Fatalf("%v: %s", err, out)
	}
	all.gaps = append(all.gaps, ms(*r.GapMS))
	for _, s := range r.Steps {
		all.steps[s.Name] = append(all.steps[s.Name], ms(s.TookMS))
	}
	p.to[0], p.to[1] = p.to[1], p.to[0]
}

func ms(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

func (m *moved) report(b *testing.B) {
	b.Helper()
	show := func(name string, all []time.Duration, q float64) {
		b.ReportMetric(float64(quantile(all, q).Microseconds())/1000, name+"-ms")
	}
	b.ReportMetric(float64(len(m.gaps)), "moves")
	show("gap-p50", m.gaps, 0.5)
	show("gap-p99", m.gaps, 0.99)
	show("command-p50", m.commands, 0.5)
	show("command-p99", m.commands, 0.99)
	show("dry-run-p50", m.dry, 0.5)
	for name, took := range m.steps {
		show(name+"-p50", took, 0.5)
	}
}

// yardsticks measures what a move is made of.
func (p *movable) yardsticks(b *testing.B) {
	b.Helper()
	notary := app.Notary{Config: p.a.config, Node: p.a.data.Node}
	line, err := notary.Dial(b.Context(), link.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer shut(b, line)
	db := rawDB(b)
	const often = 50
	for name, do := range map[string]func() error{
		"ssh-trip": func() error { _, err := line.Check(b.Context(), false); return err },
		"ssh-open": func() error {
			l, err := notary.Dial(b.Context(), link.Options{})
			if err == nil {
				err = l.Close()
			}
			return err
		},
		"commit":  func() error { _, err := db.Exec(`INSERT INTO t (n) VALUES (1)`); return err },
		"program": func() error { p.twinctl(b, p.a, 0, "version"); return nil },
	} {
		took := make([]time.Duration, often)
		for i := range took {
			begun := time.Now()
			if err := do(); err != nil {
				b.Fatalf("%s: %v", name, err)
			}
			took[i] = time.Since(begun)
		}
		b.ReportMetric(float64(quantile(took, 0.5).Microseconds())/1000, name+"-ms")
	}
}

// rawDB is a file of SQLite that flushes as the house's do.
func rawDB(b *testing.B) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`CREATE TABLE t (n INTEGER NOT NULL) STRICT`); err != nil {
		b.Fatal(err)
	}
	return db
}
