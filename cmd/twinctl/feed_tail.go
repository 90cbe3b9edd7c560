package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/inert"
)

func feedTailCommand() cli.Command {
	var last int
	return cli.Command{
		Name:  "tail",
		Args:  "FEED",
		Short: "show a feed's records as they are stored, until interrupted",
		Long:  `Shows the latest records and then each that is stored, one a line: its time and, harmless to look at, what the upstream said. With --json it writes them as twinctl record export --follow does, each with its cursor.`,
		Examples: []cli.Example{
			{Line: "twinctl feed tail pbx", Why: "see whether anything comes"},
			{Line: "twinctl feed tail pbx -n 0", Why: "only what comes from now on"},
		},
		Outputs:  []cli.Format{cli.Text, cli.JSONL, cli.JSON},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Complete: map[string]func(context.Context, *cli.Call) []string{"FEED": completeFeeds},
		Flags: func(f *cli.FlagSet) {
			f.IntVarP(&last, "lines", "n", 10, "begin with the last `N` records")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if last < 0 {
				return cli.Fail(cli.Usage, fmt.Errorf("--lines %d: want 0 or more", last), "")
			}
			f, err := s.feed(call.Args[0])
			if err != nil {
				return err
			}
			seq, err := s.data.History.SeqOfLast(ctx, f.Name, last)
			if err != nil && !errors.Is(err, history.ErrUnknownFeed) {
				return err
			}
			return s.tail(ctx, call, f.Name, seq)
		}),
	}
}

// tail shows what arrives behind seq.
func (s *site) tail(ctx context.Context, call *cli.Call, name string, seq int64) error {
	out := bufio.NewWriter(call.Out)
	if call.Format == cli.Text {
		return s.follow(ctx, name, seq, out, func(r history.Row) error {
			_, err := fmt.Fprintf(out, "%s  %s\n", r.At, inert.Text(oneLine(r.Raw)))
			return err
		})
	}
	e := exportCall{feed: name, follow: true}
	w, err := e.rows(ctx, out, call, s)
	if err != nil {
		return err
	}
	return s.follow(ctx, name, seq, out, w.write)
}

// oneLine puts a record of several lines into one, as far as a person reads.
func oneLine(raw []byte) string {
	const most = 400
	text := strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "  "), "\n", "  ")
	if len(text) > most {
		return text[:most] + " ..."
	}
	return text
}
