package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/sync/link"
)

// Ready finds what would keep a step from being done, before the first of them.
// It changes nothing.
func Ready(ctx context.Context, g Goal, steps []Step) error {
	var err error
	for _, s := range steps {
		if s.State != Todo {
			continue
		}
		switch s.Do {
		case MakeData:
			err = Writable(g.Data)
		case WriteSecret:
			err = Writable(g.SecretFile)
		case PinHost:
			err = Writable(g.Pin.File)
		case WriteConfig:
			if err = Writable(g.File); err == nil {
				err = free(ctx, g.Listen)
			}
		case Examine, Init, Start, Show: // they say it themselves, or need what the others make
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Obstacles finds answers that this machine does not go with, before anything is
// written: what Ready would find, and a directory that is another server's. It
// changes nothing.
func (r Rim) Obstacles(ctx context.Context, a Answers) (all config.Problems) {
	for _, look := range []struct {
		key string
		is  func() error
	}{
		{"data", func() error { return r.fits(ctx, a) }},
		{"feed.known_hosts_file", func() error {
			p, err := Unpinned(a)
			if err == nil && p != nil {
				err = Writable(p.File)
			}
			return err
		}},
		{"ssh.listen", func() error { return free(ctx, a["ssh.listen"]) }},
	} {
		if a[look.key] == "" {
			continue
		}
		if err := look.is(); err != nil {
			key, ofFeed := strings.CutPrefix(look.key, "feed.")
			p := &config.Problem{Where: r.File, Key: key, Err: err}
			if ofFeed {
				p.Feed = a["feed.name"]
			}
			all = append(all, p)
		}
	}
	return all
}

// fits tells whether the directory of the databases can be this server's.
func (r Rim) fits(ctx context.Context, a Answers) error {
	if os.Geteuid() != 0 {
		if err := app.BecomeOwner(a["data"]); err != nil { // refuses whoever is not
			return err
		}
	}
	u, there, err := owner(a["data"])
	if err != nil {
		return err
	}
	if !there {
		return Writable(a["data"])
	}
	self, err := identity(ctx, a["data"], u)
	if err != nil || self == nil {
		return err
	}
	g := Goal{Data: a["data"], Name: cmp.Or(a["name"], self.Name), Role: cmp.Or(a[Role], string(self.Role))}
	return another(g, self)
}

// Writable tells whether this process may make a file of that name, and the
// directories above it that are missing. A refusal holds the line that may.
func Writable(path string) error {
	dir := filepath.Dir(path)
	for {
		_, err := os.Stat(dir)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return app.Denied(err)
		}
		dir = filepath.Dir(dir)
	}
	if err := unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return app.Denied(fmt.Errorf("%s cannot be written, nothing was changed: %s: %w", path, dir, err))
	}
	return nil
}

// free tells whether nobody listens at an address yet; "" is none.
func free(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		_, port, _ := net.SplitHostPort(address) // it was listened on
		return cli.Fail(cli.Busy, fmt.Errorf("ssh.listen = %q: %w; nothing was changed", address, err), fmt.Sprintf("ss -ltnp 'sport = :%s'", port))
	case err != nil:
		return cli.Fail(cli.Usage, fmt.Errorf("ssh.listen = %q: %w; nothing was changed", address, err), "ip address")
	}
	return l.Close()
}

// Taken says why twind will not start, "" if it may: somebody listens where it would
// tell how it is. It is no question, and may be free by then.
func Taken(ctx context.Context, g Goal) string {
	if g.Pages == "" {
		return ""
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", g.Pages)
	if err != nil {
		return fmt.Sprintf("http.listen = %q: %v: twind does not start with that; --set http.listen=HOST:PORT says another", g.Pages, err)
	}
	if err := l.Close(); err != nil {
		return err.Error()
	}
	return ""
}

// Unreached says why the twin will not come to Twin's own SSH server, "" if it may.
func Unreached(g Goal) string {
	host, _, err := net.SplitHostPort(g.Listen)
	if err != nil || !loopback(host) {
		return ""
	}
	if g.Address == "" {
		return fmt.Sprintf("ssh.listen = %q is for this machine alone, and no address was said: the twin is told this host's name", g.Listen)
	}
	if at, err := link.ParseAddress(g.Address); err == nil && loopback(at.Host) {
		return "" // a lab, or a tunnel that ends there
	}
	return fmt.Sprintf("ssh.listen = %q is for this machine alone, and the twin is told %s", g.Listen, g.Address)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
