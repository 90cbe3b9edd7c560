package main

import (
	"slices"
	"strings"
)

// What a person needs for a verb, beside the three permissions of a user, which
// each hold the ones before: here is to be on this server. What is done with its
// files, its keys or its programs is for nobody who comes by way of --as.
const (
	toView    = "view"
	toOperate = "operate"
	toAdmin   = "admin"
	here      = "here"
)

// What a verb shows of calls, queues and agents, to whom may not see all. That a
// feed is heard or not, since when, and how much it said, is nobody's secret: who
// looks after two servers must know; what it said is.
const (
	nothing = ""       // so that everybody may see it
	ofFeeds = "feeds"  // of the feeds that it is told: --feed, or FEED
	ofGroup = "groups" // of the queues of the group that it is told: --group; and of feeds likewise
	ofAll   = "all"    // of all: it is for nobody whom anything is kept from
)

// A rule says who may run a verb by way of --as.
type rule struct {
	verb  string // as it is typed; KIND is each kind of administration data
	needs string
	shows string
	quiet string            // a flag with which it shows nothing of that
	dear  map[string]string // flags with which it needs more
	files bool              // an argument that names a file is refused; - is none
}

// rules are those of all verbs, in the order of help. This is the one place where
// it is said; a verb without a rule is nobody's.
func rules() []rule {
	return slices.Concat(serverRules(), dataRules(), workRules(), sharedRules(), otherRules())
}

// serverRules are those of this server itself, and of its twin.
func serverRules() []rule {
	return []rule{
		{verb: "", needs: toView},
		{verb: "setup", needs: here},
		{verb: "init", needs: here},
		{verb: "pair show", needs: here},
		{verb: "pair accept", needs: here},
		{verb: "pair check", needs: toOperate},
		{verb: "pair rekey", needs: here},
		{verb: "pair remove", needs: here},
		{verb: "peer", needs: here},
		{verb: "keep", needs: here},
		{verb: "status", needs: toView},
		{verb: "check", needs: toView},
		{verb: "ready", needs: toView},
		{verb: "tui", needs: toView},
		{verb: "alarm list", needs: toView},
		{verb: "alarm ack", needs: toOperate},
		{verb: "notify", needs: toOperate},
	}
}

// dataRules are those of feeds, records and reports.
func dataRules() []rule {
	written := map[string]string{"into": here, "mail": toOperate}
	return []rule{
		{verb: "feed list", needs: toView},
		{verb: "feed test", needs: toOperate, shows: ofFeeds},
		{verb: "feed tail", needs: toView, shows: ofFeeds},
		{verb: "feed pause", needs: toOperate},
		{verb: "feed resume", needs: toOperate},
		{verb: "feed reconnect", needs: toOperate},
		{verb: "record export", needs: toView, shows: ofFeeds, dear: written},
		{verb: "gap list", needs: toView},
		{verb: "compare", needs: toView},
		{verb: "fill", needs: toOperate},
		{verb: "import", needs: here},
		{verb: "report queue", needs: toView, shows: ofGroup, dear: written},
		{verb: "report agent", needs: toView, shows: ofFeeds, dear: written},
		{verb: "report call", needs: toView, shows: ofFeeds, dear: written},
		{verb: "report exception", needs: toView, shows: ofFeeds, dear: written},
		{verb: "report coverage", needs: toView, shows: ofFeeds, dear: written},
		{verb: "report now", needs: toView, shows: ofAll, dear: written},
		{verb: "report saved", needs: toView, shows: ofAll, dear: written},
		{verb: "report rebuild", needs: toOperate},
	}
}

// workRules are those of what is done by the clock, and of the history.
func workRules() []rule {
	return []rule{
		{verb: "timetable list", needs: toView},
		{verb: "timetable show", needs: toView},
		{verb: "timetable add", needs: toAdmin},
		{verb: "timetable edit", needs: toAdmin},
		{verb: "timetable copy", needs: toAdmin},
		{verb: "timetable rename", needs: toAdmin},
		{verb: "timetable delete", needs: toAdmin},
		{verb: "timetable run", needs: toOperate, shows: ofAll, quiet: "no-wait"}, // likewise what it says
		{verb: "timetable cancel", needs: toOperate},
		{verb: "timetable pause", needs: toOperate},
		{verb: "timetable resume", needs: toOperate},
		{verb: "timetable next", needs: toView},
		{verb: "timetable simulate", needs: toView},
		{verb: "timetable backfill", needs: toOperate},
		{verb: "run list", needs: toView},
		{verb: "run show", needs: toView, shows: ofAll}, // its output may be a report
		{verb: "run output", needs: toView, shows: ofAll},
		{verb: "maintenance on", needs: toOperate},
		{verb: "maintenance off", needs: toOperate},
		{verb: "maintenance show", needs: toView},
		{verb: "history verify", needs: toOperate},
		{verb: "history drop", needs: toAdmin},
		{verb: "backup full", needs: toOperate, dear: map[string]string{"to": here}},
		{verb: "backup incremental", needs: toOperate, dear: map[string]string{"to": here}},
		{verb: "backup send", needs: toOperate},
		{verb: "backup list", needs: toView, dear: map[string]string{"from": here}},
		{verb: "backup verify", needs: toOperate, dear: map[string]string{"from": here}},
		{verb: "backup prune", needs: toAdmin},
		{verb: "backup restore", needs: here},
		{verb: "backup drill", needs: toOperate, dear: map[string]string{"scratch": here}},
		{verb: "rejoin", needs: toAdmin},
	}
}

// sharedRules are those of what both servers share.
func sharedRules() []rule {
	return []rule{
		{verb: "admin KIND list", needs: toView, files: true},
		{verb: "admin KIND show", needs: toView},
		{verb: "admin KIND set", needs: toAdmin, files: true},
		{verb: "admin KIND delete", needs: toAdmin},
		{verb: "admin export", needs: toView, files: true},
		{verb: "admin import", needs: toAdmin, files: true},
		{verb: "admin log", needs: toView},
		{verb: "admin undo", needs: toAdmin},
		{verb: "sync", needs: toOperate},
		{verb: "sync log", needs: toView},
		{verb: "sync show", needs: toView},
		{verb: "sync diff", needs: toView},
		{verb: "sync rollback", needs: toAdmin},
		{verb: "switchover", needs: toOperate},
		{verb: "switchover plan", needs: toView},
		{verb: "switchover status", needs: toView},
		{verb: "switchover history", needs: toView},
		{verb: "switchover drill", needs: toOperate},
		{verb: "promote", needs: toOperate},
		{verb: "failover", needs: toOperate},
	}
}

// otherRules are the others.
func otherRules() []rule {
	return []rule{
		{verb: "role show", needs: toView},
		{verb: "role confirm", needs: toOperate},
		{verb: "log", needs: toView, shows: ofAll},        // how a record began that was not stored
		{verb: "audit list", needs: toView, shows: ofAll}, // likewise, of an import
		{verb: "audit verify", needs: toView},
		{verb: "audit accept", needs: toAdmin},
		{verb: "replay", needs: here},
		{verb: "demo", needs: here},
		{verb: "config check", needs: toOperate},
		{verb: "config show", needs: toOperate},
		{verb: "config diff", needs: toOperate},
		{verb: "version", needs: toView},
		{verb: "completion", needs: toView},
		{verb: "help", needs: toView},
	}
}

// ruleOf returns the rule of a verb, one that lets nobody if there is none.
func ruleOf(verb []string) rule {
	name := strings.Join(verb, " ")
	if len(verb) == 3 && verb[0] == "admin" {
		name = "admin KIND " + verb[2]
	}
	for _, r := range rules() {
		if r.verb == name {
			return r
		}
	}
	return rule{verb: name, needs: here}
}
