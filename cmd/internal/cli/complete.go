package cli

import (
	"context"
	_ "embed" // the scripts
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/inert"
)

// completeVerb is what the shells' scripts call, with the words in front of
// the cursor, the last one being begun. It answers a line per candidate, with
// a tab and a word of explanation where there is one.
const completeVerb = "__complete"

var (
	//go:embed completion.bash
	bashScript string
	//go:embed completion.zsh
	zshScript string
	//go:embed completion.fish
	fishScript string
)

// CompletionScript writes what a shell reads to complete this program: bash,
// zsh or fish.
func (c *Call) CompletionScript(shell string) error {
	scripts := map[string]string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}
	script, ok := scripts[shell]
	if !ok {
		return Fail(Usage, fmt.Errorf("no completion for %q", shell), "")
	}
	_, err := io.WriteString(c.Out, strings.ReplaceAll(script, "PROGRAM", c.root.Name))
	return err
}

// A candidate is a word that could stand at the cursor.
type candidate struct {
	word, about string
}

// complete never fails: where nothing can be said, nothing is.
func complete(ctx context.Context, root *Command, std Stdio, words []string) {
	if len(words) == 0 {
		words = []string{""}
	}
	begun := words[len(words)-1]
	for _, c := range candidates(ctx, root, words[:len(words)-1], begun) {
		if !strings.HasPrefix(c.word, begun) || inert.Text(c.word) != c.word {
			continue
		}
		if c.about != "" {
			c.word += "\t" + inert.Text(c.about)
		}
		fmt.Fprintln(std.Out, c.word)
	}
}

// candidates walks over the words that are there and offers what may follow.
func candidates(ctx context.Context, root *Command, words []string, begun string) []candidate {
	g := newGlobals(root)
	w := walk{g: g, command: root}
	w.enter(root)
	for _, word := range words {
		w.step(word)
	}
	call := &Call{Config: g.configFile(), Set: g.set, Args: w.args, Begun: begun, root: root}
	name, value, assigns := strings.Cut(begun, "=")
	switch {
	case w.open != nil:
		return w.values(ctx, w.open, call)
	case w.verbatim:
		return w.arguments(ctx, call)
	case assigns && strings.HasPrefix(begun, "--"):
		call.Begun = value
		return prefixed(name+"=", w.values(ctx, w.flags.Lookup(name[2:]), call))
	case strings.HasPrefix(begun, "-"):
		return w.flagNames()
	case len(w.command.Sub) > 0 && len(w.args) == 0:
		return subNames(w.command)
	}
	return w.arguments(ctx, call)
}

// A walk is how far along the command line we are.
type walk struct {
	g        *globals
	command  *Command
	flags    *FlagSet
	args     []string
	open     *pflag.Flag // wants its value next
	verbatim bool        // behind "--"
}

func (w *walk) enter(c *Command) {
	w.command = c
	_, w.flags = w.g.flagsOf(c)
}

func (w *walk) step(word string) {
	switch {
	case w.open != nil:
		// A value that is wrong will be told when the line is run.
		_ = w.open.Value.Set(word)
		w.open = nil
	case w.verbatim:
		w.args = append(w.args, word)
	case word == "--":
		w.verbatim = true
	case strings.HasPrefix(word, "-") && len(word) > 1:
		w.flag(word)
	default:
		for i := range w.command.Sub {
			if w.command.Sub[i].Name == word {
				w.enter(&w.command.Sub[i])
				return
			}
		}
		w.args = append(w.args, word)
	}
}

func (w *walk) flag(word string) {
	name, value, assigned := strings.Cut(strings.TrimLeft(word, "-"), "=")
	f := w.flags.Lookup(name)
	if !strings.HasPrefix(word, "--") {
		f = w.flags.ShorthandLookup(name[:min(1, len(name))])
	}
	switch {
	case f == nil:
	case assigned:
		_ = f.Value.Set(value)
	case f.NoOptDefVal == "":
		w.open = f
	}
}

// values offers what may stand behind a flag.
func (w *walk) values(ctx context.Context, f *pflag.Flag, call *Call) []candidate {
	switch {
	case f == nil:
		return nil
	case f.Name == "output":
		return plainWords(formatNames(w.command.Outputs))
	case f.Name == "set":
		var all []candidate
		for _, s := range config.Settings() {
			all = append(all, candidate{s.Key + "=", s.Doc})
		}
		return all
	}
	if offer := w.command.Complete["--"+f.Name]; offer != nil {
		return plainWords(offer(ctx, call))
	}
	return nil
}

func (w *walk) arguments(ctx context.Context, call *Call) []candidate {
	p, ok := paramAt(params(w.command.Args), len(w.args))
	if !ok {
		return nil
	}
	if p.choices != nil {
		return plainWords(p.choices)
	}
	if offer := w.command.Complete[p.name]; offer != nil {
		return plainWords(offer(ctx, call))
	}
	return nil
}

func (w *walk) flagNames() []candidate {
	var all []candidate
	w.flags.VisitAll(func(f *pflag.Flag) {
		_, usage := pflag.UnquoteUsage(f)
		if !f.Hidden {
			all = append(all, candidate{"--" + f.Name, usage})
		}
	})
	return all
}

// Verbs returns the names of the verbs below those in words; none where words
// lead to no verb.
func (c *Call) Verbs(words ...string) []string {
	at := c.root
	for _, word := range words {
		i := slices.IndexFunc(at.Sub, func(s Command) bool { return s.Name == word })
		if i < 0 {
			return nil
		}
		at = &at.Sub[i]
	}
	var all []string
	for _, s := range subNames(at) {
		all = append(all, s.word)
	}
	return all
}

func subNames(c *Command) []candidate {
	var all []candidate
	for _, s := range c.Sub {
		if !s.Hidden {
			all = append(all, candidate{s.Name, s.Short})
		}
	}
	return all
}

func plainWords(words []string) []candidate {
	all := make([]candidate, len(words))
	for i, word := range words {
		all[i].word, all[i].about, _ = strings.Cut(word, "\t")
	}
	return all
}

func prefixed(prefix string, all []candidate) []candidate {
	for i := range all {
		all[i].word = prefix + all[i].word
	}
	return all
}
