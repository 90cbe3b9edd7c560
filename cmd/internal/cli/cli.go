// Package cli turns verbs that are data into a command line: it parses, helps,
// completes, prints and decides the exit status, the same way for every verb.
package cli

import (
	"context"
	"io"
	"os"
	"slices"

	"github.com/spf13/pflag"
)

// FlagSet is what a verb declares its flags on.
type FlagSet = pflag.FlagSet

// A Command is a verb, or a whole program, as data. Either it has Sub, and
// then no arguments; or it has Run. With both, Run is what happens when no
// sub-verb is named.
type Command struct {
	Name     string
	Args     string // as help shows them: "FEED [FILE...]", "bash|zsh|fish"; checked before Run
	Short    string // one line, lower case
	Long     string // paragraphs; lines that begin with white space stay as they are
	Examples []Example
	Exits    []Code   // that it can give, besides 0, 1, 2 and 130
	Outputs  []Format // that it can write; the first is the default; none: neither -o nor --json
	Hidden   bool     // from help and completion

	Flags func(*FlagSet)
	// Check says what is wrong with the flags, without looking at anything else: also
	// of a line that is kept for later. nil: nothing is.
	Check func() error
	Run   func(context.Context, *Call) error
	// Complete offers words for arguments, by their name in Args, and for the
	// values of flags, by "--name"; behind a tab may stand what a word means.
	// Where it says nothing, the shell offers files.
	Complete map[string]func(context.Context, *Call) []string

	// Admit runs a verb for whom --as names, or refuses. The program alone has it;
	// without it there is no --as.
	Admit func(ctx context.Context, call *Call, asked Asked, run func(context.Context) error) error

	Sub []Command
}

// An Example is a line that can be typed, and what it is good for.
type Example struct {
	Line, Why string
}

// Stdio is where a program reads and writes. Data goes to Out and all else to Err.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// A Call is one invocation of a verb.
type Call struct {
	Stdio
	Args    []string // as many as Command.Args wants
	Config  string   // file
	Named   string   // that file, if --config named it: who proposes another command must propose it too
	Set     []string // KEY=VALUE: settings that were given with --set
	Format  Format   // one of Command.Outputs
	Chosen  bool     // Format was asked for; it is not the default
	NoInput bool     // nobody is there to answer a question
	Yes     bool     // the answer to each is yes
	// Unguarded: texts stand in csv as they are, also what a spreadsheet takes for a formula.
	Unguarded bool
	Begun     string // the word to be completed, as far as it was typed; "" outside Complete
	// Person is for whom the verb runs, where --as named somebody; nil: for whoever started it.
	Person *Person

	root *Command
}

// Main runs the program root with args, the program's name not among them, and
// returns its exit status. It blocks until the verb returns; a cancelled ctx
// stands for a signal.
//
// A root with Sub takes all global flags and, called with none of its verbs,
// runs if it has Run and helps if not; one without is a server, and takes --config and --set.
func Main(ctx context.Context, root Command, std Stdio, args []string) int {
	if len(args) > 0 && args[0] == completeVerb && len(root.Sub) > 0 {
		complete(ctx, &root, std, args[1:])
		return int(OK)
	}
	g := newGlobals(&root)
	err := g.run(ctx, std, args)
	asJSON := slices.Contains(args, "--json") || slices.Contains(g.words, "--json")
	return int(g.report(std.Err, err, asJSON))
}

// run parses and does what was asked.
func (g *globals) run(ctx context.Context, std Stdio, args []string) error {
	inv, err := g.parse(args)
	if err != nil {
		return err
	}
	if line := os.Getenv(originalCommand); g.forced(inv) && line != "" {
		return g.remote(ctx, std, line)
	}
	return g.perform(ctx, std, inv)
}

// perform does what was parsed.
func (g *globals) perform(ctx context.Context, std Stdio, inv *invocation) error {
	call := &Call{
		Stdio: std, Args: inv.args, Config: g.configFile(), Named: g.config, Set: g.set,
		NoInput: g.noInput, Yes: g.yes, Unguarded: g.unguarded, root: g.root, Chosen: g.json || g.output != "",
	}
	if g.help || inv.command().Run == nil && len(inv.path) == 1 {
		return writeHelp(std.Out, inv.path)
	}
	if inv.command().Run == nil {
		return inv.usage("which? It has %s", names(inv.command().Sub))
	}
	if err := inv.checkArgs(); err != nil {
		return err
	}
	var err error
	if call.Format, err = g.format(inv); err != nil {
		return err
	}
	if g.unguarded && call.Format != CSV {
		return inv.usage("--unguarded goes with -o csv alone")
	}
	if g.timeout < 0 || g.timeout == 0 && g.flags.Changed("timeout") {
		return inv.usage("--timeout %s: want a duration above 0; leave it out to wait for ever", g.timeout)
	}
	if g.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, g.timeout, errTimeout)
		defer cancel()
	}
	return judge(ctx, g.verb(ctx, inv, call))
}
