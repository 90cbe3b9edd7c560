package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/bundle"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/sync/vault"
)

// A rejoinWish is how somebody wants a restored server to come back.
type rejoinWish struct{ dryRun, lost bool }

func rejoinCommand() cli.Command {
	var w rejoinWish
	return cli.Command{
		Name:  "rejoin",
		Short: "let a server that was restored take part again",
		Long: `What a restored server holds is older than what its twin has seen, so it collects, but neither syncs nor runs what only the primary runs. ` +
			`This asks the twin who was primary last, shows what the twin has that this server lacks, and who this server will be; then it is held no longer. It copies and overwrites nothing: what is missing comes by fill and sync.

Whichever of the two the highest epoch belongs to was primary last. If that is this server, it is primary again, by a new epoch: who still acts by an older one stops. If it is the twin, this server is secondary.`,
		Examples: []cli.Example{
			{Line: "twinctl rejoin --dry-run", Why: "what would this server be, and what does it lack?"},
			{Line: "twinctl rejoin", Why: "asks once, and does it"},
			{Line: "twinctl rejoin --twin-is-lost", Why: "there is no twin any more that could be asked"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Unreachable, cli.Untrusted, cli.Unknown},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			f.BoolVar(&w.dryRun, "dry-run", false, "show what would be done, and do nothing")
			f.BoolVar(&w.lost, "twin-is-lost", false, "do not ask the twin: it is gone, and whoever says so answers for it")
		},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error { return s.rejoin(ctx, call, w) }),
	}
}

// A rejoining is what a rejoin will do, as programs read it.
type rejoining struct {
	Held       bool         `json:"held"`   // false: there is nothing to do
	Backup     string       `json:"backup"` // that the server was restored from
	Taken      *node.Moment `json:"taken"`
	Twin       string       `json:"twin"`  // "": it has none
	Asked      bool         `json:"asked"` // the twin answered
	Role       change       `json:"role"`
	Epoch      change       `json:"epoch"` // this server's own
	Seen       change       `json:"epoch_seen"`
	Feeds      []heldFeed   `json:"feeds"`
	Generation *lag         `json:"generation"` // of the administration data; null: the twin did not tell
	Acts       *lag         `json:"acts"`       // of its audit; null: the twin did not tell
	Next       []string     `json:"next"`
	Done       bool         `json:"done"`
}

// A change is what something was, and what it becomes.
type change struct {
	Was any `json:"was"`
	Is  any `json:"is"`
}

// A lag is how far two servers are, as the twin knows it and as it is here.
type lag struct {
	Here  int64 `json:"here"`
	There int64 `json:"there"`
}

// A heldFeed is a feed, as both hold it.
type heldFeed struct {
	Name  string       `json:"name"`
	Here  int64        `json:"here"`  // records
	There *int64       `json:"there"` // null: the twin does not have that feed
	Until *node.Moment `json:"covered_until"`
	Twins *node.Moment `json:"covered_until_there"`
}

func (s *site) rejoin(ctx context.Context, call *cli.Call, w rejoinWish) error {
	held, err := s.data.Node.Held(ctx)
	if err != nil {
		return err
	}
	if held == nil {
		if call.Format == cli.JSON {
			return call.Show(cli.View{Document: rejoining{Feeds: []heldFeed{}, Next: []string{}}})
		}
		_, err := fmt.Fprintln(call.Out, "this server is not held: there is nothing to do")
		return err
	}
	twin, err := s.meet(ctx, w.lost)
	if err != nil {
		return err
	}
	defer twin.close()
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return err
	}
	will := node.NewRejoin(*held, self, twin.word.Doc.Epoch)
	will.Numbered = twin.numbered()
	doc, err := s.describeRejoin(ctx, *held, will, twin)
	if err != nil {
		return err
	}
	if err := showRejoin(call, doc, w.dryRun); err != nil || w.dryRun {
		return err
	}
	if err := confirm(call, fmt.Sprintf("Rejoin as %s?", will.Role)); err != nil {
		return err
	}
	if err := s.data.Node.Rejoin(ctx, will, s.actor()); err != nil {
		return err
	}
	return s.rejoined(context.WithoutCancel(ctx), call, doc, twin)
}

// rejoined reads back what became of it, and lets the twin know at once.
func (s *site) rejoined(ctx context.Context, call *cli.Call, doc rejoining, twin met) error {
	held, err := s.data.Node.Held(ctx)
	if err == nil && held != nil {
		err = fmt.Errorf("it was restored again, from %s", held.Backup)
	}
	self, failed := s.data.Node.Self(ctx)
	if err = errors.Join(err, failed); err != nil {
		return cli.Fail(cli.Unknown, fmt.Errorf("read back: %w", err), "twinctl status")
	}
	if twin.line != nil {
		if _, err := twin.line.Ask(ctx, s.Config, s.data); err != nil {
			fmt.Fprintf(call.Err, "note: %s\n", inert.Text(err.Error()))
		}
	}
	doc.Done = true
	if call.Format == cli.JSON {
		return call.Show(cli.View{Document: doc})
	}
	_, err = fmt.Fprintf(call.Out, "%s is %s, epoch %d, and held no longer\n", inert.Text(self.Name), self.Role, self.EpochSeen)
	for _, next := range doc.Next {
		fmt.Fprintf(call.Err, "Next: %s\n", inert.Text(next))
	}
	return err
}

// A met is a twin that was asked: the zero one if there is none to ask.
type met struct {
	name string
	line *app.Line
	word exchange.Word
	acts *bundle.AuditAnswer
	kept []backup.Kept // of this server's backups
}

func (m met) close() {
	if m.line != nil {
		_ = m.line.Close() // nothing is under way
	}
}

// meet asks the twin what it knows. That its twind does not run is no matter.
func (s *site) meet(ctx context.Context, lost bool) (m met, err error) {
	have, err := s.data.Node.Pair(ctx)
	if err != nil || have == nil {
		return m, err
	}
	m.name = have.Name
	if lost {
		return m, nil
	}
	m.line, err = s.notary().Dial(ctx, link.Options{})
	if err == nil {
		err = s.question(ctx, &m)
	}
	if err != nil {
		m.close()
		hint := cli.Hint(err)
		if cli.Verdict(err) == cli.Unreachable {
			hint = "the same once " + have.Name + " answers; if it is lost for good: twinctl rejoin --twin-is-lost"
		}
		return m, cli.Fail(cli.Verdict(err), fmt.Errorf("who was primary last, the twin has to say: %w", err), hint)
	}
	return m, nil
}

func (s *site) question(ctx context.Context, m *met) error {
	if _, err := m.line.Check(ctx, false); err != nil {
		return err
	}
	var err error
	if m.word, err = m.line.Ask(ctx, s.Config, s.data); err != nil && m.word.Server == "" {
		return err
	}
	at, err := s.data.Admin.Position(ctx)
	if err != nil {
		return err
	}
	m.acts = new(bundle.AuditAnswer)
	if err := m.line.Call(ctx, bundle.VerbAudit, bundle.AuditQuestion{Head: at.Head}, m.acts); err != nil {
		m.acts = nil // it told who it is: that its rows cannot be read is its own alarm
	}
	if m.kept, err = (vault.Sender{Peer: m.line}).List(ctx); err != nil && !errors.As(err, new(*link.RemoteError)) {
		return err // one that knows nothing of backups has none
	}
	return ctx.Err()
}

// numbered returns the highest number of this server's backups on the twin: what
// is backed up from here on is newer than those.
func (m met) numbered() (highest int64) {
	for _, k := range m.kept {
		if name, err := backup.ParseName(k.Name); err == nil {
			highest = max(highest, name.Number)
		}
	}
	return highest
}
