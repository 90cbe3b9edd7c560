package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/deliver"
	"github.com/twinctl/twin/collector/node"
)

const (
	courierInterval = time.Second
	giveUpAfter     = 24 * time.Hour // what nobody could be told of for so long is only kept
)

// A courier sends the messages of one channel, one after the other: a program
// that takes its time holds no mail up.
type courier struct {
	channel string // mail or exec
	node    *node.DB
	config  func() *config.Config
	log     *slog.Logger
}

// run sends what is due until ctx ends. What is being sent then is cut off, and
// what came of it noted all the same.
func (c *courier) run(ctx context.Context) error {
	tick := time.NewTicker(courierInterval)
	defer tick.Stop()
	for {
		if err := final(c.deliver(ctx)); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// deliver sends all that is due.
func (c *courier) deliver(ctx context.Context) error {
	for ctx.Err() == nil {
		m, err := c.node.NextMessage(ctx, c.channel)
		if err != nil || m == nil {
			return err
		}
		d := c.send(ctx, *m)
		if err := patiently(ctx, func() error { return c.node.Delivered(context.WithoutCancel(ctx), d) }); err != nil {
			return err
		}
		c.tidy(context.WithoutCancel(ctx), *m)
	}
	return nil
}

// send tries once, and decides what becomes of the message.
func (c *courier) send(ctx context.Context, m node.Message) node.Delivery {
	d := node.Delivery{ID: m.ID, Err: c.try(ctx, m), Crossing: crossingOf(m)}
	if d.Err == nil {
		c.log.Info("a message was delivered", "about", m.About, "receiver", m.Receiver, "attempts", m.Attempts)
		return d
	}
	var trouble *deliver.Trouble
	if errors.As(d.Err, &trouble) {
		d.Doubtful, d.Away = trouble.Doubtful, trouble.Away
	}
	if time.Since(m.At.Time()) > giveUpAfter || trouble != nil && trouble.Hopeless {
		c.log.Error("a message was given up", "about", m.About, "receiver", m.Receiver, "attempts", m.Attempts, "err", d.Err)
		return d
	}
	d.Wait = nextAttempt(m.Attempts)
	c.log.Warn("a message was not delivered, and is tried again", "about", m.About, "receiver", m.Receiver,
		"attempts", m.Attempts, "in", d.Wait, "err", d.Err)
	return d
}

// crossingOf returns the crossing that a message is about, "" if none.
func crossingOf(m node.Message) string {
	var fact deliver.Fact
	if json.Unmarshal(m.Facts, &fact) != nil || fact.Crossing == nil {
		return ""
	}
	return crossingName(*fact.Crossing)
}

// nextAttempt returns how long to wait after so many attempts.
func nextAttempt(attempts int64) time.Duration {
	waits := []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}
	if attempts = max(attempts, 1); attempts <= int64(len(waits)) {
		return waits[attempts-1]
	}
	return 15 * time.Minute
}

func (c *courier) try(ctx context.Context, m node.Message) error {
	l := deliver.Letter{Message: fmt.Sprintf("%d", m.ID), Repeated: m.Repeated}
	if err := json.Unmarshal(m.Facts, &l.Fact); err != nil {
		return fmt.Errorf("message %d: %w", m.ID, err)
	}
	_, l.To, _ = strings.Cut(m.Receiver, ":")
	self, err := c.node.Self(ctx)
	if err != nil {
		return err
	}
	l.Message = strings.ToLower(self.Server) + "." + l.Message
	cfg := c.config()
	if err := attach(&l, deliver.OutboxOf(cfg.Data), m); err != nil {
		return err
	}
	if c.channel == config.ByMail {
		return deliver.Post{Mail: cfg.Mail}.Tell(ctx, l)
	}
	if cfg.Deliver.Exec == "" {
		return &deliver.Trouble{Err: errors.New("deliver.exec is not set on this server"), Away: true}
	}
	timeout, err := time.ParseDuration(cfg.Deliver.ExecTimeout)
	if err != nil {
		return fmt.Errorf("deliver.exec_timeout: %w", err)
	}
	return deliver.Hook{Program: cfg.Deliver.Exec, Timeout: timeout}.Tell(ctx, l)
}

// attach puts to a letter what goes with it.
func attach(l *deliver.Letter, from deliver.Outbox, m node.Message) (err error) {
	id, ok := node.ReportOf(m.About)
	if !ok || l.Report == nil {
		return nil
	}
	if l.Folder, l.Attached, err = from.Read(id, l.Report.Files); err != nil {
		return &deliver.Trouble{Err: err, Hopeless: errors.Is(err, deliver.ErrLost)}
	}
	return nil
}

// tidy removes what went with a message, once no other waits for it. What it
// cannot remove, sweep finds again.
func (c *courier) tidy(ctx context.Context, m node.Message) {
	id, ok := node.ReportOf(m.About)
	if !ok {
		return
	}
	waits, err := c.node.Waits(ctx, m.About)
	if err == nil && !waits {
		err = deliver.OutboxOf(c.config().Data).Remove(id)
	}
	if err != nil {
		c.log.Warn("what was sent cannot be removed", "about", m.About, "err", err)
	}
}
