package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/link"
)

// originalCommand is where sshd leaves what the twin asked for, which a forced
// command stands in the place of.
const originalCommand = "SSH_ORIGINAL_COMMAND"

const maxCommand = 200 // bytes of a refused command that the audit keeps

func peerCommand() cli.Command {
	return cli.Command{
		Name:  "peer",
		Short: "be the twin's end of the link; run by sshd",
		Long: `Answers the twin on standard input and output. It is the forced command that twinctl pair accept writes into authorized_keys: ` +
			`it does what the link needs, whatever the twin asks for, and nothing else. What else is asked for is refused and audited.`,
		Examples: []cli.Example{{Line: `restrict,command="twinctl --config /etc/twin/twin.toml peer" ssh-ed25519 ...`, Why: "in authorized_keys"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Run: orBedside(func(ctx context.Context, call *cli.Call, s *site) error {
			asked := os.Getenv(originalCommand)
			session, err := link.ParseCommand(asked)
			if err != nil {
				act := node.Act{Actor: "twin", Verb: "ssh.refused", Target: asked[:min(len(asked), maxCommand)]}
				if err := s.data.Node.AuditRefusal(ctx, act); err != nil {
					return err
				}
				return cli.Fail(cli.Refused, err, "")
			}
			have, err := app.Paired(ctx, s.data.Node)
			if err != nil {
				return err
			}
			return app.WithLog(ctx, s.data.Node, func(log *slog.Logger) error {
				renewal := app.Renew(s.Config, func() (*config.Config, error) { return app.Configure(call) }, log)
				now := func() app.Peer {
					cfg := renewal.Now()
					return app.Peer{
						Notary: app.Notary{Config: cfg, Node: s.data.Node}, Key: have.PublicKey, History: s.data.History, Admin: s.data.Admin,
						Say: app.Say(cfg, s.data), Damaged: s.mendLater(ctx, call), Log: log,
					}
				}
				return app.Attend(ctx, now, session, stream{os.Stdin, call.Out})
			})
		}),
	}
}

// openWithin is how long the files may take to open before the twin is answered
// without them: a disk that does not answer would keep it waiting.
const openWithin = 3 * time.Second

// orBedside runs a verb on the open files of the server, or, where those cannot
// be opened, answers the twin what needs none.
func orBedside(run func(context.Context, *cli.Call, *site) error) func(context.Context, *cli.Call) error {
	return func(ctx context.Context, call *cli.Call) error {
		cfg, err := app.Configure(call)
		if err != nil {
			return err
		}
		type opened struct {
			data *app.Data
			err  error
		}
		done := make(chan opened, 1)
		go func() {
			data, err := openData(ctx, cfg)
			done <- opened{data, err}
		}()
		var is opened
		select {
		case is = <-done:
		case <-time.After(openWithin):
			is.err = fmt.Errorf("%s: its files were not opened within %s", cfg.Data, openWithin)
		}
		if is.err != nil {
			session, err := link.ParseCommand(os.Getenv(originalCommand))
			if err != nil || errors.Is(is.err, app.ErrNotOwner) || !app.Initialized(cfg.Data) {
				return is.err
			}
			return app.Bedside{Config: cfg, Why: is.err}.Serve(ctx, session, stream{os.Stdin, call.Out})
		}
		defer is.data.Close() //nolint:errcheck // what was changed is committed
		return run(ctx, call, &site{Config: cfg, data: is.data})
	}
}

// mendLater returns what asks twind to take a damaged record from the twin
// again, while the twin is served on.
func (s *site) mendLater(ctx context.Context, call *cli.Call) func(string, record.Key) {
	return func(feed string, k record.Key) {
		go func() {
			var done app.MendAnswer
			if err := s.ask(ctx, call, app.Mend, app.MendArgs{Feed: feed, Keys: []record.Key{k}}, &done); err != nil {
				fmt.Fprintf(call.Err, "a record of %s at %s is damaged, and cannot be mended now: %s\n",
					inert.Text(feed), k.At, inert.Text(err.Error()))
			}
		}()
	}
}

// A stream is standard input and output as one.
type stream struct {
	in  *os.File
	out io.Writer
}

func (s stream) Read(b []byte) (int, error)  { return s.in.Read(b) }
func (s stream) Write(b []byte) (int, error) { return s.out.Write(b) }

// Close wakes a read that waits.
func (s stream) Close() error {
	if err := s.in.Close(); err != nil {
		return fmt.Errorf("close standard input: %w", err)
	}
	return nil
}
