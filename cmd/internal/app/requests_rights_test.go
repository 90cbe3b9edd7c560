package app

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
)

// TestRequestsOfPeople puts requests as an entry would that forgot to look at
// permissions: twind itself refuses them, and does nothing.
func TestRequestsOfPeople(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	setFeeds(t, s)
	var users []admin.Edit
	for _, permission := range []string{"view", "operate", "admin"} {
		users = append(users, admin.Edit{Kind: "user", Key: permission + "er", Body: admin.Body{"permission": permission}})
	}
	if _, err := s.data.Admin.Change(t.Context(), admin.Author{Actor: "test", From: "local", Verb: "test"}, users, admin.How{}); err != nil {
		t.Fatal(err)
	}
	c := &clerk{node: s.data.Node, users: s.data.Admin, collector: s.collector, log: s.log, name: "this run"}
	for _, test := range []struct {
		login, verb string
		exit        cli.Code
		text        string
	}{
		{"viewer", PauseFeed, cli.Refused, "request feed.pause: viewer may view, and this needs operate; nothing was changed"},
		{"viewer", SwitchRole, cli.Refused, "this needs operate"},
		{"viewer", Drop, cli.Refused, "this needs admin"},
		{"operateer", Drop, cli.Refused, "operateer may operate, and this needs admin"},
		{"adminer", Import, cli.Refused, "only on the server itself, and not for adminer"},
		{"adminer", DemoteRole, cli.Refused, "only on the server itself"},
		{"adminer", "feed.burn", cli.Refused, "only on the server itself"},
		{"nobody", PauseFeed, cli.Refused, "nobody may nothing"},
		{"operateer", PauseFeed, cli.OK, `feed "log" is paused`},
		{"adminer", ResumeFeed, cli.OK, `feed "log" is collected again`},
		{"", PauseFeed, cli.OK, `feed "log" is paused`}, // whoever is on the server
	} {
		done := make(chan node.Answer, 1)
		go func() {
			a, err := s.data.Node.Ask(t.Context(), node.Request{Verb: test.verb, Args: json.RawMessage(`{"feed":"log"}`), Actor: test.login, Login: test.login}, nil)
			if err != nil {
				a.Text += err.Error()
			}
			done <- a
		}()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for answered := false; !answered; {
			if err := c.answerAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			select {
			case a := <-done:
				if cli.Code(a.Exit) != test.exit || !strings.Contains(a.Text, test.text) {
					t.Errorf("%q asks %s: exit %d, %q", test.login, test.verb, a.Exit, a.Text)
				}
				answered = true
			case <-tick.C:
			}
		}
	}
	if paused, err := s.data.Node.Paused(t.Context()); err != nil || len(paused) != 1 {
		t.Errorf("paused %v, %v", paused, err)
	}
}
