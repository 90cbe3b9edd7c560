package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/tui"
)

// How far back the screens show what was written down.
const (
	alarmsBack  = 7 * 24 * time.Hour // those that ended
	entriesBack = 30 * 24 * time.Hour
	actsBack    = 30 * 24 * time.Hour
	rowsShownOf = 2000 // of each at most
)

// An ear is what the screens see of feeds.
type ear struct{ glance }

// Last implements tui.Listener.
func (e ear) Last(ctx context.Context, feed string, n int) ([]tui.Heard, error) {
	seq, err := e.data.History.SeqOfLast(ctx, feed, n)
	if errors.Is(err, history.ErrUnknownFeed) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []tui.Heard
	for r, err := range e.data.History.Arrivals(ctx, feed, seq) {
		if err != nil {
			return nil, err
		}
		all = append(all, tui.Heard{At: r.At.Time(), Text: oneLine(r.Raw)})
		if len(all) == 2*n {
			break // faster than it can be read
		}
	}
	slices.Reverse(all)
	return all[:min(n, len(all))], nil
}

// A shelf is what the screens see of what this server writes down.
type shelf struct{ *site }

// Alarms implements tui.Books.
func (b shelf) Alarms(ctx context.Context) ([]node.KeptAlarm, error) {
	all, err := b.data.Node.Alarms(ctx, record.At(time.Now().Add(-alarmsBack)))
	return b.seenAlarms(all), err
}

// Entries implements tui.Journal.
func (b shelf) Entries(ctx context.Context) ([]tui.Entry, error) {
	entries, err := b.data.Node.Log(ctx, record.At(time.Now().Add(-entriesBack)), slog.LevelWarn)
	if err != nil {
		return nil, err
	}
	var all []tui.Entry
	for _, e := range slices.Backward(entries) {
		if len(all) == rowsShownOf {
			break
		}
		all = append(all, tui.Entry{ID: e.ID, At: e.At.Time(), Level: e.Level, Message: e.Message, Attrs: pairs(e.Attrs)})
	}
	return all, nil
}

// Acts implements tui.Journal.
func (b shelf) Acts(ctx context.Context) ([]tui.Done, error) {
	acts, err := b.acts(ctx, record.At(time.Now().Add(-actsBack)))
	if err != nil {
		return nil, err
	}
	var all []tui.Done
	for _, a := range slices.Backward(acts) {
		if len(all) == rowsShownOf {
			break
		}
		all = append(all, tui.Done{ID: a.ID, File: a.File, At: a.At.Time(), Actor: a.Actor, Verb: a.Verb, Target: a.Target, Detail: string(a.Detail)})
	}
	return all, nil
}
