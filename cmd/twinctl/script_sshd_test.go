package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/tui/console"
)

// gate PORT HOSTKEY AUTHORIZED CONFIG [LOGIN] lets in, like the system's sshd, who
// has a key of that file, and runs `twinctl peer` for each session, or `twinctl
// --as LOGIN`: a process of its own, which answers whatever becomes of twind.
func gate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || len(args) > 5 {
		ts.Fatalf("usage: gate PORT HOSTKEY AUTHORIZED CONFIG [LOGIN]")
	}
	keys, config := ts.MkAbs(args[2]), ts.MkAbs(args[3])
	twinctl, err := exec.LookPath("twinctl")
	ts.Check(err)
	dir := ts.Getenv("WORK")
	server, err := link.NewServer(link.ServerOptions{
		HostKey: ts.MkAbs(args[1]),
		People:  forced(keys, append([]string{twinctl, "--config", config, "--as"}, args[4:]...)),
		Authorize: func(_ context.Context, line string) (string, bool) {
			text, err := os.ReadFile(keys)
			return line, len(args) == 4 && err == nil && strings.Contains(string(text), line)
		},
		Serve: func(ctx context.Context, _ string, s link.Session, rw io.ReadWriter) error {
			cmd := exec.CommandContext(ctx, twinctl, "--config", config, "peer")
			cmd.Args[0], cmd.Dir = "twinctl", dir
			cmd.Env = append(os.Environ(), "SSH_ORIGINAL_COMMAND="+string(s))
			in, err := cmd.StdinPipe()
			if err != nil {
				return err
			}
			cmd.Stdout = rw
			if err := cmd.Start(); err != nil {
				return err
			}
			go func() {
				_, _ = io.Copy(in, rw)
				_ = in.Close()
			}()
			err = cmd.Wait()
			return errors.Join(err, rw.(io.Closer).Close())
		},
	})
	ts.Check(err)
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", args[0]))
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, l) }()
	ts.Defer(func() {
		cancel()
		ts.Check(<-ended)
	})
}

// forced runs a command for whoever has a key of a file.
func forced(keys string, command []string) link.People {
	return console.New(console.Options{
		Known: func(_ context.Context, _, line string) (bool, error) {
			text, err := os.ReadFile(keys)
			return err == nil && strings.Contains(string(text), line), nil
		},
		Command: func(string) []string { return command },
		Limits:  func() console.Limits { return console.Limits{Sessions: 9, Idle: time.Hour, Longest: time.Hour} },
		Log:     slog.New(slog.DiscardHandler),
	})
}

// hostkey FILE makes a host key, and FILE.pub beside it.
func hostkey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hostkey FILE")
	}
	key, err := link.EnsureHostKey(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0])+".pub", []byte(key+"\n"), 0o600))
}
