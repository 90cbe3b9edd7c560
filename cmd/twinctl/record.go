package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

const (
	rawFormat      cli.Format = "raw"
	followInterval            = 50 * time.Millisecond
)

func recordCommand() cli.Command {
	return cli.Command{
		Name:  "record",
		Short: "the records themselves",
		Examples: []cli.Example{
			{Line: "twinctl record export --feed pbx --from 1h", Why: "those of the last hour"},
		},
		Sub: []cli.Command{recordExportCommand()},
	}
}

// An exportCall is what was asked of record export.
type exportCall struct {
	feed, from, to, after, into string
	omit                        []string
	follow, raw, events         bool

	within history.Range
	decode acd.Decoder // where events are wanted
}

// exportWords say what record export does.
const exportWords = `Writes a feed's records in the order of their keys, in memory that does not depend on how many there are: ` +
	`for each one object a line (JSON Lines, with --json too: there may be millions), with "raw_base64" in place of "raw" where its bytes are not UTF-8; with -o csv a row for spreadsheets, with "raw" made visible and "raw_base64" beside it wherever that is not the bytes; or, with -o raw, the bytes as they came. ` +
	`With --events it writes what the records tell of calls and agents, a line each: ` + eventFields + `. Each has the feed, at, digest and n of its record; what the record does not say is left out, and what tells nothing of calls has no line. ` + "\n\n" +
	`With --follow or --after it writes them in the order of arrival, each with its cursor. ` +
	`A cursor of one twin is good on the other: what it may have missed around then is sent again, from ten minutes before, and the key tells.` + "\n\n" +
	`With --into they go to a file, whole or not at all: it is written beside, flushed and put in the place of one that is there; one whose name ends in .csv is CSV where -o does not say. In its name stand {date}, {week}, {month} and {year} for when --from lies (without it now, or the slot), {time} for the hour and minute of that, {made} for when it was made, {report} for the feed and {server} for this server.` + "\n\n" +
	`In a timetable all times are as of the slot, however late it runs. ` +
	`A record that no longer fits its digest ends it, with its key and exit status 6: twinctl history verify --mend takes it from the twin again.`

func recordExportCommand() cli.Command {
	var e exportCall
	return cli.Command{
		Name:  "export",
		Short: "write the records of a feed, byte for byte, or what they tell",
		Long:  exportWords,
		Examples: []cli.Example{
			{Line: "twinctl record export --feed pbx --from 2026-11-21T08:00:00Z --to 1h", Why: "from eight o'clock (UTC) up to an hour ago"},
			{Line: "twinctl record export --feed pbx --from yesterday --to today \\\n      --into '/srv/pbx-{date}.jsonl'", Why: "yesterday, to a file of that day"},
			{Line: "twinctl record export --feed pbx --events --from yesterday --to today \\\n      --into '/srv/events-{date}.csv'", Why: "what happened yesterday, for a spreadsheet"},
			{Line: "twinctl record export --feed pbx -o raw", Why: "everything, as the upstream said it"},
			{Line: "twinctl record export --feed pbx --follow --after \"$CURSOR\"", Why: "go on where an earlier reader stopped"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.JSONL, cli.CSV, rawFormat, cli.JSON}, // json is the same lines: there may be millions
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&e.feed, "feed", "", "the `FEED`")
			f.StringVar(&e.from, "from", "", "records of this upstream `TIME` and later: "+whenWords)
			f.StringVar(&e.to, "to", "", "records before this upstream `TIME`")
			f.BoolVar(&e.events, "events", false, "what the records tell, in place of themselves")
			intoFlag(f, &e.into)
			f.BoolVar(&e.follow, "follow", false, "go on with what is stored from now on, until interrupted")
			f.Func("after", "records that arrived after the one with this `CURSOR`", func(text string) error {
				e.after = text
				if text == "" {
					return errors.New("is empty: want the \"cursor\" of an exported record, or leave --after out")
				}
				return nil
			})
			f.StringSliceVar(&e.omit, "omit", nil, "leave out `FIELD`: origin (which alone may differ between twins) or kind")
			f.BoolVar(&e.raw, "raw", false, "the same as -o raw")
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--feed": completeFeeds},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if err := e.check(ctx, call, s); err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help record export")
			}
			err := e.write(ctx, call, s)
			if errors.Is(err, history.ErrUnknownFeed) {
				return nil // configured, and never heard: it has no records
			}
			return err
		}),
	}
}

// check holds the flags against each other and against what there is.
func (e *exportCall) check(ctx context.Context, call *cli.Call, s *site) error {
	switch {
	case e.raw && call.Chosen && call.Format != rawFormat:
		return fmt.Errorf("--raw and -o %s exclude each other", call.Format)
	case e.feed == "":
		return errors.New("missing --feed")
	case (e.follow || e.after != "") && e.to != "":
		return errors.New("--to: in order of arrival there is no last one")
	case e.follow && e.into != "":
		return errors.New("--into: what is followed has no end, and a file is written whole")
	case e.after != "" && e.from != "":
		return errors.New("--from and --after: want one of them")
	case e.events && (e.raw || call.Format == rawFormat):
		return errors.New("--events: they are no bytes as they came: want -o jsonl or -o csv")
	case e.events && len(e.omit) > 0:
		return errors.New("--omit: an event has neither origin nor kind")
	}
	for _, field := range e.omit {
		if field != "origin" && field != "kind" {
			return fmt.Errorf("--omit %s: want origin or kind", field)
		}
	}
	if e.raw {
		call.Format = rawFormat
	} else if format, _ := formatOf(e.into); format == cli.CSV && !call.Chosen {
		call.Format = format
	}
	if err := s.known(ctx, e.feed); err != nil {
		return err
	}
	if e.events {
		if err := e.understand(ctx, s); err != nil {
			return err
		}
	}
	e.within.Feed = e.feed
	return e.stretch(ctx, s)
}

// stretch reads of which time the records are to be.
func (e *exportCall) stretch(ctx context.Context, s *site) error {
	set, err := report.ReadSettings(ctx, s.data.Admin)
	if err != nil {
		return err
	}
	now := time.Now()
	at, err := new(stretch).askedAt(now, set.Zone)
	if err != nil {
		return err
	}
	for _, bound := range []struct {
		flag, text string
		into       *record.Instant
	}{{"--from", e.from, &e.within.From}, {"--to", e.to, &e.within.To}} {
		if bound.text == "" {
			continue
		}
		if *bound.into, err = when(bound.text, at, set.Zone); err != nil {
			return fmt.Errorf("%s: %w", bound.flag, err)
		}
	}
	if e.from != "" && e.to != "" && e.within.From >= e.within.To {
		return fmt.Errorf("--from %s is not before --to %s: there is nothing between them", e.within.From, e.within.To)
	}
	return e.name(s.Name, at, set.Zone)
}

// known refuses a feed that is neither configured nor in the history.
func (s *site) known(ctx context.Context, name string) error {
	if _, ok := s.Feed(name); ok {
		return nil
	}
	held, err := s.data.History.Summaries(ctx)
	if err != nil {
		return err
	}
	if _, ok := held[name]; ok {
		return nil
	}
	_, err = s.feed(name)
	return err
}

func (e *exportCall) run(ctx context.Context, call *cli.Call, s *site) error {
	out := bufio.NewWriterSize(call.Out, 1<<16)
	w, err := e.rows(ctx, out, call, s)
	if err != nil {
		return err
	}
	if w.csv != nil {
		defer func() { call.TellGuarded(w.csv.Guarded()) }()
	}
	if !e.follow && e.after == "" {
		return writeRows(out, s.data.History.Records(ctx, e.within), w.write)
	}
	seq, newest, err := e.begin(ctx, s, w.server)
	if err != nil {
		return err
	}
	w.newest = newest
	write := func(r history.Row) error {
		if r.At < e.within.From {
			return nil
		}
		return w.write(r)
	}
	if !e.follow {
		return writeRows(out, s.data.History.Arrivals(ctx, e.feed, seq), write)
	}
	return s.follow(ctx, e.feed, seq, out, write)
}

// begin returns behind which arrival to begin.
func (e *exportCall) begin(ctx context.Context, s *site, server string) (seq int64, newest record.Instant, err error) {
	if e.after == "" {
		return 0, 0, nil
	}
	c, err := parseCursor(e.after)
	if err != nil {
		return 0, 0, cli.Fail(cli.Usage, fmt.Errorf("--after: %w", err), "")
	}
	if c.Feed != "" && c.Feed != e.feed {
		return 0, 0, cli.Fail(cli.Usage, fmt.Errorf("--after: a cursor of feed %q, not of %q", c.Feed, e.feed), "")
	}
	if c.Server == server {
		return c.Seq, c.Newest, nil
	}
	seq, err = s.data.History.SeqBefore(ctx, e.feed, c.Newest-overlap)
	return seq, c.Newest, err
}

// writeRows writes what there is.
func writeRows(out *bufio.Writer, rows iter.Seq2[history.Row, error], write func(history.Row) error) error {
	for r, err := range rows {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if err := write(r); err != nil {
			return err // as a rule of out, which would only say it again
		}
	}
	return out.Flush()
}

// follow writes what arrives behind seq, and goes on until ctx ends.
func (s *site) follow(ctx context.Context, name string, seq int64, out *bufio.Writer, write func(history.Row) error) error {
	err := s.data.History.Watch(ctx, followInterval, func(ctx context.Context) error {
		err := writeRows(out, s.data.History.Arrivals(ctx, name, seq), func(r history.Row) error {
			seq = r.Seq
			return write(r)
		})
		if errors.Is(err, history.ErrUnknownFeed) {
			return nil // not heard yet
		}
		return err
	})
	if err == nil || errors.Is(err, io.ErrClosedPipe) {
		return interrupted(ctx)
	}
	return err
}
