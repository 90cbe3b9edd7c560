package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
)

// eachVerb calls do for every verb that can be run.
func eachVerb(c cli.Command, path []string, do func(path []string, c cli.Command)) {
	if c.Run != nil {
		do(path, c)
	}
	for _, s := range c.Sub {
		eachVerb(s, append(slices.Clone(path), s.Name), do)
	}
}

// TestEveryVerbHasARule holds verbs and rules against each other: a verb that was
// added is nobody's until it is said whose.
func TestEveryVerbHasARule(t *testing.T) {
	used := map[string]bool{}
	eachVerb(program(), nil, func(path []string, c cli.Command) {
		r := ruleOf(path)
		used[r.verb] = true
		if !slices.ContainsFunc(rules(), func(one rule) bool { return one.verb == r.verb }) {
			t.Errorf("%q has no rule", strings.Join(path, " "))
		}
		known := takenBy(c)
		for flag := range r.dear {
			if known[flag] == "" && flag != "mail" {
				t.Errorf("%q has no --%s", r.verb, flag)
			}
		}
		for _, flag := range []string{"feed", "group"} {
			if (r.shows == ofFeeds && flag == "feed" && path[0] != "feed" || r.shows == ofGroup) && known[flag] == "" {
				t.Errorf("%q cannot be told --%s", r.verb, flag)
			}
		}
	})
	for _, r := range rules() {
		if !used[r.verb] {
			t.Errorf("there is no verb %q", r.verb)
		}
		if !slices.Contains([]string{toView, toOperate, toAdmin, here}, r.needs) {
			t.Errorf("%q needs %q", r.verb, r.needs)
		}
	}
}

// TestNoFileByWayOfSSH holds that no flag or argument that names a file, or a
// program, can be given by who is not on the server.
func TestNoFileByWayOfSSH(t *testing.T) {
	names := func(text string) bool {
		return slices.ContainsFunc([]string{"FILE", "DIR", "PLACE", "PROGRAM", "PATH"}, func(s string) bool { return strings.Contains(text, s) })
	}
	eachVerb(program(), nil, func(path []string, c cli.Command) {
		r := ruleOf(path)
		if r.needs == here {
			return
		}
		if names(c.Args) && !r.files {
			t.Errorf("%q takes %s", r.verb, c.Args)
		}
		for flag, takes := range takenBy(c) {
			if names(takes) && r.dear[flag] != here {
				t.Errorf("%q takes --%s %s", r.verb, flag, takes)
			}
		}
	})
}

// takenBy returns the flags of a verb that take something, and what help calls that.
func takenBy(c cli.Command) map[string]string {
	if c.Flags == nil {
		return nil
	}
	flags, all := new(cli.FlagSet), map[string]string{}
	c.Flags(flags)
	for _, line := range regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+) ([A-Z][A-Z:@/|]*)`).FindAllStringSubmatch(flags.FlagUsages(), -1) {
		all[line[1]] = line[2]
	}
	return all
}

func TestPermits(t *testing.T) {
	const none = "none may"
	for _, c := range []struct{ line, from string }{ // from which permission on it is let in
		{"status --json", toView},
		{"report queue --period yesterday", toView},
		{"report queue --into /tmp/x", none},
		{"report queue --mail boss@example.com", toOperate},
		{"record export --feed f --into x", none},
		{"alarm ack --all", toOperate},
		{"timetable pause nightly", toOperate},
		{"timetable add x --schedule '0 6 * * *' --task check", toAdmin},
		{"feed pause pbx", toOperate},
		{"backup full", toOperate},
		{"backup full --to /mnt", none},
		{"backup drill --scratch /etc", none},
		{"backup restore --to /tmp", none},
		{"switchover --to cms-b", toOperate},
		{"promote --primary-is-down", toOperate},
		{"admin user set eve permission=admin", toAdmin},
		{"admin queue set q description=@/etc/passwd", none},
		{"admin queue set q synonym+=@key", none},
		{"admin queue set q description=@@home", toAdmin},
		{"admin queue set q description=@-", toAdmin},
		{"admin queue list description=@/etc/passwd", none},
		{"admin export", toView},
		{"admin export -", toView},
		{"admin export ../authorized_keys", none},
		{"admin import /etc/passwd", none},
		{"admin import -", toAdmin},
		{"history drop --feed f --before 2026-01-01", toAdmin},
		{"sync", toOperate},
		{"sync rollback", toAdmin},
		{"keep /bin/sh", none},
		{"demo", none},
		{"replay /etc/passwd", none},
		{"setup --feed x", none},
		{"init --role primary", none},
		{"peer", none},
		{"pair show --host-key /etc/shadow", none},
	} {
		for i, permission := range []string{toView, toOperate, toAdmin} {
			asked, err := cli.Reading(program(), strings.Fields(c.line))
			if err != nil {
				t.Fatal(err)
			}
			err = permits(&cli.Person{Login: "ops", Permission: permission}, asked)
			want := slices.Index([]string{toView, toOperate, toAdmin}, c.from)
			if ok := want >= 0 && i >= want; (err == nil) != ok {
				t.Errorf("%s as %s: %v", c.line, permission, err)
			}
			if err != nil && cli.Verdict(err) != cli.Refused {
				t.Errorf("%s as %s: exit %d", c.line, permission, cli.Verdict(err))
			}
		}
	}
	if app.Holds("", toView) || app.Holds("root", toView) || app.Holds(toAdmin, here) || app.Holds(toAdmin, "") {
		t.Error("what is no permission permits")
	}
}

// TestMayAt holds that a screen knows what its person may not run, and lets run
// what only running it can judge.
func TestMayAt(t *testing.T) {
	if mayAt(nil) != nil {
		t.Error("who administers the server itself is limited")
	}
	may := mayAt(&cli.Person{Login: "jo", Permission: toView})
	for line, want := range map[string]string{
		"report queue":                      "",
		"report queue --into=?":             "--into: only on the server itself, and not --as jo",
		"feed test pbx":                     "twinctl feed test: jo may view, and this needs operate",
		"timetable pause nightly --until=?": "twinctl timetable pause: jo may view, and this needs operate",
		"nonsense":                          "",
	} {
		for range 2 {
			if got := may(strings.Fields(line)); got != want {
				t.Errorf("%s: %q, want %q", line, got, want)
			}
		}
	}
}

// TestRequestsNeedWhatTheirVerbsNeed holds twind's own table of requests against
// the rules of the verbs that put them.
func TestRequestsNeedWhatTheirVerbsNeed(t *testing.T) {
	for request, verb := range map[string]string{
		app.PauseFeed: "feed pause", app.ResumeFeed: "feed resume", app.ReconnectFeed: "feed reconnect", app.Fill: "fill",
		app.Mend: "history verify", app.Drop: "history drop", app.Rebuild: "report rebuild", app.Import: "import",
		app.RunTimetable: "timetable run", app.BackfillTimetable: "timetable backfill", app.CancelRun: "timetable cancel",
		app.SwitchRole: "switchover", app.ResumeSwitch: "switchover", app.AbortSwitch: "switchover", app.PromoteRole: "promote",
		app.DemoteRole: "peer", app.CancelRole: "peer", app.ProbeRole: "peer", "feed.burn": "setup",
	} {
		want := ruleOf(strings.Fields(verb)).needs
		if want == here {
			want = ""
		}
		if got := app.Requested(request); got != want {
			t.Errorf("request %s needs %q, twinctl %s %q", request, got, verb, want)
		}
	}
}

// TestMayChange holds what is asked within the transaction to the permissions.
func TestMayChange(t *testing.T) {
	body := func(of ...any) admin.Body {
		b := admin.Body{"name": "nightly", "schedule": "0 6 * * *", "tasks": []string{"check"}}
		for i := 0; i < len(of); i += 2 {
			b[of[i].(string)] = of[i+1]
		}
		return b
	}
	tasks := func(all ...string) admin.Body { return body("tasks", all) }
	const none = "none may"
	for _, c := range []struct {
		name, kind    string
		before, after admin.Body
		from          string
	}{
		{"a pause", "timetable", body(), body("paused", true, "pause_reason", "fire"), toOperate},
		{"a resumption", "timetable", body("paused", true), body(), toOperate},
		{"a pause and more", "timetable", body(), body("paused", true, "schedule", "* * * * *"), toAdmin},
		{"a new one", "timetable", nil, body("paused", true), toAdmin},
		{"one that goes", "timetable", body("paused", true), nil, toAdmin},
		{"a user", "user", nil, admin.Body{"permission": "admin"}, toAdmin},
		{"a program", "timetable", nil, tasks("exec /bin/sh -c 'id'"), none},
		{"a program behind", "timetable", tasks("check"), tasks("check", "exec /bin/true"), none},
		{"another program", "timetable", tasks("exec /bin/true"), tasks("exec /bin/sh"), none},
		{"the program that was there", "timetable", tasks("exec /bin/true"), body("tasks", []string{"exec /bin/true"}, "schedule", "* * * * *"), toAdmin},
		{"a file", "timetable", nil, tasks("report queue --into /etc/cron.d/x"), none},
		{"a file in one word", "timetable", nil, tasks("report queue --into=/etc/cron.d/x"), none},
		{"an export", "timetable", nil, tasks("export --feed f --into /etc/cron.d/x"), none},
		{"a backup elsewhere", "timetable", nil, tasks("backup full --to /tmp"), none},
		{"a mail", "timetable", nil, tasks("report queue --mail boss@example.com"), toAdmin},
		{"another configuration", "timetable", nil, tasks("check --config /tmp/x"), none},
		{"for somebody else", "timetable", nil, tasks("check --as root"), none},
	} {
		for i, permission := range []string{toView, toOperate, toAdmin} {
			s := site{person: &cli.Person{Login: "ops", Permission: permission}}
			err := s.mayChange(admin.Change{Kind: c.kind, Key: "k", Before: c.before, After: c.after})
			want := slices.Index([]string{toView, toOperate, toAdmin}, c.from)
			if ok := want >= 0 && i >= want; (err == nil) != ok {
				t.Errorf("%s as %s: %v", c.name, permission, err)
			}
		}
	}
}

// TestWhatTheLimitedSee says of each verb what it shows to whom may not see all. A
// verb that is added is refused a place here until somebody has thought of it.
func TestWhatTheLimitedSee(t *testing.T) {
	const (
		all    = "as to everybody"        // how servers and feeds are, what is administered; or less, see site.seen
		feeds  = "of the feeds it names"  // --feed, FEED
		groups = "of the groups it names" // --group, and feeds likewise
		none   = "to nobody"
		quiet  = "nothing" // with a flag that has it show nothing
	)
	shown := map[string]string{}
	for what, verbs := range map[string][]string{
		all: {
			"", "pair check", "status", "check", "ready", "tui", "alarm list", "alarm ack", "notify", "version", "completion", "help",
			"feed list", "feed pause", "feed resume", "feed reconnect", "gap list", "compare", "fill", "report rebuild",
			"timetable list", "timetable show", "timetable add", "timetable edit", "timetable copy", "timetable rename", "timetable delete",
			"timetable cancel", "timetable pause", "timetable resume", "timetable next", "timetable simulate", "timetable backfill",
			"run list", "maintenance on", "maintenance off", "maintenance show", "history verify", "history drop",
			"backup full", "backup incremental", "backup send", "backup list", "backup verify", "backup prune", "backup drill", "rejoin",
			"admin KIND list", "admin KIND show", "admin KIND set", "admin KIND delete", "admin export", "admin import", "admin log", "admin undo",
			"sync", "sync log", "sync show", "sync diff", "sync rollback",
			"switchover", "switchover plan", "switchover status", "switchover history", "switchover drill", "promote", "failover",
			"role show", "role confirm", "audit verify", "audit accept", "config check", "config show", "config diff",
		},
		feeds:  {"feed test", "feed tail", "record export", "report agent", "report call", "report exception", "report coverage"},
		groups: {"report queue"},
		none:   {"report now", "report saved", "run show", "run output", "log", "audit list"},
		quiet:  {"timetable run"},
	} {
		for _, verb := range verbs {
			shown[verb] = what
		}
	}
	ofSmall, ofNorth := &cli.Person{Login: "vera", Feeds: []string{"small"}}, &cli.Person{Login: "tim", Groups: []string{"north"}}
	for _, r := range rules() {
		if r.needs == here {
			continue
		}
		sees := func(p *cli.Person, flags map[string][]string) bool {
			asked := cli.Asked{Verb: strings.Fields(r.verb), Flags: flags, Args: flags["feed"]}
			return (&site{}).shows(t.Context(), p, asked) == nil
		}
		what, known := shown[r.verb]
		if !known {
			t.Errorf("%q: say here what it shows to whom may not see all", r.verb)
		}
		byFeed := what == feeds || what == groups
		for name, c := range map[string]struct{ got, want bool }{
			"who may see a feed, of all":         {sees(ofSmall, nil), what == all},
			"of that feed":                       {sees(ofSmall, map[string][]string{"feed": {"small"}}), what == all || byFeed},
			"of another":                         {sees(ofSmall, map[string][]string{"feed": {"secret"}}), what == all},
			"of both":                            {sees(ofSmall, map[string][]string{"feed": {"small", "secret"}}), what == all},
			"who may see a group, of all":        {sees(ofNorth, nil), what == all},
			"who may see a group, of a feed":     {sees(ofNorth, map[string][]string{"feed": {"small"}}), what == all},
			"who may see a feed, if it is quiet": {sees(ofSmall, map[string][]string{"no-wait": {"true"}}), what == all || what == quiet},
			"if it is not quiet after all":       {sees(ofSmall, map[string][]string{"no-wait": {"false"}}), what == all},
		} {
			if c.got != c.want {
				t.Errorf("%q, %s: %v, want it shown %s", r.verb, name, c.got, what)
			}
		}
	}
}

// TestWhatIsKeptFromTheLimited holds what verbs and screens that everybody may look
// at leave out.
func TestWhatIsKeptFromTheLimited(t *testing.T) {
	twice := func(feed string) node.KeptAlarm {
		return node.KeptAlarm{ID: int64(len(feed)), Code: app.AgentTwice, Object: feed + " Agent/7", Text: "agent 7"}
	}
	doc := node.Document{
		Told:   []string{"north"},
		Alarms: []node.Alarm{{Code: app.AgentTwice, Object: "secret Agent/7"}, {Code: app.AgentTwice, Object: "small Agent/7"}, {Code: "gap_open", Object: "secret"}},
		People: &node.PeopleDocument{Sessions: []node.PersonDocument{{Login: "ops", Verb: "report call --number 0049"}, {Login: "vera", Verb: "feed tail small"}}},
	}
	doc.Twin = &node.TwinDocument{People: doc.People}
	messages := []node.Message{{About: node.AboutAlarm(5)}, {About: node.AboutAlarm(6)}, {About: node.AboutCrossing(5)}, {About: "report/1"}}
	for name, c := range map[string]struct {
		person           *cli.Person
		alarms, messages int
		verb             string
	}{
		"who is here":          {nil, 3, 4, "report call --number 0049"},
		"who may see all":      {&cli.Person{Login: "ops"}, 3, 4, "report call --number 0049"},
		"who may see a feed":   {&cli.Person{Login: "vera", Feeds: []string{"small"}}, 2, 1, "report"},
		"who may see a group":  {&cli.Person{Login: "tim", Groups: []string{"north"}}, 1, 0, "report"},
		"a group, and a feed ": {&cli.Person{Login: "tim", Groups: []string{"north"}, Feeds: []string{"small"}}, 1, 0, "report"},
	} {
		s := &site{person: c.person}
		is := s.seen(doc)
		alarms := s.seenAlarms([]node.KeptAlarm{twice("secret"), twice("small")})
		told := s.seenMessages(slices.Clone(messages), alarms)
		if len(is.Alarms) != c.alarms || len(told) != c.messages || (is.Told == nil) != c.person.Limited() {
			t.Errorf("%s: %+v, %+v, told of %v", name, is.Alarms, told, is.Told)
		}
		if is.People.Sessions[0].Verb != c.verb || is.Twin.People.Sessions[0].Verb != c.verb {
			t.Errorf("%s: %+v", name, is.People)
		}
		if c.person != nil && c.person.Login == "vera" && is.People.Sessions[1].Verb != "feed tail small" {
			t.Errorf("%s: %+v", name, is.People)
		}
		from := s.shelves(&cli.Call{})
		for screen, missing := range map[string]bool{
			"log": from.Journal == nil, "reports": from.Reports == nil, "runs": from.Runs == nil, "feeds": from.Feeds == nil,
		} {
			if missing != c.person.Limited() {
				t.Errorf("%s: the screens of %s are not there: %v", name, screen, missing)
			}
		}
	}
	if doc.People.Sessions[0].Verb != "report call --number 0049" || len(doc.Alarms) != 3 {
		t.Error("what was told was changed")
	}
}
