package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
)

// callReplay runs the verb and returns its exit status.
func callReplay(ctx context.Context, std cli.Stdio, args ...string) int {
	root := cli.Command{Name: "twinctl", Short: "x", Sub: []cli.Command{replayCommand()}}
	return cli.Main(ctx, root, std, append([]string{"replay"}, args...))
}

func TestReplayServesUntilItIsEnded(t *testing.T) {
	const text = "1700000000|a\n1700009999|b\n"
	name := filepath.Join(t.TempDir(), "queue_log")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- callReplay(ctx, cli.Stdio{Out: in, Err: io.Discard}, "--kind=lines", "--format=queue_log", "--speed=max",
			"--listen=127.0.0.1:0", name, "--listen", "127.0.0.1:0", name)
	}()
	said := bufio.NewReader(out)
	var conns []net.Conn
	for range 2 { // it plays once both are there
		line, err := said.ReadString('\n')
		address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
		if err != nil || !ok {
			t.Fatalf("said %q, %v", line, err)
		}
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	for _, conn := range conns {
		got := make([]byte, len(text))
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	cancel()
	if status := <-ended; status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestReplayRefuses(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(name, []byte("1700000000|a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--kind=lines", name}, "0 --listen for 1 file: want one --listen"},
		{[]string{"--kind=lines", "--listen=:0", "--listen=:0", name}, "2 --listen for 1 file"},
		{[]string{"--kind=lines"}, "missing argument: FILE"},
		{[]string{"--listen=:0", name}, "--kind is missing"},
		{[]string{"--kind=sip", "--listen=:0", name}, `kind "sip"`},
		{[]string{"--kind=relp", "--listen=:0", name}, "0 --to for 1 file: want one --to WHERE for each FILE of kind relp, and nothing else"},
		{[]string{"--kind=lines", "--listen=:0", "--to=x", name}, "and nothing else"},
		{[]string{"--kind=tail", "--format=queue_log", "--to=x", "--clients=2", name}, "kind tail begins at once"},
		{[]string{"--kind=lines", "--format=queue_log", "--listen=:0", "--rotate=2", name}, "want kind tail"},
		{[]string{"--kind=lines", "--listen=:0", name}, "time: missing"},
		{[]string{"--kind=ami", "--speed=fast", "--listen=:0", name}, `--speed "fast"`},
		{[]string{"--kind=ami", "--speed=inf", "--listen=:0", "--username=x", name}, "username and secret"},
		{[]string{"--kind=ami", "--secret-file=" + name + "y", "--listen=:0", name}, "--secret-file"},
		{[]string{"--kind=ami", "--listen=:0", name}, "no event in it"},
	} {
		var errs bytes.Buffer
		status := callReplay(t.Context(), cli.Stdio{Out: io.Discard, Err: &errs}, test.args...)
		if status != int(cli.Usage) || !strings.Contains(errs.String(), test.want) {
			t.Errorf("%q: exit status %d, %s", test.args, status, &errs)
		}
	}
}
