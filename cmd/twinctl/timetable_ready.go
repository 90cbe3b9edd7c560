package main

import (
	"context"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/timetable"
)

// unready says what would keep a timetable's tasks from running on this server
// now, as this process sees it; what twind may write another need not. "":
// nothing would.
func (s *site) unready(ctx context.Context, t timetable.Timetable) string {
	receiver := func(target string) error {
		_, _, err := app.Receivers(ctx, s.Config, s.data.Admin, strings.Split(target, ","))
		return err
	}
	for _, one := range t.Tasks {
		if err := one.Ready(receiver); err != nil {
			return strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		if !slices.Contains([]string{"sync", "compare", "fill"}, one.Kind) {
			continue
		}
		if pair, err := s.data.Node.Pair(ctx); err == nil && pair == nil {
			return one.Kind + ": this server has no twin"
		}
	}
	return ""
}
