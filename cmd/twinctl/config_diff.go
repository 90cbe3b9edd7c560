package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/link"
)

func configDiffCommand() cli.Command {
	return cli.Command{
		Name:  "diff",
		Short: "compare the feeds of the twins' configurations",
		Long: `Compares the feeds of this server with what the twin told last, and prints the lines to paste on the one side or the other. ` +
			`The twins must agree in name, kind, format, source, counts, events and time of each feed: else they do not collect the same. ` +
			`Addresses, paths, secrets and limits are each server's own. While a section is wrong here nothing is compared: exit status 2.

Exits 3 when they differ. Once the file is changed, systemctl reload twind takes it over.`,
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Exits:   []cli.Code{cli.Differs, cli.Refused, cli.Unreachable, cli.Untrusted},
		Examples: []cli.Example{
			{Line: "twinctl config diff", Why: "What is to be pasted where?"},
			{Line: "twinctl config diff --json", Why: "for a script"},
		},
		Run: with(diffConfig),
	}
}

// A told is what the twin said of its feeds.
type told struct {
	at    record.Instant // by our clock
	feeds []config.Section
}

func diffConfig(ctx context.Context, call *cli.Call, s *site) error {
	pair, err := app.Paired(ctx, s.data.Node)
	if err != nil {
		return err
	}
	if wrong := s.Problems(); len(wrong) > 0 {
		return fmt.Errorf("not compared, as a feed is wrong here: %w", wrong)
	}
	twin, err := lastTold(ctx, s.data.Node)
	if errors.Is(err, errNothingTold) {
		twin, err = s.askTold(ctx)
	}
	if err != nil {
		return err
	}
	found := config.Diff(s.Shared(), twin.feeds)
	if call.Format == cli.Text {
		err = writeDifferences(call.Out, found, sides{s.Name, pair.Name, s.File, twin.at})
	} else {
		err = call.Show(viewDifferences(found, twin.at))
	}
	if err == nil && len(found) > 0 {
		return cli.Fail(cli.Differs, nil, "")
	}
	return err
}

// lastTold looks first at what the twin answered, then at what it said with a
// question of its own.
func lastTold(ctx context.Context, n *node.DB) (told, error) {
	for _, way := range []node.Direction{node.Out, node.In} {
		h, err := n.Heard(ctx, way)
		if err != nil {
			return told{}, err
		}
		if h == nil {
			continue
		}
		var doc struct {
			Feeds json.RawMessage `json:"feeds"` // null: it has none; not there: it spoke of something else
		}
		if err := json.Unmarshal(h.Doc, &doc); err != nil || len(doc.Feeds) == 0 {
			continue
		}
		t := told{at: h.At}
		if err := json.Unmarshal(doc.Feeds, &t.feeds); err != nil {
			return told{}, cli.Fail(cli.Untrusted, fmt.Errorf("what the twin told of its feeds: %w", err), "twinctl version, on both")
		}
		return t, nil
	}
	return told{}, errNothingTold
}

var errNothingTold = cli.Fail(cli.Unreachable, errors.New("the twin has told nothing yet"), "twinctl pair check")

// askTold asks the twin now, which the two servers do by themselves only a few
// seconds after they were paired.
func (s *site) askTold(ctx context.Context) (told, error) {
	l, err := s.notary().Dial(ctx, link.Options{})
	if err != nil {
		return told{}, cli.Fail(cli.Unreachable, fmt.Errorf("the twin has told nothing yet, and cannot be asked: %w", err), "twinctl pair check")
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	if _, err := l.Ask(ctx, s.Config, s.data); err != nil {
		return told{}, err
	}
	return lastTold(ctx, s.data.Node)
}

func viewDifferences(found []config.Difference, at record.Instant) cli.View {
	t := cli.Table{Columns: []cli.Column{{Name: "feed"}, {Name: "key"}, {Name: "here"}, {Name: "there"}}}
	for _, d := range found {
		t.Add(d.Feed, d.Key, d.Here, d.There)
	}
	if found == nil {
		found = []config.Difference{} // a list in JSON
	}
	document := struct {
		Equal bool                `json:"equal"`
		Told  node.Moment         `json:"told"`
		Feeds []config.Difference `json:"feeds"`
	}{len(found) == 0, node.Moment(at), found}
	return cli.View{Document: document, Lines: cli.Each(found), Table: t}
}

// Sides are the two whose feeds are compared.
type sides struct {
	here, there string // names
	file        string // of the one here
	told        record.Instant
}

// writeDifferences writes TOML, in which all words are comments.
func writeDifferences(w io.Writer, found []config.Difference, s sides) error {
	at := s.told.Time().Format(time.RFC3339)
	if len(found) == 0 {
		_, err := fmt.Fprintf(w, "the feeds of %s and %s agree, as %s told at %s\n", inert.Text(s.here), inert.Text(s.there), inert.Text(s.there), at)
		return err
	}
	back := make([]config.Difference, len(found))
	for i, d := range found {
		back[i] = config.Difference{Feed: d.Feed, Key: d.Key, Here: d.There, There: d.Here}
	}
	fmt.Fprintf(w, "# for %s on %s, to be as %s told at %s:\n", inert.Text(s.file), inert.Text(s.here), inert.Text(s.there), at)
	writeLinesToPaste(w, found)
	fmt.Fprintf(w, "\n# or for twin.toml on %s, to be as %s:\n", inert.Text(s.there), inert.Text(s.here))
	writeLinesToPaste(w, back)
	return nil
}

// writeLinesToPaste writes what makes Here as There.
func writeLinesToPaste(w io.Writer, found []config.Difference) {
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].Feed == found[0].Feed {
			n++
		}
		writeFeedLines(w, found[:n])
		found = found[n:]
	}
}

func writeFeedLines(w io.Writer, found []config.Difference) {
	switch head := found[0]; {
	case head.Key != "name":
		fmt.Fprintf(w, "\n# in the section of feed %s:\n", inert.Text(head.Feed))
	case head.There == "":
		fmt.Fprintf(w, "\n# take out the section of feed %s\n", inert.Text(head.Feed))
		return
	default:
		fmt.Fprintf(w, "\n# a new section; add what is that server's own, as addresses or path\n[[feed]]\n")
	}
	for _, d := range found {
		switch {
		case d.There == "":
			fmt.Fprintf(w, "# take out: %s\n", d.Key)
		case d.Here == "":
			fmt.Fprintf(w, "%s = %s\n", d.Key, inert.Text(d.There))
		default:
			fmt.Fprintf(w, "%s = %s # was %s\n", d.Key, inert.Text(d.There), inert.Text(d.Here))
		}
	}
}
