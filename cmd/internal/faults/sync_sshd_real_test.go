//go:build real

package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/fixtures/daemon"
	"github.com/twinctl/twin/sync/link"
)

// Offices are two servers that OpenSSH's server joins: people administer the
// first, and for each link it runs `twinctl peer` of the second.
type offices struct {
	t    *testing.T
	a, b *server
	toB  *road
}

func newOffices(t *testing.T) *offices {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "twin-faults-") //nolint:usetesting // sshd believes no keys where others may write
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	o := &offices{t: t, toB: newRoad(t, startSshd(t, dir))}
	o.a, o.b = o.server("cms-a", "primary", filepath.Join(dir, "unused")), o.server("cms-b", "secondary", filepath.Join(dir, "keys"))
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range [][2]*server{{o.a, o.b}, {o.b, o.a}} {
		line := ctl(t, "pair", "show", "--config", way[0].config, "--address", me.Username+"@"+o.toB.Addr().String(), "--host-key", filepath.Join(dir, "host.pub"))
		ctl(t, "pair", "accept", strings.TrimSpace(string(line)), "--yes", "--config", way[1].config)
	}
	return o
}

func (o *offices) server(name, role, keys string) *server {
	o.t.Helper()
	dir := o.t.TempDir()
	s := &server{t: o.t, name: name, data: filepath.Join(dir, "data"), config: filepath.Join(dir, "twin.toml")}
	text := fmt.Sprintf("name = %q\ndata = %q\n[ssh]\nauthorized_keys = %q\n", name, s.data, keys)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
	ctl(o.t, "init", "--role", role, "--no-timetables", "--config", s.config)
	return s
}

// startSshd starts OpenSSH's server on what is in a directory, and returns its
// address. Its host key is "host", and it believes the keys in "keys".
func startSshd(t *testing.T, dir string) string {
	t.Helper()
	key, err := link.EnsureHostKey(filepath.Join(dir, "host"))
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	address := l.Addr().String()
	l.Close()
	config := fmt.Sprintf(`ListenAddress %s
HostKey %s/host
AuthorizedKeysFile %[2]s/keys
AuthenticationMethods publickey
PermitRootLogin forced-commands-only
Subsystem sftp internal-sftp
PidFile none
UsePAM no
MaxStartups 200
`, address, dir)
	for path, text := range map[string]string{"host.pub": key + "\n", "config": config} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // it wants that
		t.Fatal(err)
	}
	daemon.Start(t, exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(dir, "config"))).Listens(address)
	return address
}

// rows returns all that is administered, as an export has it.
func (s *server) rows() string {
	s.t.Helper()
	lines := strings.Split(string(ctl(s.t, "admin", "export", "--config", s.config)), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "#") }), "\n")
}

// set has a person write queues that no compression makes small.
func (o *offices) set(prefix string, queues, bytes int) {
	o.t.Helper()
	var file strings.Builder
	file.WriteString("format = 1\n")
	for i := range queues {
		fmt.Fprintf(&file, "[queue.%s%d]\ndescription = \"", prefix, i)
		for range bytes / 16 {
			fmt.Fprintf(&file, "%016x", rand.Uint64())
		}
		file.WriteString("\"\n")
	}
	path := filepath.Join(o.t.TempDir(), "rows.toml")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		o.t.Fatal(err)
	}
	ctl(o.t, "admin", "import", path, "--yes", "--config", o.a.config)
}

// whole syncs on a free road, and returns the bytes on it. Afterwards both hold
// the same, and there is nothing left to do, nor of what came.
func (o *offices) whole() int64 {
	o.t.Helper()
	o.toB.become(free)
	ctl(o.t, "sync", "--config", o.a.config)
	_, bytes := o.toB.now()
	if diff := cmp.Diff(o.a.rows(), o.b.rows()); diff != "" {
		o.t.Errorf("after a sync they differ:\n%.2000s", diff)
	}
	ctl(o.t, "sync", "--dry-run", "--config", o.a.config)
	if left := o.spooled(); len(left) > 0 {
		o.t.Errorf("left in the spool: %q", left)
	}
	return bytes
}

// spooled returns what came to the secondary and was not applied.
func (o *offices) spooled() []string {
	o.t.Helper()
	files, err := filepath.Glob(filepath.Join(o.b.data, "spool", "*"))
	if err != nil {
		o.t.Fatal(err)
	}
	return files
}

// cutAt syncs on a road that is cut after so many bytes: the secondary holds
// what it held or what it shall, and the exit status says no more than is known.
func (o *offices) cutAt(bytes int64) (exit int) {
	o.t.Helper()
	before, after := o.b.rows(), o.a.rows()
	o.toB.cutAfter(bytes)
	_, exit, said := tryCtl(o.t, "sync", "--config", o.a.config)
	is := o.b.rows()
	switch {
	case is != before && is != after:
		o.t.Errorf("cut at byte %d, the secondary holds a mixture", bytes)
	case exit == 0 && is != after, exit != 0 && exit != 5 && exit != 10:
		o.t.Errorf("cut at byte %d: exit status %d: %s", bytes, exit, said)
	}
	return exit
}

// TestRealSyncCuts syncs a few rows through OpenSSH, and cuts the link at 16
// points.
func TestRealSyncCuts(t *testing.T) {
	t.Parallel()
	o := newOffices(t)
	o.set("q", 3, 64)
	o.whole()
	o.set("q", 3, 64)
	bytes := o.whole()
	t.Logf("a sync takes %d bytes", bytes)
	const points = 16
	exits := map[int]int{}
	for i := range int64(points) {
		o.set("q", 3, 64)
		exits[o.cutAt(bytes*(i+1)/(points+1))]++
		o.whole()
	}
	t.Logf("exit statuses: %v", exits)
}

// TestRealSyncResumes syncs what goes by SFTP in pieces, and cuts the link when
// most of it was sent. What had come of that (SSH has 2 MiB under way) is not
// sent again, by another process, later.
func TestRealSyncResumes(t *testing.T) {
	t.Parallel()
	o := newOffices(t)
	o.set("first", 4800, 3200)
	begun := time.Now()
	all := o.whole()
	t.Logf("a sync takes %d bytes, and %s", all, time.Since(begun).Round(time.Millisecond))
	o.set("next", 4800, 3200) // new ones: of others, what they were is asked
	if exit := o.cutAt(all * 4 / 5); exit != 5 {
		t.Errorf("exit status %d", exit)
	}
	if left := o.spooled(); len(left) != 1 {
		t.Errorf("in the spool: %q", left)
	}
	rest := o.whole()
	t.Logf("and %d once it was cut", rest)
	if rest > all*3/4 {
		t.Errorf("%d of %d bytes were sent when it was resumed", rest, all)
	}
}
