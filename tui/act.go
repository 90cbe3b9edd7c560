package tui

import "strings"

// A rung is how much has to be said before something is done.
type rung int

const (
	atOnce    rung = iota // it changes nothing, or nothing that matters
	afterYes              // y or n
	afterPlan             // the plan is shown; y counts half a second after it
	afterName             // the plan is shown; the name of what it is about must be typed
)

// An act is what a key does on a page. It runs a twinctl line, or turns a knob
// of the page, or opens something; one of these.
type act struct {
	key  string
	name string // what it does, in few words

	args   []string   // the line behind twinctl
	names  []string   // and what is named there: names that begin with a dash are no flags
	asks   []question // what is to be said first; the answers go into the line
	rung   rung
	what   string   // that it is about: is typed on the highest rung
	says   string   // what it comes to, if its name does not tell
	plan   []string // a line that shows what args would do; nil: the line itself is shown
	last   bool     // what matters most of the plan is its end
	shows  bool     // what the line says is looked at
	number string   // what the last word of the line is a number of, as "run "; "": it is none
	over   bool     // it is done also while another line runs, which is followed no longer

	draft bool // the draft is done; its changes are the plan
	turn  func(browse) browse
	goes  func(frame) (frame, wish) // elsewhere
	fill  func() form               // a form is opened
	write func() writing            // an editor is started

	primary bool   // on the primary alone
	off     string // why it cannot be done now; "": it can
}

// A question is asked before an act.
type question struct {
	prompt string
	flag   string // that takes the answer; "": it is named
	must   bool   // nothing is no answer
	first  string // what stands there already
}

// line returns the arguments of the line, with the answers that were given.
func (a act) line(answers []string) []string { return a.complete(a.args, answers) }

// planned returns the arguments of the line that shows the plan.
func (a act) planned(answers []string) []string { return a.complete(a.plan, answers) }

func (a act) complete(args, answers []string) []string {
	all := append([]string{}, args...)
	named := append([]string{}, a.names...)
	for i, q := range a.asks {
		if i >= len(answers) || answers[i] == "" {
			continue
		}
		if q.flag == "" {
			named = append(named, answers[i])
		} else {
			all = append(all, q.flag+"="+answers[i])
		}
	}
	for _, name := range named {
		if strings.HasPrefix(name, "-") {
			all = append(all, "--")
			break
		}
	}
	return append(all, named...)
}

// typed returns the line as a person would type it.
func typed(args []string, flags string) string {
	words := make([]string, 0, len(args)+1)
	words = append(words, "twinctl")
	for _, a := range args {
		if rest, ok := strings.CutPrefix(a, "--"); ok && rest != "" && argument(rest) == rest {
			words = append(words, a) // a flag
			continue
		}
		words = append(words, argument(foreign(a)))
	}
	return strings.Join(words, " ") + flags
}

// changes reports whether the act changes something, or may.
func (a act) changes() bool { return a.rung != atOnce || a.fill != nil || a.write != nil }

// adds says of an empty list of administration data how something comes there.
func (s sight) adds(empty string) string {
	switch {
	case s.looks != "":
		return empty
	case s.primary:
		return empty + ": a adds one"
	case s.twin != "":
		return empty + "; they are added on " + s.twin + ", and come with a sync"
	}
	return empty
}

// mayNot returns why the person at the screen may not do what an act does, as
// far as that is known before it is said more closely.
func (s sight) mayNot(a act) string {
	if s.may == nil || len(a.args) == 0 {
		return ""
	}
	answers := make([]string, len(a.asks))
	for i, q := range a.asks {
		if answers[i] = q.first; q.must && q.first == "" {
			answers[i] = "?"
		}
	}
	return s.may(a.line(answers))
}

// why returns why the act cannot be done; "" if it can.
func (a act) why(as sight) string {
	if no := as.mayNot(a); no != "" {
		return no
	}
	switch {
	case as.looks != "" && a.changes():
		return as.looks
	case a.off != "":
		return a.off
	case a.primary && !as.primary && as.twin != "":
		return as.here + " is the secondary, where nothing is changed: do it on " + as.twin
	case a.primary && !as.primary:
		return as.here + " is the secondary, where nothing is changed"
	}
	return ""
}
