package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/fill"
	"github.com/twinctl/twin/sync/link"
)

// serve lets a history be asked over the embedded SSH server, on loopback, and
// returns a link to it.
func serve(b *testing.B, db *history.DB) *link.Client {
	b.Helper()
	dir := b.TempDir()
	hostKeyFile, target := filepath.Join(dir, "host_key"), link.Target{
		Name: "other", Identity: filepath.Join(dir, "id_ed25519"), KnownHosts: filepath.Join(dir, "known_hosts"),
	}
	hostKey, err := link.EnsureHostKey(hostKeyFile)
	if err != nil {
		b.Fatal(err)
	}
	line, err := link.EnsureIdentity(target.Identity)
	if err != nil {
		b.Fatal(err)
	}
	server, err := link.NewServer(link.ServerOptions{
		HostKey:   hostKeyFile,
		Authorize: func(_ context.Context, key string) (string, bool) { return "other", key == line },
		Serve: func(ctx context.Context, _ string, s link.Session, rw io.ReadWriter) error {
			if s == link.Files {
				return link.ServeFiles(ctx, rw, tree{fill.Tree{Side: fill.Local{DB: db}}}, link.Options{})
			}
			return link.ServeControl(ctx, rw, fill.Handler{Side: fill.Local{DB: db}}, link.Options{})
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	await.Run(b, func(ctx context.Context) error { return server.Run(ctx, l) })
	target.Address = "twin@" + l.Addr().String()
	if err := link.PinHost(target.KnownHosts, target.Address, hostKey); err != nil {
		b.Fatal(err)
	}
	c, err := link.Dial(b.Context(), target, link.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

// A tree opens the files of a history: link wants its own kind of file.
type tree struct{ fill.Tree }

func (t tree) Open(ctx context.Context, path string) (link.File, error) {
	f, err := t.Tree.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// A payload counts what is asked and answered over a link, without the link's
// own bytes.
type payload struct {
	*link.Client
	calls, bytes int
}

func (p *payload) Call(ctx context.Context, verb string, args, answer any) error {
	question, err := json.Marshal(args)
	if err != nil {
		return err
	}
	var said json.RawMessage
	if err := p.Client.Call(ctx, verb, args, &said); err != nil {
		return err
	}
	p.calls++
	p.bytes += len(verb) + len(question) + len(said)
	return json.Unmarshal(said, answer)
}

func wireBytes(c *link.Client) int64 { return c.BytesIn() + c.BytesOut() }

// sizes runs a benchmark for each number of records; the largest can be left out.
func sizes(b *testing.B, run func(b *testing.B, records int), all ...int) {
	b.Helper()
	for _, n := range all {
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			if n > 1_000_000 && small() {
				b.Skip("left out by " + smallVariable)
			}
			run(b, n)
		})
	}
}
