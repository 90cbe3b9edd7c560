package task

import "slices"

// Where a timetable runs if nothing is said.
const (
	OnPrimary = "primary"
	OnBoth    = "both"
)

// A Kind is a kind of task: what it runs and what it wants.
type Kind struct {
	Name  string
	Short string // one line, lower case
	// Verb is the verb of twinctl that it runs, the task's arguments behind it.
	// None: the arguments are a program of the site and its own.
	Verb   []string
	Args   string // as help shows them
	RunsOn string // primary or both: where, if the timetable does not say
	// Permission is what the timetable's owner needs: view, operate or admin. To
	// write what one may see to a file wants no more than view: which file that is
	// only who may administer timetables says, and no verb writes over a file that
	// this server lives by.
	Permission string
	Destroys   bool // it takes something away for good
	// Chained says that the verb has verbs of its own, of which these may be run.
	Chained []string
	// Never are flags that make no sense here: they never end, or do nothing.
	Never     []string
	Files     []string // flags whose value is a file that is written
	Receivers []string // flags whose value is a target of the administration data
}

// kinds are all of them, in the order in which help shows them. They are
// asked of each task of each timetable, and so made once.
var kinds = [...]Kind{
	{
		Name: "report", Short: "a report, or a saved one, to a file or by mail", Verb: []string{"report"}, Args: "REPORT [FLAG...]",
		RunsOn: OnPrimary, Permission: "view",
		Chained: []string{"queue", "agent", "call", "exception", "coverage", "now", "saved"},
		Never:   []string{"--watch"}, Files: []string{"--into"}, Receivers: []string{"--mail"},
	},
	{
		Name: "export", Short: "records, or with --events what they tell, to a file", Verb: []string{"record", "export"}, Args: "--feed FEED --into FILE [FLAG...]",
		RunsOn: OnPrimary, Permission: "view", Never: []string{"--follow"}, Files: []string{"--into"},
	},
	{
		Name: "backup", Short: "back up this server, prune its backups, or prove one", Verb: []string{"backup"}, Args: "full|incremental|prune|drill [FLAG...]",
		RunsOn: OnBoth, Permission: "operate", Destroys: true, // prune does
		Chained: []string{"full", "incremental", "prune", "drill", "verify"},
	},
	{
		Name: "sync", Short: "carry administration data to the twin", Verb: []string{"sync"}, Args: "[FLAG...]",
		RunsOn: OnPrimary, Permission: "operate",
	},
	{
		Name: "compare", Short: "compare the history with the twin's", Verb: []string{"compare"}, Args: "[FLAG...]",
		RunsOn: OnBoth, Permission: "operate",
	},
	{
		Name: "fill", Short: "copy what is missing here from the twin", Verb: []string{"fill"}, Args: "[FLAG...]",
		RunsOn: OnBoth, Permission: "operate",
	},
	{
		Name: "verify", Short: "hold every record against its digest", Verb: []string{"history", "verify"}, Args: "[FLAG...]",
		RunsOn: OnBoth, Permission: "operate",
	},
	{
		Name: "rebuild", Short: "count a stretch of the history anew", Verb: []string{"report", "rebuild"}, Args: "[FLAG...]",
		RunsOn: OnPrimary, Permission: "operate",
	},
	{
		Name: "purge", Short: "drop old history", Verb: []string{"history", "drop"}, Args: "--feed FEED --before TIME [FLAG...]",
		RunsOn: OnBoth, Permission: "admin", Destroys: true,
	},
	{
		Name: "check", Short: "the morning check", Verb: []string{"check"}, Args: "[FLAG...]",
		RunsOn: OnPrimary, Permission: "view",
	},
	{
		Name: "exec", Short: "a program of the site's own, without a shell", Args: "FILE [ARG...]",
		RunsOn: OnPrimary, Permission: "admin", Destroys: true, // nobody knows what it does
	},
	{
		Name: "notify", Short: "a message to people", Verb: []string{"notify"}, Args: "--to TARGET TEXT",
		RunsOn: OnPrimary, Permission: "operate", Receivers: []string{"--to"},
	},
}

// Kinds returns all kinds, in that order.
func Kinds() []Kind { return slices.Clone(kinds[:]) }
