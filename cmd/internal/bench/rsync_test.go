package bench

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/fixtures/daemon"
	"github.com/twinctl/twin/sync/link"
)

// A transfer is what rsync took; nothing where it is not installed.
type transfer struct {
	took time.Duration
	wire int64 // bytes, both ways, within SSH
}

// has tells whether programs are installed, and says so if not.
func has(b *testing.B, programs ...string) bool {
	b.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			b.Logf("no %s here: what needs it is left out", program)
			return false
		}
	}
	return true
}

// rsync brings a copy of the history in one directory up to the one in another,
// over a real sshd on loopback, flushed to disk as a fill is. Whoever has the
// files open must not write them.
func rsync(b *testing.B, from, to string) transfer {
	b.Helper()
	if !has(b, "rsync", "ssh", sshdProgram) {
		return transfer{}
	}
	remote := startSSHD(b)
	basis := copied(b, to)
	if info, err := os.Stat(filepath.Join(basis, history.File)); err == nil && info.Size() < 1<<20 {
		os.Remove(filepath.Join(basis, history.File)) // nearly empty: rsync makes it new
	}
	return remote.rsync(b, filepath.Join(from, history.File), basis)
}

// rsync brings a file in a directory, or a new one, up to one behind the sshd.
func (s sshd) rsync(b *testing.B, from, to string, how ...string) transfer {
	b.Helper()
	args := append([]string{"--stats", "--fsync", "--inplace", "--no-whole-file", "--ignore-times", "-e", s.shell}, how...)
	begun := time.Now()
	out, err := exec.Command("rsync", append(args, s.user+"@127.0.0.1:"+from, to+"/")...).CombinedOutput()
	took := time.Since(begun)
	if err != nil {
		b.Fatalf("rsync: %v\n%s", err, out)
	}
	return transfer{took, statistic(b, out, "Total bytes sent: ") + statistic(b, out, "Total bytes received: ")}
}

func statistic(b *testing.B, out []byte, name string) int64 {
	b.Helper()
	_, rest, _ := strings.Cut(string(out), name)
	digits, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseInt(strings.ReplaceAll(digits, ",", ""), 10, 64)
	if err != nil {
		b.Fatalf("no %q in what rsync says: %s", name, out)
	}
	return n
}

const sshdProgram = "/usr/sbin/sshd"

// An sshd is the system's, run by us. It also believes the keys in a file that
// is not there yet.
type sshd struct{ user, shell, port, hostKey, keys string }

func startSSHD(b *testing.B) sshd {
	b.Helper()
	me, err := user.Current()
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	dir := b.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	hostKey, err := link.EnsureHostKey(in("host_key"))
	must(err)
	must(os.WriteFile(in("host_key.pub"), []byte(hostKey+"\n"), 0o600))
	line, err := link.EnsureIdentity(in("identity"))
	must(err)
	must(link.PinHost(in("known_hosts"), me.Username+"@127.0.0.1:"+port, hostKey))
	must(os.WriteFile(in("authorized_keys"), []byte(line+"\n"), 0o600))
	must(os.WriteFile(in("config"), fmt.Appendf(nil,
		"ListenAddress 127.0.0.1:%s\nHostKey %s\nAuthorizedKeysFile %s %s\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n",
		port, in("host_key"), in("authorized_keys"), in("twin_keys")), 0o600))
	if me.Uid == "0" {
		must(os.MkdirAll("/run/sshd", 0o755)) // it insists
	}
	daemon.Start(b, exec.Command(sshdProgram, "-D", "-e", "-f", in("config"))).Listens("127.0.0.1:" + port)
	return sshd{user: me.Username, port: port, hostKey: in("host_key.pub"), keys: in("twin_keys"), shell: fmt.Sprintf("ssh -F none -p %s -i %s -o IdentitiesOnly=yes -o UserKnownHostsFile=%s -o StrictHostKeyChecking=yes -o BatchMode=yes",
		port, in("identity"), in("known_hosts"))}
}
