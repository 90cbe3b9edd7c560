package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/twinctl/twin/collector/nearest"
)

// An invocation is a command line as understood.
type invocation struct {
	path []*Command // from the program to the verb
	args []string
	own  *FlagSet // of the verb
}

func (inv *invocation) command() *Command { return inv.path[len(inv.path)-1] }

// parse finds the verb and reads the flags, wherever they stand.
func (g *globals) parse(args []string) (*invocation, error) {
	inv := &invocation{path: []*Command{g.root}}
	for {
		own, all := g.flagsOf(inv.command())
		if err := all.Parse(joinWords(all, args)); err != nil {
			return nil, inv.badFlag(err, all)
		}
		args = all.Args()
		if version, ok := versionOf(g.root); ok && g.version {
			return &invocation{path: []*Command{g.root, version}, own: newFlagSet(version.Name)}, nil
		}
		inv.own = own
		if len(inv.command().Sub) == 0 {
			inv.args = args
			return inv, nil
		}
		if len(args) == 0 {
			return inv, nil
		}
		sub, err := inv.sub(args[0])
		if err != nil {
			return nil, err
		}
		if flag := changed(own); flag != "" {
			return nil, inv.usage("--%s does not belong to its verb %s", flag, sub.Name)
		}
		inv.path, args = append(inv.path, sub), args[1:]
	}
}

// flagsOf returns the flags of a command itself, and those with the global
// ones. Where a sub-verb may follow, reading stops in front of it.
func (g *globals) flagsOf(c *Command) (own, all *FlagSet) {
	own, all = newFlagSet(c.Name), newFlagSet(c.Name)
	if c.Flags != nil {
		c.Flags(own)
	}
	all.AddFlagSet(own)
	all.AddFlagSet(g.flags)
	all.SetInterspersed(len(c.Sub) == 0)
	return own, all
}

// changed returns the name of a flag that was given; "" if none was.
func changed(fs *FlagSet) (name string) {
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			name = f.Name
		}
	})
	return name
}

func (inv *invocation) sub(name string) (*Command, error) {
	c := inv.command()
	var known []string
	for i := range c.Sub {
		if c.Sub[i].Name == name {
			return &c.Sub[i], nil
		}
		if !c.Sub[i].Hidden {
			known = append(known, c.Sub[i].Name)
		}
	}
	if meant, ok := nearest.Word(name, known); ok {
		return nil, inv.usage("unknown verb %q: did you mean %s?", name, meant)
	}
	return nil, inv.usage("unknown verb %q: it has %s", name, strings.Join(known, ", "))
}

// usage is an error of whoever typed the command line.
func (inv *invocation) usage(format string, args ...any) error {
	return Fail(Usage, fmt.Errorf("%s%w", inv.prefix(), fmt.Errorf(format, args...)), inv.helpLine())
}

// prefix names the verb, as errors begin; nothing for the program itself.
func (inv *invocation) prefix() string {
	if len(inv.path) == 1 {
		return ""
	}
	return fullName(inv.path[1:]) + ": "
}

func (inv *invocation) helpLine() string {
	if len(inv.path[0].Sub) == 0 {
		return inv.path[0].Name + " --help"
	}
	return fullName(append([]*Command{inv.path[0], {Name: "help"}}, inv.path[1:]...))
}

// badFlag says in our words what the flag library found.
func (inv *invocation) badFlag(err error, flags *FlagSet) error {
	var missing *pflag.NotExistError
	var wrong *pflag.InvalidValueError
	if errors.As(err, &wrong) {
		return inv.badValue(wrong)
	}
	if !errors.As(err, &missing) {
		return inv.usage("%w", err)
	}
	name := missing.GetSpecifiedName()
	if missing.GetSpecifiedShortnames() != "" {
		return inv.usage("unknown flag -%s", name)
	}
	var known []string
	flags.VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if meant, ok := nearest.Word(name, known); ok {
		return inv.usage("unknown flag --%s: did you mean --%s?", name, meant)
	}
	return inv.usage("unknown flag --%s", name)
}

// badValue says what the flag wants, or what its own check found.
func (inv *invocation) badValue(err *pflag.InvalidValueError) error {
	f, why := err.GetFlag(), ""
	switch f.Value.Type() {
	case "int":
		why = "want a whole number"
	case "duration":
		why = "want a duration, as 30s or 5m"
	case "bool":
		why = "want true or false"
	default:
		return inv.usage("--%s %q: %w", f.Name, err.GetValue(), err.Unwrap())
	}
	return inv.usage("--%s %q: %s", f.Name, err.GetValue(), why)
}

// fullName returns what a person types to reach the last of path.
func fullName(path []*Command) string {
	words := make([]string, len(path))
	for i, c := range path {
		words[i] = c.Name
	}
	return strings.Join(words, " ")
}
