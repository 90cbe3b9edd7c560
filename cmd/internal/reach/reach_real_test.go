//go:build real

package reach_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/reach"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/fixtures/daemon"
	"github.com/twinctl/twin/sync/link"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An sftpd is OpenSSH's server with a directory for files, and nothing else
// that a key may do.
type sftpd struct {
	*daemon.Daemon
	dir    string
	remote feed.Remote
}

func startSFTP(t *testing.T) *sftpd {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "twin-reach-") //nolint:usetesting // sshd wants that nobody else may write above it
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	me, err := user.Current()
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	s := &sftpd{dir: dir, remote: feed.Remote{
		Address: me.Username + "@" + address, KeyFile: dir + "/id", KnownHosts: dir + "/known_hosts",
	}}
	hostKey, err := link.EnsureHostKey(dir + "/host")
	must(t, err)
	key, err := link.EnsureIdentity(s.remote.KeyFile)
	must(t, err)
	must(t, link.PinHost(s.remote.KnownHosts, s.remote.Address, hostKey))
	must(t, os.WriteFile(dir+"/authorized_keys", []byte(`restrict,command="internal-sftp" `+key+"\n"), 0o600))
	_, port, err := net.SplitHostPort(address)
	must(t, err)
	must(t, os.WriteFile(dir+"/config", fmt.Appendf(nil, `ListenAddress 127.0.0.1:%s
HostKey %[2]s/host
AuthorizedKeysFile %[2]s/authorized_keys
AuthenticationMethods publickey
PermitRootLogin forced-commands-only
Subsystem sftp internal-sftp
PidFile none
UsePAM no
`, port, dir), 0o600))
	for _, name := range []string{"in", "stage", "archive", "error"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	must(t, os.MkdirAll("/run/sshd", 0o755)) // sshd wants it when root starts it
	s.start(t)
	return s
}

func (s *sftpd) start(t *testing.T) {
	t.Helper()
	s.Daemon = daemon.Start(t, exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", s.dir+"/config"))
	_, address, _ := strings.Cut(s.remote.Address, "@")
	s.Listens(address)
}

// open makes the source of a section.
func (s *sftpd) open(t *testing.T) feed.Source {
	t.Helper()
	text := fmt.Sprintf(`
name = "cms-a"
data = "data"
[[feed]]
name = "cdr"
kind = "files"
format = "queue_log"
dir = "sftp://%s%[2]s/in"
key_file = "%[2]s/id"
known_hosts_file = "%[2]s/known_hosts"
poll = "1s"
age = "0s"
late = "1m"
after = "archive"
stage = "%[2]s/stage"
archive = "%[2]s/archive"
error = "%[2]s/error"
`, s.remote.Address, s.dir)
	c, err := config.Check(s.dir+"/twin.toml", text, collector.Kinds())
	must(t, err)
	source, err := c.Feeds[0].Open(slog.New(slog.NewTextHandler(t.Output(), nil)))
	must(t, err)
	return source
}

// A directory on an SFTP server is read file by file, each of them is archived
// there once it is stored, and what happens to the server costs nothing.
func TestRealSFTP(t *testing.T) {
	s := startSFTP(t)
	write := func(name, text string) { must(t, os.WriteFile(filepath.Join(s.dir, "in", name), []byte(text), 0o600)) }
	var big strings.Builder
	for i := range 50000 {
		fmt.Fprintf(&big, "%d|%06d|and so on for a while, so that the file takes more than one packet\n", 1767225600+i, i)
	}
	write("a", "1767225600|a\n1767225600|a\n")
	write("b", "1767225601|b\nwhat\n")
	write("big", big.String())
	write("_not", "1767225602|not\n")
	source := s.open(t)
	tester, ok := source.(feed.Tester)
	if !ok {
		t.Fatal("it has no test")
	}
	for _, c := range tester.Test(t.Context(), true) {
		if c.Result != feed.Pass {
			t.Errorf("%+v", c)
		}
	}
	d := collect(t, source)
	await.Until(t, "all is stored and archived", func() bool { return d.count() == 50003 && len(names(t, s.dir+"/archive")) == 2 })
	s.End(syscall.SIGKILL) // the session under way goes on: cut it as well
	d.stop(t)
	s.start(t)
	d = collect(t, s.open(t))
	write("c", "1767225605|c\n")
	await.Until(t, "c is stored and archived", func() bool { return d.count() == 1 && slices.Contains(names(t, s.dir+"/archive"), "c") })
	d.stop(t)
	if got := names(t, s.dir+"/in"); !slices.Equal(got, []string{"_not"}) {
		t.Errorf("left: %q", got)
	}
	if got := names(t, s.dir+"/error"); !slices.Equal(got, []string{"b", "b.reason"}) {
		t.Errorf("wrong: %q", got)
	}
	key, err := link.EnsureHostKey(s.dir + "/other")
	must(t, err)
	must(t, link.PinHost(s.remote.KnownHosts, s.remote.Address, key))
	_, err = reach.Open(t.Context(), s.remote)
	if lost, ok := errors.AsType[*feed.Lost](err); !ok || lost.Reason != feed.Refused || !errors.Is(err, link.ErrHostKey) {
		t.Errorf("another host key: %v", err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// A desk takes what a source tells.
type desk struct {
	q      *feed.Queue
	cancel context.CancelFunc
	done   chan error
	told   int
}

func collect(t *testing.T, source feed.Source) *desk {
	t.Helper()
	d := &desk{done: make(chan error, 1)}
	d.q = feed.NewQueue(feed.Options{QueueLimit: feed.DefaultQueueLimit}, feed.Kind{}, func() {}) // count looks by itself
	ctx, cancel := context.WithCancel(t.Context())
	d.cancel = cancel
	go func() { d.done <- source.Run(ctx, feed.Start{}, d.q) }()
	return d
}

// count stores what was told, and returns how many records that were.
func (d *desk) count() int {
	if b, ok := d.q.Take(); ok {
		d.told += len(b.Records)
		d.q.Done()
	}
	return d.told
}

func (d *desk) stop(t *testing.T) {
	t.Helper()
	d.cancel()
	must(t, <-d.done)
}
