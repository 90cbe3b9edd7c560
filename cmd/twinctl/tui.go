package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/tui"
)

func tuiCommand() cli.Command {
	var w screenWish
	return cli.Command{
		Name:  "tui",
		Short: "look at both servers and administer them, on the screen",
		Long: `Shows both servers side by side until q is pressed: who is primary, which feeds are heard on which server, what is missing, ` +
			`what is being done about it, and what to type next. Behind the tabs is what there is to be seen and administered. ` +
			`The keys of a screen stand on its last line; ? shows all of them, and the twinctl line that each is. ` +
			`Whatever changes something asks first. twinctl without a verb does the same on a terminal.` + "\n\n" +
			`Colours are off where NO_COLOR is set; nothing is said by colour alone. t goes through the themes. ` +
			`What VISUAL names, or EDITOR, or else vi, edits rows as a text.` + "\n\n" + asHelp,
		Examples: []cli.Example{
			{Line: "twinctl tui", Why: "look until q is pressed"},
			{Line: "ssh -t ops@cms-b twinctl tui", Why: "the same from afar"},
			{Line: "twinctl --as ops", Why: "as an administered user; see above"},
			{Line: "twinctl tui --read-only", Why: "for a screen on the wall"},
		},
		Exits: []cli.Code{cli.Refused, cli.Untrusted},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&w.theme, "theme", "auto", "`THEME`: auto, colour, dark, light, mono (bold and reverse only) or plain")
			f.BoolVar(&w.aloud, "accessible", false, "draw nothing: write lines and read lines, for screen readers; needs no terminal")
			f.BoolVar(&w.look, "read-only", false, "change nothing from here, whatever is pressed")
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"--theme": func(context.Context, *cli.Call) []string { return themes() },
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			if _, err := themeOf(w.theme); err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help tui")
			}
			if err := onTerminal(call); err != nil && !w.aloud {
				return cli.Fail(cli.Usage, err, "twinctl status")
			}
			return with(func(ctx context.Context, call *cli.Call, s *site) error { return showScreen(ctx, call, s, w) })(ctx, call)
		},
	}
}

// onTerminal says why there can be no screen.
func onTerminal(call *cli.Call) error {
	switch {
	case !cli.IsTerminal(call.In) || !cli.IsTerminal(call.Out):
		return errors.New("the screen needs a terminal to read keys from and to draw on")
	case os.Getenv("TERM") == "dumb":
		return errors.New("this terminal can show text only (TERM is dumb)")
	}
	return nil
}

// A screenWish is how somebody wants the screen.
type screenWish struct {
	theme string
	look  bool
	aloud bool // a line below another, for who is read to
}

func showScreen(ctx context.Context, call *cli.Call, s *site, w screenWish) error {
	theme, err := themeOf(w.theme)
	if err != nil {
		return err
	}
	show := tui.Run
	if w.aloud {
		show = tui.Aloud
	}
	named, program := call.Named, editor()
	if s.person != nil {
		named, program = "", nil // who comes by SSH need not name it, and cannot; and an editor would be a shell
	}
	err = show(ctx, s.shelves(call), tui.Options{
		In: call.In, Out: call.Out, Theme: theme, Look: w.onlyLooks(s.person), May: mayAt(s.person), Apart: s.person != nil,
		Editor: program,
		Config: named, Local: func(command string) string { return cli.Local(command, call.Config) },
	})
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	return err
}

// onlyLooks says why nothing is changed from the screen; "" if it may be.
func (w screenWish) onlyLooks(p *cli.Person) string {
	switch {
	case w.look:
		return "this screen was opened to look only"
	case p != nil && p.Permission == toView:
		return p.Login + " may view: nothing is changed from this screen"
	}
	return ""
}

// mayAt tells a screen what the person at it may not run, by the rules that are
// asked again when it is run. Lines are much the same from picture to picture: what
// was found is kept.
func mayAt(p *cli.Person) func(args []string) string {
	if p == nil {
		return nil
	}
	root, found := program(), map[string]string{}
	return func(args []string) string {
		line := strings.Join(args, "\x00")
		why, known := found[line]
		if known {
			return why
		}
		if asked, err := cli.Reading(root, args); err == nil { // else running it tells what is wrong
			if err = permits(p, asked); err != nil {
				why = strings.TrimSuffix(err.Error(), unchanged)
			}
		}
		if len(found) >= mostFound {
			clear(found)
		}
		found[line] = why
		return why
	}
}

// mostFound is of how many lines it is kept whether they may be run.
const mostFound = 1 << 10

// shelves are what the screens may look at, for whom they are shown.
func (s *site) shelves(call *cli.Call) tui.Sources {
	board := planboard{s}
	from := tui.Sources{
		Pair: glance{s}, Timetables: board, Runs: board, Reports: desk{s}, Admin: bureau{s}, Editor: bureau{s}, Texts: bureau{s},
		Sync: crossing{s}, Moves: helm{s}, Feeds: ear{glance{s}}, Books: shelf{s}, Journal: shelf{s}, Do: typist{call},
	}
	if s.person.Limited() {
		from.Runs, from.Reports, from.Feeds, from.Journal = nil, nil, nil, nil // they show what is of all
	}
	return from
}

func themes() []string {
	all := []string{"auto"}
	for _, t := range tui.Themes() {
		all = append(all, t.Name)
	}
	return all
}

func themeOf(name string) (tui.Theme, error) {
	switch {
	case name == "auto" && os.Getenv("NO_COLOR") != "":
		name = "mono"
	case name == "auto":
		name = "colour"
	}
	for _, t := range tui.Themes() {
		if t.Name == name {
			return t, nil
		}
	}
	return tui.Theme{}, fmt.Errorf("--theme %s: want one of %s", name, strings.Join(themes(), ", "))
}

// A glance is what the screen looks at: the same files as every verb.
type glance struct{ *site }

// Load implements tui.Source.
func (g glance) Load(ctx context.Context) (tui.State, error) {
	doc, err := app.Status(ctx, g.Config, g.data)
	if err != nil {
		return tui.State{}, err
	}
	doc = g.seen(doc)
	is := tui.State{Own: doc}
	if is.Gaps, err = app.Gaps(ctx, g.data, ""); err != nil {
		return is, err
	}
	told, at, err := app.TwinStatus(ctx, g.data)
	if err != nil {
		return is, err
	}
	if doc.Twin == nil {
		return is, nil
	}
	is.Fills = filling(doc, doc.Twin.Name)
	if told != nil {
		is.Twin = &tui.Told{At: at, Document: g.seen(*told)}
		is.Fills = append(is.Fills, filling(*told, doc.Name)...)
	}
	return is, nil
}

// filling is what a server copies from its twin at the moment.
func filling(doc node.Document, from string) []tui.Filling {
	if doc.Fill == nil {
		return nil
	}
	return []tui.Filling{{
		Feed: doc.Fill.Feed, To: doc.Name, From: from, Done: doc.Fill.Done, Total: doc.Fill.Total,
		Rate: doc.Fill.Rate, Remaining: time.Duration(doc.Fill.RemainingS) * time.Second,
	}}
}
