package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

const (
	heraldInterval = time.Second
	heraldPage     = 100
	// staleCrossing is how old a crossing may be and still be told: what was
	// seen before a long stop is only kept.
	staleCrossing = time.Hour
)

// herald makes messages of the crossings that the history keeps, until ctx
// ends. First it has what an earlier twind was sending when it died wait again.
func (s *server) herald(ctx context.Context) error {
	recalled := int64(0)
	err := patiently(ctx, func() (err error) {
		recalled, err = s.data.Node.Recall(ctx)
		return err
	})
	if recalled > 0 {
		s.log.Warn("twind ended while messages were being sent: they are sent again, and say so", "messages", recalled)
	}
	if err != nil || ctx.Err() != nil {
		return final(err)
	}
	couriers := make(chan error, 2)
	ctx, stop := context.WithCancel(ctx)
	for _, channel := range []string{config.ByMail, config.ByExec} {
		c := &courier{channel: channel, node: s.data.Node, config: s.config, log: s.log}
		go func() {
			defer stop()
			couriers <- c.run(ctx)
		}()
	}
	for ctx.Err() == nil && err == nil {
		if err = final(s.proclaim(ctx)); err == nil {
			pause(ctx, heraldInterval)
		}
	}
	stop()
	for range cap(couriers) {
		if ended := <-couriers; err == nil {
			err = ended
		}
	}
	return err
}

// proclaim decides about the crossings that were not decided about yet, in
// their order, up to one that cannot be told yet.
func (s *server) proclaim(ctx context.Context) error {
	through, err := s.toldThrough(ctx)
	if err != nil {
		return err
	}
	var page []history.Exception
	for e, err := range s.data.History.Exceptions(ctx, history.Excepted{After: through}) {
		if err != nil {
			return err
		}
		if page = append(page, e); len(page) == heraldPage {
			break
		}
	}
	if len(page) == 0 {
		return nil
	}
	told, err := s.decide(ctx, page)
	if err != nil || told.Through == 0 {
		return err
	}
	return s.data.Node.SetTold(ctx, told)
}

// toldThrough returns the last exception that was decided about. In a history
// that was begun anew they are counted anew.
func (s *server) toldThrough(ctx context.Context) (int64, error) {
	through, _, err := s.data.Node.ToldThrough(ctx)
	if err != nil {
		return 0, err
	}
	last, err := s.data.History.LastException(ctx)
	if last < through {
		through = 0
	}
	return through, err
}

// decide says who tells of each, and makes the messages of those that are told
// here.
func (s *server) decide(ctx context.Context, page []history.Exception) (told node.Told, err error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return told, err
	}
	twin, now := s.watcher.Standing(), time.Now()
	pair := newStance(self, twin)
	l, err := s.letters(ctx)
	if err != nil {
		return told, err
	}
	var twinTold []string
	if twin.Word != nil {
		twinTold = twin.Word.Doc.Told
	}
	for _, e := range page {
		name := crossingName(e)
		who := pair.voice(now, e.At.Time(), slices.Contains(twinTold, name))
		if who == later {
			break
		}
		told.Through = e.ID
		if who == theirs {
			s.log.Info("a crossing is left to the twin", "exception", e.ID, "threshold", e.Threshold)
		}
		if who == theirs || now.Sub(e.At.Time()) > staleCrossing {
			continue
		}
		targets, err := s.targetsOf(ctx, e.Threshold)
		if err != nil {
			return node.Told{}, err
		}
		told.Messages = append(told.Messages, l.ofCrossing(e, targets, who == instead)...)
		if who == instead {
			told.Instead = append(told.Instead, name)
		}
	}
	return told, nil
}

// targetsOf returns whom a threshold tells now; none if it is gone.
func (s *server) targetsOf(ctx context.Context, threshold string) ([]string, error) {
	row, err := s.data.Admin.Row(ctx, admin.Name{Kind: "threshold", Key: threshold})
	if errors.Is(err, admin.ErrNoRow) {
		return nil, nil
	}
	return row.Body.List("targets"), err
}

// crossingName is the same for what both twins saw of one crossing.
func crossingName(e history.Exception) string {
	return string(asJSON([]any{e.Threshold, e.Feed, e.Object, e.Start}))
}
