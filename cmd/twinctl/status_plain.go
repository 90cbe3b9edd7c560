package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// A fact is one thing about a server that a person cares about.
type fact struct {
	key  string // what it is about
	is   string // how that stands; what moves by itself is not in it
	text string // the same for people, who are told when it changes
	over string // what is told when it is so no more; "": nothing

	unseen func(node.Document) bool // nobody looks after it there: it has not ended; nil: it is always seen
}

// watchPlain tells in lines how this server stands, and then a line with the time
// for each change. It is for screen readers and logs: nothing is written over.
func watchPlain(ctx context.Context, call *cli.Call, v *view) error {
	var before []fact
	return repeat(ctx, func() error {
		doc, err := statusOf(ctx, v)
		if err != nil {
			return err
		}
		after, when := carried(before, doc), time.Now().UTC().Format(time.RFC3339)
		if before == nil {
			fmt.Fprintf(call.Out, "%s  how %s stands, and from now on what changes\n", when, inert.Text(doc.Name))
			when = ""
		}
		for _, line := range changes(before, after) {
			if _, err := fmt.Fprintln(call.Out, strings.TrimSpace(when+"  "+inert.Text(line))); err != nil {
				return err
			}
		}
		before = after
		return nil
	})
}

// changes returns a line for each fact that is new or other than before, and for
// each that is so no more. Of nothing before, all is new.
func changes(before, after []fact) (lines []string) {
	was := map[string]fact{}
	for _, f := range before {
		was[f.key] = f
	}
	for _, f := range after {
		if old, ok := was[f.key]; !ok || old.is != f.is {
			lines = append(lines, f.text)
		}
		delete(was, f.key)
	}
	for _, f := range before {
		if _, gone := was[f.key]; gone && f.over != "" {
			lines = append(lines, f.over)
		}
	}
	return lines
}

// carried returns the facts of a server, with those of before that nobody looks
// after: they have not ended because twind has.
func carried(before []fact, doc node.Document) []fact {
	after := factsOf(doc)
	for _, old := range before {
		same := func(f fact) bool { return f.key == old.key }
		if old.unseen != nil && old.unseen(doc) && !slices.ContainsFunc(after, same) {
			after = append(after, old)
		}
	}
	return after
}

// noAlarms tells that no twind says yet, or any more, what is wrong.
func noAlarms(doc node.Document) bool { return !doc.Running || doc.Store == "" }

// noRuns tells that it does not say how runs went.
func noRuns(doc node.Document) bool { return noAlarms(doc) || doc.Timetables == nil }

// factsOf returns what a person cares about, in the order in which it is told.
func factsOf(doc node.Document) []fact {
	runs := "twind runs"
	if !doc.Running {
		runs = "twind is not running"
	}
	role := fmt.Sprintf("%s is %s, epoch %d", doc.Name, doc.Role, doc.Epoch)
	all := []fact{{key: "role", is: role, text: role}, {key: "twind", is: runs, text: runs}}
	all = append(all, pairFacts(doc)...)
	for _, f := range doc.Feeds {
		all = append(all, feedFacts(f)...)
	}
	for _, a := range doc.Alarms {
		text := fmt.Sprintf("alarm, %s: %s", a.Severity, a.Text)
		all = append(all, fact{key: "alarm " + a.Code + " " + a.Object, text: text, over: "no longer an alarm: " + a.Text, unseen: noAlarms})
	}
	if doc.Timetables != nil {
		for _, f := range doc.Timetables.Failed {
			key := fmt.Sprintf("failed %s %d", f.Timetable, f.Run)
			all = append(all, fact{key: key, text: fmt.Sprintf("timetable %s failed, run %d: %s", f.Timetable, f.Run, f.Reason), unseen: noRuns})
		}
	}
	return all
}

// pairFacts are those about the twin, and what is between the two.
func pairFacts(doc node.Document) (all []fact) {
	if t := doc.Twin; t != nil {
		role := "role not known"
		if t.Role != nil {
			role = string(*t.Role)
		}
		text := fmt.Sprintf("the twin %s, %s, is %s", t.Name, role, t.State)
		all = append(all, fact{key: "twin", is: text, text: reasoned(text, t.Error)})
	}
	if s := doc.Sync; s != nil {
		all = append(all, fact{key: "sync", is: s.State, text: reasoned("sync: "+s.Word, s.Because)})
	}
	if doc.Twin != nil && doc.Sync != nil {
		text := fmt.Sprintf("ready to switch over: %s, to promote: %s", yesNo(doc.Ready.Switchover), yesNo(doc.Ready.Promote))
		why := ""
		if len(doc.Ready.Because) > 0 {
			why = doc.Ready.Because[0]
		}
		all = append(all, fact{key: "ready", is: text, text: reasoned(text, why)})
	}
	return all
}

// feedFacts are those about a feed. One that tries again and again to reach its
// upstream changes nothing by that.
func feedFacts(f node.FeedDocument) []fact {
	is := f.State
	if is == "connecting" || is == "down" {
		is = "not heard"
	}
	told := map[string]string{"live": "is heard", "not heard": "is not heard", "paused": "is paused", "ended": "has ended"}
	text := fmt.Sprintf("feed %s %s", f.Name, cmp.Or(told[is], "is "+is))
	gaps := fmt.Sprintf("feed %s has %s", f.Name, openGaps(f.GapsOpen))
	return []fact{
		{key: "feed " + f.Name, is: is, text: reasoned(text, f.Error), over: fmt.Sprintf("feed %s is there no more", f.Name)},
		{key: "gaps " + f.Name, is: gaps, text: gaps},
	}
}

func openGaps(n int64) string {
	if n == 0 {
		return "no gap open"
	}
	return app.Counted(int(n), "gap") + " open"
}

func reasoned(text, why string) string {
	if why == "" {
		return text
	}
	return text + ": " + why
}
