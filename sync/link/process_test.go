package link_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/link"
)

// role is the variable that makes the test binary serve instead of test.
const role = "TWIN_LINK_TEST"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "peer":
		os.Exit(peer())
	case "server":
		os.Exit(serveProcess(os.Args[1], os.Args[2]))
	}
	os.Exit(m.Run())
}

// peer is what sshd runs: one session on stdin and stdout.
func peer() int {
	s, err := link.ParseCommand(os.Getenv("SSH_ORIGINAL_COMMAND"))
	if err == nil {
		err = serveSession(context.Background(), s, struct {
			io.Reader
			io.Writer
		}{os.Stdin, os.Stdout})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// serveProcess is an embedded server in a process of its own.
func serveProcess(hostKey, line string) int {
	server, err := link.NewServer(link.ServerOptions{
		HostKey:   hostKey,
		Authorize: func(_ context.Context, key string) (string, bool) { return "cms-a", key == line },
		Serve: func(ctx context.Context, _ string, s link.Session, rw io.ReadWriter) error {
			return serveSession(ctx, s, rw)
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stdout, listener.Addr())
	ctx, cancel := context.WithCancel(context.Background())
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); cancel() }() // ends with the test
	if err := server.Run(ctx, listener); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// embeddedProcess starts an embedded server that can be frozen.
func embeddedProcess(t *testing.T) host {
	t.Helper()
	dir := t.TempDir()
	var h host
	var err error
	h.hostKey, err = link.EnsureHostKey(dir + "/host")
	must(t, err)
	line, err := link.EnsureIdentity(dir + "/id")
	must(t, err)
	var cmd *exec.Cmd
	var address string
	t.Cleanup(func() { must(t, cmd.Wait()) }) // once its stdin is closed
	cmd, address = startProcess(t, dir+"/host", line)
	h.target = link.Target{Name: "cms-b", Address: "twin@" + address, Identity: dir + "/id", KnownHosts: dir + "/hosts"}
	must(t, link.PinHost(h.target.KnownHosts, h.target.Address, h.hostKey))
	h.freeze = func() func() {
		return stop(t, cmd.Process.Pid)
	}
	return h
}

// startProcess starts an embedded server in a process of its own, which ends
// with the test. Somebody has to wait for it.
func startProcess(t *testing.T, hostKey, line string) (cmd *exec.Cmd, address string) {
	t.Helper()
	cmd = exec.Command(os.Args[0], hostKey, line)
	cmd.Env = append(os.Environ(), role+"=server")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = stdin.Close() })
	address, err = bufio.NewReader(stdout).ReadString('\n')
	must(t, err)
	return cmd, strings.TrimSpace(address)
}

// stop stops processes, waits until they stand, and returns how to let them go on.
func stop(t *testing.T, pids ...int) (thaw func()) {
	t.Helper()
	for _, pid := range pids {
		must(t, syscall.Kill(pid, syscall.SIGSTOP))
	}
	for _, pid := range pids {
		await.Until(t, "it stands", func() bool { return state(pid) == "T" })
	}
	return func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}
}

// state returns the state of a process, as a letter; "" if there is none.
func state(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	return rest[:1]
}

func TestFrozenProcess(t *testing.T) { frozen(t, embeddedProcess(t)) }
