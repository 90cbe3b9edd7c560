package cli

import (
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/nearest"
)

// A param is one word of Command.Args.
type param struct {
	name     string
	choices  []string // "bash|zsh|fish"; nil: anything
	optional bool     // in brackets
	repeated bool     // with dots behind it; it is the last
}

// params reads Command.Args.
func params(spec string) []param {
	var all []param
	depth := 0
	for word := range strings.FieldsSeq(spec) {
		depth += strings.Count(word, "[")
		p := param{optional: depth > 0}
		depth -= strings.Count(word, "]")
		word, p.repeated = strings.CutSuffix(strings.Trim(word, "[]"), "...")
		p.name = word
		if strings.Contains(word, "|") {
			p.choices = strings.Split(word, "|")
		}
		all = append(all, p)
	}
	return all
}

// paramAt returns what the i-th argument is.
func paramAt(all []param, i int) (param, bool) {
	if i < len(all) {
		return all[i], true
	}
	if n := len(all); n > 0 && all[n-1].repeated {
		return all[n-1], true
	}
	return param{}, false
}

// checkArgs holds the arguments against what the verb takes, and the flags against each other.
func (inv *invocation) checkArgs() error {
	all := params(inv.command().Args)
	for i, arg := range inv.args {
		p, ok := paramAt(all, i)
		switch {
		case !ok:
			return inv.usage("unexpected argument %q", arg)
		case p.choices == nil || slices.Contains(p.choices, arg):
			continue
		}
		if meant, ok := nearest.Word(arg, p.choices); ok {
			return inv.usage("unknown %q: did you mean %s?", arg, meant)
		}
		return inv.usage("unknown %q: want %s", arg, strings.Join(p.choices, ", "))
	}
	if len(inv.args) < len(all) && !all[len(inv.args)].optional {
		return inv.usage("missing argument: %s", all[len(inv.args)].name)
	}
	if check := inv.command().Check; check != nil {
		if err := check(); err != nil {
			return inv.usage("%w", err)
		}
	}
	return nil
}
