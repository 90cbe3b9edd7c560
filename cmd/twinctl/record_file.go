package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/inert"
)

// name fills in what stands in braces in the name of the file, where --into
// asks for one. at is when the export is asked for.
func (e *exportCall) name(server string, at time.Time, zone *time.Location) error {
	with := naming{server: server, report: e.feed, begins: at.In(zone), made: time.Now().In(zone)}
	if e.from != "" {
		with.begins = e.within.From.Time().In(zone)
	}
	path, err := fileName(e.into, with)
	if err != nil {
		return fmt.Errorf("--into: %w", err)
	}
	e.into = path
	return nil
}

// write writes the records where they are wanted.
func (e *exportCall) write(ctx context.Context, call *cli.Call, s *site) error {
	if e.into == "" {
		return e.run(ctx, call, s)
	}
	err := s.intoFile(e.into, func(w io.Writer) error {
		there := *call
		there.Out = w
		err := e.run(ctx, &there, s)
		if errors.Is(err, history.ErrUnknownFeed) {
			return nil // an empty file
		}
		return err
	})
	if err == nil {
		what := "records"
		if e.events {
			what = "events"
		}
		fmt.Fprintf(call.Err, "the %s are in %s\n", what, inert.Text(e.into))
	}
	return err
}
