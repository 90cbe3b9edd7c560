package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/archive"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// Import is the verb by which a person has the running server bring old files
// into the history of a feed.
const Import = "import"

// ImportArgs say which. The server opens the files, so their paths are absolute.
type ImportArgs struct {
	Feed   string       `json:"feed"`
	Files  []string     `json:"files"`
	DryRun bool         `json:"dry_run,omitempty"`
	Covers *record.Span `json:"covers,omitempty"` // nil: nothing is claimed
}

// ImportAnswer is the answer.
type ImportAnswer struct {
	Feed string `json:"feed"`
	archive.Result
	DryRun bool `json:"dry_run"`
	// Filled is how many gaps, or parts of gaps, the claim filled; null where
	// nothing was claimed.
	Filled *int `json:"gaps_filled"`
}

// Rejected returns how many pieces of the files are no records.
func (a ImportAnswer) Rejected() (n int64) {
	for _, f := range a.Files {
		n += f.Rejected
	}
	return n
}

// An importer answers the requests to bring in old files.
type importer struct {
	history  *history.DB
	node     *node.DB
	config   func() *config.Config
	courtesy *courtesy
	log      *slog.Logger
	turn     chan struct{} // holds one token: only one import may run
}

func newImporter(s *server) *importer {
	i := &importer{
		history: s.data.History, node: s.data.Node, config: s.config,
		courtesy: &s.filler.courtesy, log: s.log, turn: make(chan struct{}, 1),
	}
	i.turn <- struct{}{}
	return i
}

func (i *importer) ask(ctx context.Context, r node.Request) node.Answer {
	select {
	case <-i.turn:
	default:
		return unable(cli.Fail(cli.Busy, errors.New("another import is running; nothing was changed"), ""))
	}
	defer func() { i.turn <- struct{}{} }()
	defer i.courtesy.importing()()
	return answered(r, func(args ImportArgs) (any, error) {
		opt, err := i.options(args)
		if err != nil {
			return nil, err
		}
		opt.Report = i.tell(ctx, r)
		answer := ImportAnswer{Feed: args.Feed, DryRun: args.DryRun}
		answer.Result, err = archive.Import(ctx, i.history, args.Files, opt)
		if err == nil && args.Covers != nil && !args.DryRun && answer.Rejected() == 0 {
			var filled int
			filled, err = i.history.Claim(ctx, args.Feed, *args.Covers, answer.Missing...)
			answer.Filled = &filled
		}
		return answer, errors.Join(importFailed(err), i.note(context.WithoutCancel(ctx), r.Actor, answer))
	})
}

// options returns how to read the files of a feed.
func (i *importer) options(args ImportArgs) (archive.Options, error) {
	f, ok := i.config().Feed(args.Feed)
	switch {
	case !ok:
		return archive.Options{}, cli.Fail(cli.Usage, fmt.Errorf("unknown feed %q; nothing was changed", args.Feed), "twinctl feed list")
	case f.Err != nil:
		return archive.Options{}, cli.Fail(cli.Usage, f.Err, "twinctl config check")
	case f.Format == "ami":
		return archive.Options{}, cli.Fail(cli.Usage, fmt.Errorf("feed %q is of format ami, which nobody keeps in files: import what its exchange wrote into a feed of that format, as queue_log", f.Name), "")
	}
	return archive.Options{Feed: f.Options, Kind: f.Kind, DryRun: args.DryRun, Room: i.courtesy.steps()}, nil
}

// note writes down what an import did, also one that failed, if it did anything.
func (i *importer) note(ctx context.Context, actor string, done ImportAnswer) error {
	var added int64
	for _, f := range done.Files {
		added += f.Added
	}
	if done.DryRun || added == 0 && done.Filled == nil {
		return nil
	}
	i.log.Info("old files were imported", "feed", done.Feed, "files", len(done.Files), "added", added, "rejected", done.Rejected())
	return i.node.Audit(ctx, node.Act{Actor: actor, Verb: Import, Target: done.Feed, Detail: done})
}

// tell returns what writes down how far an import has come, at most each second.
func (i *importer) tell(ctx context.Context, r node.Request) func(archive.Progress) {
	var last time.Time
	return func(p archive.Progress) {
		if now := time.Now(); now.Sub(last) >= time.Second {
			last = now
			text := fmt.Sprintf("%s: %d%%, %d records, %.0f a second", p.File, 100*p.Read/max(p.Bytes, 1), p.Records, p.Rate)
			if err := i.node.SetProgress(ctx, r.ID, text); err != nil {
				i.log.Debug("progress of an import cannot be told", "err", err)
			}
		}
	}
}

// importFailed says what is to be done about a file that could not be imported.
func importFailed(err error) error {
	const stays = "what was imported stays, and the same again goes on from there"
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*feed.ShapeError)):
		return cli.Fail(cli.Usage, fmt.Errorf("%w; %s", err, stays), "twinctl feed list")
	case errors.Is(err, archive.ErrNoFile):
		return cli.Fail(cli.Usage, fmt.Errorf("%w; %s", err, stays), "name the files themselves, as DIRECTORY/*")
	case errors.Is(err, history.ErrUnknownFeed):
		return cli.Fail(cli.Refused, fmt.Errorf("%w: it was not begun yet", err), "twinctl feed list")
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return cli.Fail(cli.Usage, fmt.Errorf("%w: twind opens it, as its own user and with its own view of the disk; %s", err, stays), "")
	}
	return fmt.Errorf("%w; %s", err, stays)
}
