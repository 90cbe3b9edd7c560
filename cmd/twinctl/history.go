package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
)

func historyCommand() cli.Command {
	return cli.Command{
		Name:  "history",
		Short: "look after the records that this server holds",
		Examples: []cli.Example{
			{Line: "twinctl history verify", Why: "is every record as it was stored?"},
			{Line: "twinctl history drop --feed pbx --before 2025-11-01", Why: "make room"},
		},
		Sub: []cli.Command{historyVerifyCommand(), historyDropCommand()},
	}
}

func historyVerifyCommand() cli.Command {
	var name string
	var mend bool
	return cli.Command{
		Name:  "verify",
		Short: "hold every record against its digest",
		Long: `Reads every record and says which no longer fit the digest that they were stored with, and which five minutes do not hold what was counted. ` +
			`With --mend twind takes damaged records from the twin again. Damage is never given to the twin.`,
		Examples: []cli.Example{
			{Line: "twinctl history verify", Why: "about four minutes for 50 million records; twind may run"},
			{Line: "twinctl history verify --mend", Why: "and heal what the twin still has whole"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--feed": completeFeeds},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&name, "feed", "", "only `FEED`")
			f.BoolVar(&mend, "mend", false, "take what is damaged from the twin again")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			names, err := s.held(ctx, name)
			if err != nil {
				return err
			}
			var all []verified
			for _, n := range names {
				v, err := s.verify(ctx, call, n, mend)
				if err != nil {
					return err
				}
				all = append(all, v)
			}
			return showVerdict(call, all)
		}),
	}
}

// held returns the feeds that have a history here, or the one that was asked for.
func (s *site) held(ctx context.Context, name string) ([]string, error) {
	all, err := s.data.History.Extents(ctx)
	if err != nil {
		return nil, err
	}
	if name != "" {
		if _, ok := all[name]; !ok {
			return nil, fmt.Errorf("%w %q", history.ErrUnknownFeed, name)
		}
		return []string{name}, nil
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// A verified is what came of one feed.
type verified struct {
	Feed    string        `json:"feed"`
	Records int64         `json:"records"`
	Damaged []damage      `json:"damaged"`
	Buckets []record.Span `json:"buckets"` // five minutes that do not hold what was counted
	Healed  int           `json:"healed"`
}

type damage struct {
	At     record.Instant `json:"at"`
	Digest string         `json:"digest"`
	N      uint32         `json:"n"`
}

func (v verified) sound() bool {
	return v.Healed == len(v.Damaged) && len(v.Buckets) == 0
}

func (s *site) verify(ctx context.Context, call *cli.Call, name string, mend bool) (verified, error) {
	found, err := s.data.History.Verify(ctx, name, func(history.Progress) {})
	if err != nil {
		return verified{}, err
	}
	v := verified{Feed: name, Records: found.Records, Damaged: []damage{}, Buckets: found.Buckets}
	for _, k := range found.Damaged {
		v.Damaged = append(v.Damaged, damage{k.At, k.Digest.String(), k.N})
	}
	if v.Buckets == nil {
		v.Buckets = []record.Span{}
	}
	if found.Sound() || !mend {
		return v, nil
	}
	var done app.MendAnswer
	err = s.ask(ctx, call, app.Mend, app.MendArgs{Feed: name, Keys: found.Damaged, Off: found.Buckets}, &done)
	if err != nil {
		return v, err
	}
	again, err := s.data.History.Verify(ctx, name, func(history.Progress) {})
	if err != nil {
		return v, cli.Fail(cli.Unknown, fmt.Errorf("read back: %w", err), "twinctl history verify")
	}
	v.Healed = len(found.Damaged) - len(again.Damaged)
	v.Buckets = append([]record.Span{}, again.Buckets...)
	return v, nil
}

func showVerdict(call *cli.Call, all []verified) error {
	t := cli.Table{Columns: []cli.Column{
		{Name: "feed"},
		{Name: "records", Number: true},
		{Name: "damaged", Number: true},
		{Name: "healed", Number: true},
		{Name: "buckets_off", Number: true},
	}}
	sound := true
	for _, v := range all {
		t.Add(v.Feed, number(v.Records), number(int64(len(v.Damaged))), number(int64(v.Healed)), number(int64(len(v.Buckets))))
		sound = sound && v.sound()
	}
	if all == nil {
		all = []verified{}
	}
	err := call.Show(cli.View{
		Document: struct {
			Sound bool       `json:"sound"`
			Feeds []verified `json:"feeds"`
		}{sound, all},
		Lines: cli.Each(all),
		Table: t,
	})
	if err != nil || sound {
		return err
	}
	return cli.Fail(cli.Untrusted, fmt.Errorf("records are damaged"), "twinctl history verify --mend")
}

func historyDropCommand() cli.Command {
	var name, before string
	var even bool
	return cli.Command{
		Name:  "drop",
		Short: "drop old days of a feed",
		Long: `Has twind delete the days before a day. A day goes only when both twins have written down that they hold it alike, ` +
			`or with --even-if-unmatched: that is for a twin that is gone. What was dropped is not filled again.`,
		Examples: []cli.Example{
			{Line: "twinctl history drop --feed pbx --before 2025-11-01", Why: "keep from that day on (UTC)"},
			{Line: "twinctl history drop --feed pbx --before 400d", Why: "keep the last 400 days and today"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted, cli.Unknown},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"--feed": completeFeeds},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&name, "feed", "", "of `FEED`")
			f.StringVar(&before, "before", "", "the first `DAY` to keep, as 2025-11-01, or so many days before today, as 400d")
			f.BoolVar(&even, "even-if-unmatched", false, "drop also what the twin was never seen to hold")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if name == "" {
				return cli.Fail(cli.Usage, fmt.Errorf("--feed is missing"), "twinctl feed list")
			}
			if before == "" {
				return cli.Fail(cli.Usage, fmt.Errorf("--before is missing"), "twinctl help history drop")
			}
			if _, err := s.held(ctx, name); err != nil {
				return err
			}
			day, err := firstKept(before, time.Now())
			if err != nil {
				return cli.Fail(cli.Usage, fmt.Errorf("--before %w", err), "twinctl help history drop")
			}
			if err := confirm(call, fmt.Sprintf("Delete the records of %s before %s for good?", name, day.Format(time.DateOnly))); err != nil {
				return err
			}
			var done app.DropAnswer
			err = s.ask(ctx, call, app.Drop, app.DropArgs{Feed: name, Until: record.At(day), EvenUnmatched: even}, &done)
			if err != nil {
				return err
			}
			if call.Format == cli.JSON {
				return call.Show(cli.View{Document: done})
			}
			e, err := s.data.History.Extent(ctx, name)
			if err != nil {
				return err
			}
			kept := "all is kept"
			if e.RetainedFrom != 0 {
				kept = "kept from " + e.RetainedFrom.Time().Format(time.DateOnly) + " on"
			}
			fmt.Fprintf(call.Out, "%d records were dropped; of %s %s\n", done.Dropped, inert.Text(name), kept)
			return nil
		}),
	}
}

// firstKept reads a day in UTC: a date, or how many days it lies before today.
func firstKept(text string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -int(n)), nil
		}
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q: want a day as 2025-11-01, or days before today as 400d", text)
	}
	return day, nil
}
