package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
)

// greet tells a person first who came to the secondary while the primary is up,
// and the way there. Who is about to see the screens goes on by enter.
func (s *site) greet(ctx context.Context, call *cli.Call, person *cli.Person, verb []string) error {
	if call.NoInput {
		return nil
	}
	way, err := s.wayToPrimary(ctx, person.Login)
	if err != nil || way == "" {
		return err
	}
	fmt.Fprintf(call.Err, "%s is the secondary, and people belong on the primary:\n\n    %s\n\n", inert.Text(s.Name), way)
	screens := (len(verb) == 0 || verb[0] == "tui") && onTerminal(call) == nil
	if !screens {
		return nil
	}
	fmt.Fprint(call.Err, "Enter goes on here all the same, Ctrl-C leaves. ")
	_, err = dialogue{call: call, in: bufio.NewReader(byteReader{call.In})}.read(ctx)
	return err
}

// A byteReader reads no more than it must: what is behind the line is for the
// screens.
type byteReader struct{ in io.Reader }

func (b byteReader) Read(p []byte) (int, error) { return b.in.Read(p[:min(1, len(p))]) }

// wayToPrimary is the line by which a login reaches the primary, "" where this is
// it, or where it cannot be reached.
func (s *site) wayToPrimary(ctx context.Context, login string) (string, error) {
	doc, err := app.Status(ctx, s.Config, s.data)
	if err != nil || doc.Role != node.Secondary || doc.Twin == nil {
		return "", err
	}
	t := doc.Twin
	if t.State != string(exchange.OK) || t.Role == nil || *t.Role != node.Primary {
		return "", nil
	}
	pair, err := s.data.Node.Pair(ctx)
	if err != nil || pair == nil {
		return "", err
	}
	a, err := link.ParseAddress(app.Target(s.Config, *pair).Address)
	if err != nil {
		return "", err
	}
	host, _, err := net.SplitHostPort(a.Dial())
	switch {
	case err != nil:
		return "", errors.New("the way to the primary: " + err.Error())
	case t.People == nil || t.People.Port == nil: // not by a server of its own
		return "ssh " + login + "@" + inert.Text(host), nil
	}
	return "ssh -p " + strconv.Itoa(*t.People.Port) + " " + login + "@" + inert.Text(host), nil
}
