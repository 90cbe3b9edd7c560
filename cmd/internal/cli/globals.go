package cli

import (
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/twinctl/twin/cmd/internal/config"
)

const (
	configVariable = config.FileVariable
	configDefault  = "/etc/twin/twin.toml"
)

// globals are the flags that stand before or after any verb.
type globals struct {
	root  *Command
	flags *FlagSet // shared by the flag sets of all levels, so that each is given once

	help, version, json, noInput, yes, unguarded bool
	config, output, as                           string
	set                                          []string
	timeout                                      time.Duration

	bound bool     // whom it is for, and by which configuration, is settled
	words []string // that were asked for by way of SSH
	line  string   // which is those in one
}

func newGlobals(root *Command) *globals { return boundGlobals(root, false) }

// boundGlobals returns them without those that settle whom the line is for, if
// it is bound.
func boundGlobals(root *Command, bound bool) *globals {
	g := &globals{root: root, flags: newFlagSet(root.Name), bound: bound}
	g.flags.BoolVarP(&g.help, "help", "h", false, "show this help")
	if !bound {
		g.flags.StringVar(&g.config, "config", "", "configuration `FILE` (default $"+configVariable+", then "+configDefault+")")
		g.flags.StringArrayVar(&g.set, "set", nil, "override a setting of the configuration: `KEY=VALUE`; repeatable")
	}
	if root.Admit != nil && !bound {
		g.flags.StringVar(&g.as, "as", "", "act as the administered user of this `LOGIN`, and do what that one may; see twinctl help tui")
	}
	if _, ok := versionOf(root); ok {
		g.flags.BoolVar(&g.version, "version", false, "show the version, as the verb does")
	}
	if len(root.Sub) > 0 {
		g.flags.BoolVar(&g.json, "json", false, "write JSON, errors too; the same as -o json")
		g.flags.StringVarP(&g.output, "output", "o", "", "write as `FORMAT`: table, json, jsonl, csv, html or raw; each verb has some")
		g.flags.BoolVar(&g.noInput, "no-input", false, "ask nothing; what would need an answer fails")
		g.flags.BoolVarP(&g.yes, "yes", "y", false, "answer every question with yes")
		g.flags.BoolVar(&g.unguarded, "unguarded", false, "with -o csv: leave texts as they are that a spreadsheet would take for formulas")
		g.flags.DurationVar(&g.timeout, "timeout", 0, "give up after this `DURATION`, as 30s, with exit status 5 (default: never)")
	}
	return g
}

func newFlagSet(name string) *FlagSet {
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// versionOf returns the verb that shows the version, if the program has it.
func versionOf(root *Command) (*Command, bool) {
	for i := range root.Sub {
		if root.Sub[i].Name == "version" {
			return &root.Sub[i], true
		}
	}
	return nil, false
}

func (g *globals) configFile() string {
	if g.config != "" {
		return g.config
	}
	if file := os.Getenv(configVariable); file != "" {
		return file
	}
	return configDefault
}

// format settles on what the verb is to write.
func (g *globals) format(inv *invocation) (Format, error) {
	can, asked := inv.command().Outputs, Format(g.output)
	switch {
	case g.json && asked != "" && asked != JSON:
		return "", inv.usage("--json and -o %s exclude each other", g.output)
	case g.json:
		asked = JSON
	case asked == "" && len(can) == 0:
		return "", nil
	case asked == "":
		return can[0], nil
	}
	if slices.Contains(can, asked) {
		return asked, nil
	}
	if len(can) == 0 {
		return "", inv.usage("it has one form of output only: leave -o and --json out")
	}
	return "", inv.usage("it cannot write %q: want -o %s", asked, strings.Join(formatNames(can), " or -o "))
}

func formatNames(formats []Format) []string {
	words := make([]string, len(formats))
	for i, f := range formats {
		words[i] = string(f)
	}
	return words
}

func names(commands []Command) string {
	var words []string
	for _, c := range commands {
		if !c.Hidden {
			words = append(words, c.Name)
		}
	}
	return strings.Join(words, ", ")
}
