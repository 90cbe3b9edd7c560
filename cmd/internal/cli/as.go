package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/twinctl/twin/timetable/task"
)

// originalCommand is where an SSH server leaves what somebody asked for in whose
// stead it runs a forced command.
const originalCommand = "SSH_ORIGINAL_COMMAND"

// A Person is one whom --as named, and what is permitted to that one.
type Person struct {
	Login      string
	Permission string   // view, operate or admin
	Feeds      []string // may see these; none: all
	Groups     []string // keys of the groups whose queues that one may see; none: all
	Keys       []string // public keys by which twind's own SSH server lets that one in
}

// Limited tells whether there is anything that the person may not see.
func (p *Person) Limited() bool { return p != nil && len(p.Feeds)+len(p.Groups) > 0 }

// Asked is what a person asked for.
type Asked struct {
	Login string
	Verb  []string            // as "feed", "pause"; none: the program itself
	Args  []string            // of the verb
	Flags map[string][]string // of the verb, that were given
	Line  string              // for people to read: as it came by way of SSH, or else the verb and Args
}

// asked describes an invocation; line is as it came by way of SSH.
func (inv *invocation) asked(login, line string) Asked {
	a := Asked{Login: login, Args: inv.args, Flags: map[string][]string{}}
	for _, c := range inv.path[1:] {
		a.Verb = append(a.Verb, c.Name)
	}
	a.Line = cmp.Or(line, strings.Join(slices.Concat(a.Verb, a.Args), " "))
	inv.own.VisitAll(func(f *pflag.Flag) {
		if !f.Changed {
			return
		}
		a.Flags[f.Name] = []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			a.Flags[f.Name] = list.GetSlice()
		}
	})
	return a
}

// named tells whether --as was given, be it with an empty name.
func (g *globals) named() bool { return g.bound || g.flags.Changed("as") }

// forced tells whether the line says for whom and not what: then an SSH server
// may have been told what.
func (g *globals) forced(inv *invocation) bool {
	return g.named() && !g.bound && len(inv.path) == 1 && !g.help
}

// remote runs what an SSH server was asked for: words as a shell would read them,
// of which none says for whom, or by which configuration.
func (g *globals) remote(ctx context.Context, std Stdio, line string) error {
	words, err := task.Words(line)
	if err != nil {
		return Fail(Usage, fmt.Errorf("the command %w", err), g.root.Name+" help")
	}
	g.words = words
	far := boundGlobals(g.root, true)
	far.as, far.config, far.set, far.line = g.as, g.config, g.set, line
	inv, err := far.parse(words)
	if err != nil {
		return err
	}
	return far.perform(ctx, std, inv)
}

// verb runs the verb for whoever it is for.
func (g *globals) verb(ctx context.Context, inv *invocation, call *Call) error {
	run := func(ctx context.Context) error { return inv.command().Run(ctx, call) }
	switch {
	case !g.named():
		return run(ctx)
	case g.root.Admit == nil:
		return Fail(Refused, errors.New("nobody is administered here"), "")
	}
	return g.root.Admit(ctx, call, inv.asked(g.as, g.line), run)
}

// Reading returns what a command line of the program root asks for, as Main would
// read it of somebody on the way of SSH, and does nothing.
func Reading(root Command, args []string) (Asked, error) {
	g := boundGlobals(&root, true)
	inv, err := g.parse(args)
	if err != nil {
		return Asked{}, err
	}
	return inv.asked("", ""), nil
}
