package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
)

func roleConfirmCommand() cli.Command {
	var epoch int64
	return cli.Command{
		Name:  "confirm",
		Short: "say that this server is the primary, though its twin cannot be asked",
		Long: `A primary that starts, or that stood still for a while, runs nothing that only a primary runs until its twin has told which epoch it has seen, or for as long as twin.boot_alone says: the twin may be primary by now. ` +
			`This ends that wait. Be sure first that the twin is not primary: what it runs as well is run twice. The epoch is the one that twinctl role show tells; a server of another, or that is not primary, refuses. ` +
			`It counts until twind starts again, or this server stands still again. A server that was restored waits for twinctl rejoin all the same.`,
		Examples: []cli.Example{{Line: "twinctl role confirm --epoch 3", Why: "the twin is down for good, and was secondary"}},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.Int64Var(&epoch, "epoch", 0, "the `EPOCH` by which it is primary; must be said")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if epoch <= 0 {
				return cli.Fail(cli.Usage, errors.New("--epoch must be said"), "twinctl role show")
			}
			if app.Running(s.data.Dir) == 0 {
				return fmt.Errorf("%w: it asks when it starts; nothing was changed", node.ErrNotClaimed)
			}
			if err := s.data.Node.ConfirmRole(ctx, epoch, s.actor()); err != nil {
				return err
			}
			doc, err := s.confirmed(ctx)
			if err != nil {
				return err
			}
			if call.Format == cli.JSON {
				return call.Show(cli.View{Document: doc})
			}
			return writeRole(call.Out, doc)
		}),
	}
}

// confirmWithin is how soon twind says that it goes by what was confirmed: it
// says each second what it does.
const confirmWithin = 5 * time.Second

// confirmed returns where this server stands once twind has told it since.
func (s *site) confirmed(ctx context.Context) (roleDocument, error) {
	for deadline := time.Now().Add(confirmWithin); ; {
		self, err := s.data.Node.Self(ctx)
		if err != nil {
			return roleDocument{}, err
		}
		said, err := s.data.Node.Activity(ctx)
		if err != nil {
			return roleDocument{}, err
		}
		doc, err := s.role(ctx, time.Now())
		if err != nil {
			return doc, err
		}
		restored, err := s.data.Node.Held(ctx)
		if err != nil || said.At > self.ConfirmedAt && (doc.Held == nil || restored != nil) {
			return doc, err
		}
		if time.Now().After(deadline) {
			return doc, cli.Fail(cli.Unknown, fmt.Errorf("confirmed, and twind has not said within %s that it goes on", confirmWithin), "twinctl role show")
		}
		select {
		case <-ctx.Done():
			return doc, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
