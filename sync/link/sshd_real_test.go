//go:build real

package link_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/twinctl/twin/fixtures/daemon"
	"github.com/twinctl/twin/sync/link"
)

func TestRealSshd(t *testing.T) { conform(t, sshd) }

// sshd starts OpenSSH's server with a configuration, keys and a port of its
// own. It does what the manual says: the twin's key may run the forced command
// that AuthorizedLine makes, and nothing else. It has host keys of three types,
// of which Ed25519 is pinned.
func sshd(t *testing.T) host {
	t.Helper()
	dir := ownFolder(t)
	me, err := user.Current()
	must(t, err)
	h := host{}
	h.hostKey, err = link.EnsureHostKey(filepath.Join(dir, "host_ed25519"))
	must(t, err)
	for _, kind := range []string{"ecdsa", "rsa"} {
		run(t, "ssh-keygen", "-q", "-t", kind, "-N", "", "-f", filepath.Join(dir, "host_"+kind))
	}
	port := freePort(t)
	h.target = link.Target{
		Name: "cms-b", Address: me.Username + "@127.0.0.1:" + port,
		Identity: filepath.Join(dir, "id"), KnownHosts: filepath.Join(dir, "known_hosts"),
	}
	key, err := link.EnsureIdentity(h.target.Identity)
	must(t, err)
	line, err := link.AuthorizedLine(key, "env "+role+"=peer "+os.Args[0])
	must(t, err)
	must(t, link.AuthorizeKey(filepath.Join(dir, "authorized_keys"), "test", line))
	must(t, link.PinHost(h.target.KnownHosts, h.target.Address, h.hostKey))
	pid := startSshd(t, dir, port)
	h.freeze = func() func() { return stop(t, family(pid)...) }
	return h
}

// ownFolder makes a folder that nobody else may write to, nor any above it:
// sshd looks.
func ownFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "twin-link-") //nolint:usetesting // t.TempDir is where others may write too
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return dir
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	must(t, err)
	must(t, listener.Close())
	return port
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func startSshd(t *testing.T, dir, port string) int {
	t.Helper()
	must(t, os.MkdirAll("/run/sshd", 0o755)) // sshd wants it when root starts it
	config := filepath.Join(dir, "sshd_config")
	must(t, os.WriteFile(config, fmt.Appendf(nil, `ListenAddress 127.0.0.1:%s
HostKey %[2]s/host_rsa
HostKey %[2]s/host_ecdsa
HostKey %[2]s/host_ed25519
AuthorizedKeysFile %[2]s/authorized_keys
AuthenticationMethods publickey
PermitRootLogin forced-commands-only
PidFile none
UsePAM no
MaxStartups 200
LogLevel VERBOSE
`, port, dir), 0o600))
	program, err := exec.LookPath("/usr/sbin/sshd")
	must(t, err)
	cmd := exec.Command(program, "-D", "-e", "-f", config)
	d := daemon.Start(t, cmd)
	t.Cleanup(func() {
		for _, pid := range family(cmd.Process.Pid) {
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}
	})
	d.Listens("127.0.0.1:" + port)
	return cmd.Process.Pid
}

// family returns a process and all that descend from it.
func family(pid int) []int {
	all := []int{pid}
	parents := map[int][]int{}
	entries, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, entry := range entries {
		data, err := os.ReadFile(entry)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(data), ") ")
		words := strings.Fields(rest)
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(entry)))
		parent, _ := strconv.Atoi(words[1])
		parents[parent] = append(parents[parent], child)
	}
	for i := 0; i < len(all); i++ {
		all = append(all, parents[all[i]]...)
	}
	return all
}

// TestRealHostKeyTypes pins one key of a host that has three, each type once.
func TestRealHostKeyTypes(t *testing.T) {
	h := sshd(t)
	dir := filepath.Dir(h.target.Identity)
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		line, err := link.ReadPublicKey(filepath.Join(dir, "host_"+kind))
		must(t, err)
		target := h.target
		target.KnownHosts = filepath.Join(t.TempDir(), "known_hosts")
		must(t, link.PinHost(target.KnownHosts, target.Address, line))
		if _, _, err := converse(t.Context(), target, link.Options{}); err != nil {
			t.Errorf("%s is pinned: %v", kind, err)
		}
	}
}

// TestRealClient lets OpenSSH's client talk to the embedded server: the keys
// and pins that we write are its own formats, and its answer is none of ours.
func TestRealClient(t *testing.T) {
	h := embedded(t)
	a, err := link.ParseAddress(h.target.Address)
	must(t, err)
	ask := func(command string) (string, error) {
		cmd := exec.Command("ssh", "-F", "none", "-i", h.target.Identity, "-p", a.Port,
			"-o", "UserKnownHostsFile="+h.target.KnownHosts, "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes",
			a.User+"@"+a.Host, command)
		cmd.Stdin = strings.NewReader("\x00\x00\x00\x20" + `{"link":{"oldest":1,"newest":1}}`)
		out, err := cmd.Output()
		return string(out), err
	}
	if out, err := ask(string(link.Control)); err != nil || !strings.Contains(out, `{"link":{`) {
		t.Errorf("control: %q, %v", out, err)
	}
	if out, err := ask("id"); err == nil || out != "" {
		t.Errorf("another command: %q, %v", out, err)
	}
}
