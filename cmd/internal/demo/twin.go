package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/freeport"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// The login of the demo's upstream, which lives and dies with it.
const (
	user   = "twin"
	secret = "demo"
)

// feedName is the name of the feed on both servers, of the first if there are
// several, and of the source that these have in common.
const feedName = "pbx"

const stopWithin = 2500 * time.Millisecond // for a server to end before it is killed

// A twin is one of the two servers.
type twin struct {
	name   string
	dir    string
	config string // path of its twin.toml
	ways   []way  // its feeds
	data   *app.Data
	cfg    *config.Config
	proc   *exec.Cmd     // nil until it is started
	ended  chan struct{} // closed when proc has; nil until then

	stopping atomic.Bool // it is told to end
	log      *slog.Logger
}

// make writes a server's files. Where is what each of its feeds dials, follows or
// listens on.
func (t *twin) make(ctx context.Context, role node.Role, where []string) error {
	t.config = filepath.Join(t.dir, "twin.toml")
	if err := os.Mkdir(t.dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(t.dir, "pbx.secret"), []byte(secret+"\n"), 0o600); err != nil {
		return err
	}
	web, err := freeport.Address(ctx)
	if err != nil {
		return err
	}
	ssh, err := freeport.Address(ctx)
	if err != nil {
		return err
	}
	text := fmt.Appendf(nil, "name = %q\ndata = \"data\"\n\n[http]\nlisten = %q\n\n[ssh]\nlisten = %q\n", t.name, web, ssh)
	for i, w := range t.ways {
		text = append(append(text, '\n'), w.section(where[i], len(t.ways) > 1)...)
	}
	if err := os.WriteFile(t.config, text, 0o600); err != nil {
		return err
	}
	if t.cfg, err = config.Load(t.config, config.Source{}, collector.Kinds()); err != nil {
		return err
	}
	if err := app.Init(ctx, t.cfg.Data, t.name, role); err != nil {
		return err
	}
	t.data, err = app.OpenData(ctx, t.cfg.Data, store.Use)
	return err
}

// pair makes each of the two the other's twin, as twinctl pair show and accept do.
func pair(ctx context.Context, a, b *twin) error {
	for _, way := range [][2]*twin{{a, b}, {b, a}} {
		from, to := way[0], way[1]
		offer, err := from.notary().Offer(ctx, app.Where{Address: "twin@" + from.cfg.SSH.Listen})
		if err != nil {
			return err
		}
		if _, err := to.notary().Accept(ctx, offer, "", "demo"); err != nil {
			return err
		}
	}
	return nil
}

func (t *twin) notary() app.Notary { return app.Notary{Config: t.cfg, Node: t.data.Node} }

// start runs twind on it, whose output goes to a file beside its configuration.
func (t *twin) start(o Options) error {
	program, err := findTwind(o.Twind)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(t.dir, "twind.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()                                   //nolint:errcheck // the child has its own
	proc := exec.Command(program, "--config", t.config) //nolint:noctx,gosec // it is stopped in order, by stopAll; a person names the program
	proc.Stderr = out
	proc.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true,            // Ctrl-C is for the demo, which then stops it
		Pdeathsig: syscall.SIGKILL, // it does not outlive a demo that can stop nothing any more
	}
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		// It is told of the end of the thread that starts it, and no other
		// goroutine may end this one.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := proc.Start()
		started <- err
		if err != nil {
			return
		}
		err = proc.Wait()
		if o.Hold && !t.stopping.Load() {
			fmt.Fprintf(o.Err, "demo: %s has died (%v); it comes back with: twind --config %s\n", t.name, err, t.config)
		}
	}()
	if err := <-started; err != nil {
		return errors.Join(fmt.Errorf("demo: start %s: %w", program, err), os.Remove(out.Name()))
	}
	t.proc, t.ended = proc, ended
	return nil
}

// stop ends the server in order.
func (t *twin) stop() error {
	if err := t.proc.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("demo: stop %s: %w", t.name, err)
	}
	select {
	case <-t.ended:
		return nil
	case <-time.After(collectWithin):
		return fmt.Errorf("demo: %s does not stop, see %s/twind.log", t.name, t.dir)
	}
}

func findTwind(program string) (string, error) {
	if program != "" {
		return program, nil
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "twind")
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	program, err := exec.LookPath("twind")
	if err != nil {
		return "", errors.New("demo: there is no twind beside this program, nor in PATH: run make build")
	}
	return program, nil
}

// status asks the server's files what it is doing.
func (t *twin) status(ctx context.Context) (node.Document, error) {
	return app.Status(ctx, t.cfg, t.data)
}

// stopAll ends the servers, those that a person has started again too. It
// returns within three seconds.
func stopAll(twins []*twin, log *slog.Logger) {
	for _, t := range twins {
		t.stopping.Store(true)
		if pid := app.Running(t.cfg.Data); pid != 0 {
			if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
				log.Warn("a server cannot be told to stop", "server", t.name, "pid", pid, "err", err)
			}
		}
	}
	deadline := time.Now().Add(stopWithin)
	for _, t := range twins {
		t.stopped(deadline)
		if t.data != nil {
			if err := t.data.Close(); err != nil {
				log.Warn("a server's files cannot be closed", "server", t.name, "err", err)
			}
		}
	}
}

// stopped waits until the server has ended, and kills it at the deadline.
func (t *twin) stopped(deadline time.Time) {
	for time.Now().Before(deadline) {
		if app.Running(t.cfg.Data) == 0 {
			break
		}
		time.Sleep(pollInterval)
	}
	if pid := app.Running(t.cfg.Data); pid != 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL) // if that fails it has ended meanwhile
	}
	if t.proc == nil {
		return
	}
	select {
	case <-t.ended:
	case <-time.After(time.Until(deadline)):
		_ = t.proc.Process.Kill() // as above
		<-t.ended
	}
}
