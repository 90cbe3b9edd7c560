package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/deliver"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
)

// Receivers returns how people are told who are named by words: each is the key
// of a target, or a mail address. off has the targets to which nothing is sent
// for now. Whom this server has no way to is a usage error.
func Receivers(ctx context.Context, cfg *config.Config, from *admin.DB, words []string) (to, off []string, err error) {
	for _, word := range words {
		row, err := from.Find(ctx, "target", word)
		r := receiver(row)
		switch {
		case errors.Is(err, admin.ErrNoRow) && strings.Contains(word, "@"):
			if r = config.Receiver(config.ByMail, word); badReceiver(r) != nil {
				return nil, nil, cli.Fail(cli.Usage, badReceiver(r), "twinctl admin target list")
			}
		case err != nil:
			return nil, nil, err
		case row.Body.Bool("off"):
			off = append(off, word)
			continue
		}
		if err := reachable(cfg, r); err != nil {
			return nil, nil, err
		}
		if !slices.Contains(to, r) {
			to = append(to, r)
		}
	}
	return to, off, nil
}

func badReceiver(r string) error {
	if strings.Contains(r, ",") {
		return fmt.Errorf("%q: want one address", r)
	}
	_, err := config.Receivers(r)
	return err
}

// reachable says whether the configuration has a way to a receiver.
func reachable(cfg *config.Config, r string) error {
	switch {
	case node.Channel(r) == config.ByMail && cfg.Mail.Server == "":
		return cli.Fail(cli.Usage, fmt.Errorf("%s cannot be told: mail.server is not set in %s", r, cfg.File), "twinctl config show mail.server")
	case node.Channel(r) == config.ByExec && cfg.Deliver.Exec == "":
		return cli.Fail(cli.Usage, fmt.Errorf("%s cannot be told: deliver.exec is not set in %s", r, cfg.File), "twinctl config show deliver.exec")
	}
	return nil
}

// SendReport puts a report into the outbox, for twind to send it to each of the
// receivers. What it returns is on disk. Of the fact it wants the report, with
// the texts of its files, a line about it, what it asks, and of which object.
func SendReport(ctx context.Context, data *Data, fact deliver.Fact, to []string) ([]node.Message, error) {
	self, err := data.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	box := deliver.OutboxOf(data.Dir)
	id, stored, err := box.Put(fact.Report.Files)
	switch {
	case errors.Is(err, deliver.ErrTooLarge):
		return nil, cli.Fail(cli.Refused, err, "write it to a file with --into; or ask for less")
	case errors.Is(err, deliver.ErrOutboxFull):
		return nil, cli.Fail(cli.Refused, err, "twinctl alarm list says what waits, and why")
	case err != nil:
		return nil, fmt.Errorf("outbox: %w", err)
	}
	mailing := *fact.Report
	mailing.Files = stored
	fact.Type, fact.Severity, fact.At, fact.Report = deliver.Report, "info", time.Now().UTC().Truncate(time.Second), &mailing
	l := letters{server: self.Name, role: string(self.Role)}
	messages, err := data.Node.Tell(ctx, l.messages(node.AboutReport(id), to, fact))
	if err == nil {
		return messages, nil
	}
	if errors.Is(err, node.ErrManyWait) {
		err = cli.Fail(cli.Refused, err, "twinctl alarm list says why")
	}
	return nil, errors.Join(err, box.Remove(id))
}
