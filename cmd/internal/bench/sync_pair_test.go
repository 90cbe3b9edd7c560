package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/sync/push"
)

// An office is a pair in which people administer the primary. The secondary is
// reached through OpenSSH, which runs `twinctl peer` there for each session.
type office struct {
	sshd
	program       string
	config, other *config.Config // the primary's and the secondary's
	data          *app.Data      // the primary's
}

// newOffice makes one.
func newOffice(b *testing.B, program string) *office {
	b.Helper()
	o := &office{sshd: startSSHD(b), program: program}
	o.config, o.other = o.server(b, "cms-a", "primary"), o.server(b, "cms-b", "secondary")
	for _, way := range [][2]*config.Config{{o.config, o.other}, {o.other, o.config}} {
		line := o.run(b, "pair", "show", "--config", way[0].File)
		o.run(b, "pair", "accept", string(line), "--yes", "--config", way[1].File)
	}
	o.open(b)
	b.Cleanup(func() { shut(b, o.data) })
	return o
}

// server makes a server that the twin reaches through the sshd.
func (o *office) server(b *testing.B, name, role string) *config.Config {
	b.Helper()
	file := filepath.Join(b.TempDir(), "twin.toml")
	keys := o.keys // into which the secondary's twin is let
	if role == "primary" {
		keys = filepath.Join(b.TempDir(), "keys")
	}
	text := fmt.Sprintf("name = %q\ndata = \"data\"\n[ssh]\naddress = \"%s@127.0.0.1:%s\"\nhost_key_pub = %q\nauthorized_keys = %q\n",
		name, o.user, o.port, o.hostKey, keys)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	o.run(b, "init", "--role", role, "--no-timetables", "--config", file)
	c, err := config.Load(file, config.Source{}, collector.Kinds())
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func (o *office) run(b *testing.B, args ...string) []byte {
	b.Helper()
	var said strings.Builder
	cmd := exec.Command(o.program, args...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("twinctl %q: %v\n%s", args, err, said.String())
	}
	return out
}

func (o *office) open(b *testing.B) {
	b.Helper()
	var err error
	if o.data, err = app.OpenData(context.WithoutCancel(b.Context()), o.config.Data, store.Use); err != nil {
		b.Fatal(err)
	}
}

// set has a person set rows, once more in other words each time.
func (o *office) set(b *testing.B, rows []int, word string) {
	b.Helper()
	edits := make([]admin.Edit, len(rows))
	for i, n := range rows {
		edits[i] = admin.Edit{Kind: "agent", Key: fmt.Sprintf("agent %d", n), Body: admin.Body{
			"name": fmt.Sprintf("Agent No. %d %s", n, word), "aliases": []string{fmt.Sprintf("PJSIP/%d", n)},
		}}
	}
	by := admin.Author{Actor: "ann", From: "local", Verb: "admin.set"}
	if _, err := o.data.Admin.Change(b.Context(), by, edits, admin.How{}); err != nil {
		b.Fatal(err)
	}
}

// A carried is what a sync took, its dialling included.
type carried struct {
	took    time.Duration
	dialled time.Duration // of that, until the secondary listened
	wire    int64         // bytes, both ways, with all that SSH adds
	payload int64         // bytes of what was asked, answered and put
	rows    int           // that were pushed
}

// sync dials, and makes the secondary what the primary is.
func (o *office) sync(b *testing.B) (c carried) {
	b.Helper()
	begun := time.Now()
	notary := app.Notary{Config: o.config, Node: o.data.Node}
	line, err := notary.Dial(b.Context(), link.Options{})
	if err != nil {
		b.Fatal(err)
	}
	dialled := time.Since(begun)
	by := admin.Author{Actor: "ann", From: "local", Verb: "sync"}
	p, err := notary.Pusher(b.Context(), o.data.Admin, line, push.Options{By: by})
	if err != nil {
		b.Fatal(err)
	}
	weighed := &weighed{payload: payload{Client: line.Client}}
	p.Peer = weighed
	plan, _, err := p.Run(b.Context(), func(context.Context, *push.Plan) (bool, error) { return true, nil })
	if err != nil {
		b.Fatal(err)
	}
	c = carried{time.Since(begun), dialled, wireBytes(line.Client), int64(weighed.bytes) + weighed.put, len(plan.Rows)}
	shut(b, line)
	return c
}

// weighed also counts what is put.
type weighed struct {
	payload
	put int64
}

func (w *weighed) Put(ctx context.Context, path string, from io.ReaderAt, size int64) error {
	w.put += size
	return w.Client.Put(ctx, path, from, size)
}

// copied copies the secondary's admin.db to a directory, once nobody there has
// it open: the last who closes it folds its log in.
func (o *office) copied(b *testing.B) string {
	b.Helper()
	file := filepath.Join(o.other.Data, admin.File)
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(time.Millisecond) {
		if _, err := os.Stat(file + "-wal"); os.IsNotExist(err) {
			break
		}
		if time.Now().After(deadline) {
			b.Fatal("the secondary's admin.db is never closed")
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, admin.File), text, 0o600); err != nil {
		b.Fatal(err)
	}
	return dir
}

// beside reports what bringing the file itself over costs: by rsync, on the
// basis of what the secondary had, and whole.
func (o *office) beside(b *testing.B, basis string, c carried) {
	b.Helper()
	shut(b, o.data)
	defer o.open(b)
	file := filepath.Join(o.config.Data, admin.File)
	r := o.rsync(b, file, basis, "--compress")
	b.ReportMetric(r.took.Seconds()/c.took.Seconds(), "x-rsync-time")
	b.ReportMetric(float64(r.wire)/float64(c.wire), "x-rsync-wire")
	whole := o.rsync(b, file, b.TempDir())
	b.ReportMetric(whole.took.Seconds()/c.took.Seconds(), "x-copy-time")
	b.ReportMetric(float64(whole.wire)/float64(c.wire), "x-copy-wire")
}
