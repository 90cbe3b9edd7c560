package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/archive"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

func importCommand() cli.Command {
	var a importAsking
	return cli.Command{
		Name:  "import",
		Args:  "FILE...",
		Short: "bring old files into the history of a feed, once",
		Long: `Has twind read files that the upstream of a feed wrote before it was collected, or while it was not, and store what is in them: queue_log, cdr_csv, smdr, ech, cucm_cdr or text, as the feed's format is; also packed by gzip. ` +
			`Records have the keys that collecting gives them: what is there already is not stored again, and a second run adds nothing. Give whole files, as they were written: identical records are counted within each. ` +
			`twind opens the files, and goes on when this verb is interrupted; collecting goes before.

That a file is here does not tell that it held everything. So no gap is filled and nothing counts as heard unless --covers says of which time you know that: in the zone of the site's reports. Nothing is claimed as long as a line is rejected, nor of a time in which calls are missing whose numbers the files skip, in one of them or between two.

The twin gets the records when the histories are compared, or with twinctl fill; it can import the same files as well.`,
		Examples: []cli.Example{
			{Line: "twinctl import --feed pbx-log /mnt/old/queue_log.*.gz --dry-run", Why: "what it would do"},
			{Line: "twinctl import --feed pbx-log /mnt/old/queue_log-202610*", Why: "again adds nothing"},
			{Line: "twinctl import --feed cms chr0003.12 \\\n        --covers 2026-10-01..2026-10-02", Why: "and that day has no gap"},
		},
		Exits:    []cli.Code{cli.Differs, cli.Refused, cli.Busy, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--feed": completeFeeds},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&a.args.Feed, "feed", "", "the `FEED` that the files are of")
			f.BoolVar(&a.args.DryRun, "dry-run", false, "read the files, tell what would be stored, and store nothing")
			f.StringVar(&a.covers, "covers", "", "a person says that the files hold all of `FROM..TO`: gaps in it are filled")
		},
		Run: with(a.run),
	}
}

// An importAsking is an import as it was typed.
type importAsking struct {
	args   app.ImportArgs
	covers string
}

func (a *importAsking) run(ctx context.Context, call *cli.Call, s *site) error {
	if err := a.read(ctx, call, s); err != nil {
		return cli.Fail(cli.Usage, err, "twinctl help import")
	}
	if _, err := s.feed(a.args.Feed); err != nil {
		return err
	}
	var done app.ImportAnswer
	if err := s.ask(ctx, call, app.Import, a.args, &done); err != nil {
		return err
	}
	if err := showImport(call, done); err != nil {
		return err
	}
	return a.judge(call, done)
}

func (a *importAsking) read(ctx context.Context, call *cli.Call, s *site) error {
	if a.args.Feed == "" {
		return errors.New("--feed: missing: say of which feed the files are")
	}
	for _, name := range call.Args {
		path, err := filepath.Abs(name)
		if name == "-" || err != nil {
			return fmt.Errorf("file %q: want the name of a file, which twind can open", name)
		}
		a.args.Files = append(a.args.Files, path)
	}
	if a.covers == "" {
		return nil
	}
	from, to, ok := strings.Cut(a.covers, "..")
	if !ok {
		return fmt.Errorf("--covers %q: want FROM..TO, as 2026-10-01..2026-10-02", a.covers)
	}
	settings, err := report.ReadSettings(ctx, s.data.Admin)
	if err != nil {
		return err
	}
	now := time.Now()
	var span record.Span
	if span.From, err = when(from, now, settings.Zone); err != nil {
		return fmt.Errorf("--covers: %w", err)
	}
	if span.To, err = when(to, now, settings.Zone); err != nil {
		return fmt.Errorf("--covers: %w", err)
	}
	if span.Empty() || span.To > record.At(now) {
		return fmt.Errorf("--covers %q: want a time that is over, and ends after it begins", a.covers)
	}
	a.args.Covers = &span
	return nil
}

// judge says what remains to be said, and what came of it in all.
func (a *importAsking) judge(call *cli.Call, done app.ImportAnswer) error {
	for _, f := range done.Files {
		for _, r := range f.Refusals {
			fmt.Fprintf(call.Err, "%s line %d: %s: %s\n", inert.Text(f.File), r.Line, inert.Text(r.Reason), inert.Text(r.Head))
		}
		if more := f.Rejected - int64(len(f.Refusals)); more > 0 {
			fmt.Fprintf(call.Err, "%s: %d more lines were rejected\n", inert.Text(f.File), more)
		}
		tellSkipped(call, inert.Text(f.File), f.Skipped)
		if f.TooOld > 0 {
			fmt.Fprintf(call.Err, "%s: %d records are of a time that is kept no more\n", inert.Text(f.File), f.TooOld)
		}
	}
	tellSkipped(call, "between the files", done.Skipped)
	rejected := done.Rejected()
	if rejected == 0 {
		return nil
	}
	text := fmt.Sprintf("%d lines are no records of the feed's format, and were left out", rejected)
	if rejected == 1 {
		text = "1 line is no record of the feed's format, and was left out"
	}
	if a.args.Covers != nil {
		text += ": so nothing is claimed to be complete"
	}
	return cli.Fail(cli.Differs, errors.New(text), "mend these lines and import the file again, or leave them out")
}

// imported is what became of a file, as programs are told.
type imported struct {
	archive.File
	First *node.Moment `json:"first"` // time of a record; null: there was none
	Last  *node.Moment `json:"last"`
}

func showImport(call *cli.Call, done app.ImportAnswer) error {
	t := cli.Table{Columns: []cli.Column{
		{Name: "file"},
		{Name: "records", Number: true},
		{Name: "added", Number: true},
		{Name: "already", Number: true},
		{Name: "too_old", Number: true},
		{Name: "rejected", Number: true},
		{Name: "per_second", Number: true},
	}}
	files := make([]imported, 0, len(done.Files))
	for _, f := range done.Files {
		one := imported{File: f}
		if f.First != 0 {
			one.First, one.Last = momentOf(f.First), momentOf(f.Last)
		}
		files = append(files, one)
		t.Add(f.File, number(f.Records), number(f.Added), number(f.Already), number(f.TooOld), number(f.Rejected),
			number(int64(float64(f.Records)/max(f.TookS, 0.001))))
	}
	document := struct {
		Feed   string     `json:"feed"`
		DryRun bool       `json:"dry_run"`
		Files  []imported `json:"files"`
		Filled *int       `json:"gaps_filled"`
	}{done.Feed, done.DryRun, files, done.Filled}
	return call.Show(cli.View{Document: document, Lines: cli.Each(files), Table: t})
}

func tellSkipped(call *cli.Call, where string, skipped []archive.Skipped) {
	for _, m := range skipped {
		fmt.Fprintf(call.Err, "%s: no call has a number from %d to %d: missing between %s and %s\n", where, m.First, m.Last, m.From, m.Until)
	}
}
