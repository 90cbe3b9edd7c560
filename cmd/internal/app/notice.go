package app

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/deliver"
	"github.com/twinctl/twin/collector/node"
)

// SendNotice puts what somebody says into the outbox, for twind to send it to
// each of the receivers. What it returns is on disk. Of the fact it wants the
// text and its severity.
func SendNotice(ctx context.Context, data *Data, fact deliver.Fact, to []string) ([]node.Message, error) {
	self, err := data.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	fact.Type, fact.Code, fact.Object = deliver.Notice, deliver.Notice, Actor()
	fact.At = time.Now().UTC().Truncate(time.Second)
	l := letters{server: self.Name, role: string(self.Role)}
	messages, err := data.Node.Tell(ctx, l.messages(node.AboutNotice(rand.Text()), to, fact))
	if errors.Is(err, node.ErrManyWait) {
		err = cli.Fail(cli.Refused, err, "twinctl alarm list says why")
	}
	return messages, err
}
