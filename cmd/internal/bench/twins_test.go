package bench

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// A server is one of two that were paired with each other: a twind each, with
// the same feed.
type server struct {
	twind
	config *config.Config
}

// newServer writes a server's files. Its history may be made before it is run.
func newServer(b *testing.B, name string, role node.Role, address net.Addr) *server {
	b.Helper()
	dir := b.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	l.Close()
	file := filepath.Join(dir, "twin.toml")
	text := fmt.Sprintf(`
name = %q
data = "data"
[http]
listen = ""
[ssh]
listen = %q
[[feed]]
name = %q
kind = "lines"
addresses = ["tcp://%s"]
time = {field = 1, separator = ",", layout = "epoch"}
`, name, l.Addr(), madeFeed, address)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	s := &server{}
	if s.config, err = config.Load(file, config.Source{}, collector.Kinds()); err != nil {
		b.Fatal(err)
	}
	if err := app.Init(b.Context(), s.config.Data, name, role); err != nil {
		b.Fatal(err)
	}
	if s.data, err = app.OpenData(b.Context(), s.config.Data, store.Use); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.data.Close() })
	return s
}

// run runs its twind, until stop is called or the benchmark ends. It may be run
// again after that, or once it was killed.
func (s *server) run(b *testing.B, program string) (stop func()) {
	b.Helper()
	cmd := exec.Command(program, "--config", s.config.File, "--log-level", "warn")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	s.cmd = cmd
	stop = sync.OnceFunc(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if b.Failed() {
			b.Logf("%s said:\n%s", s.config.Name, said.String())
		}
	})
	b.Cleanup(stop)
	return stop
}

func pair(b *testing.B, a, z *server) {
	b.Helper()
	for _, way := range [][2]*server{{a, z}, {z, a}} {
		from, to := way[0], way[1]
		offer, err := app.Notary{Config: from.config, Node: from.data.Node}.Offer(b.Context(), app.Where{Address: "twin@" + from.config.SSH.Listen})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := (app.Notary{Config: to.config, Node: to.data.Node}).Accept(b.Context(), offer, "", "bench"); err != nil {
			b.Fatal(err)
		}
	}
}
