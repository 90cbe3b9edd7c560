package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
)

// staleAfter is how old the running server's last word may be before it is
// said to be frozen: it refreshes it each second.
const staleAfter = 8 * time.Second

// Status returns what the server of a data directory is doing. While twind
// runs, that is what it said last, with the counts as they are now; else what
// can be read without it. Only another process than that twind may ask.
func Status(ctx context.Context, cfg *config.Config, data *Data) (node.Document, error) {
	pid := Running(data.Dir)
	if pid == 0 {
		return describeStopped(ctx, cfg, data)
	}
	said, err := data.Node.Activity(ctx)
	if err != nil {
		return node.Document{}, err
	}
	if said.PID == pid {
		return freshened(ctx, data, said)
	}
	doc, err := describeUntold(ctx, cfg, data) // it has said nothing yet
	doc.Running, doc.PID = true, pid
	return doc, err
}

// describeStopped tells what can be told of a server whose twind does not run.
func describeStopped(ctx context.Context, cfg *config.Config, data *Data) (node.Document, error) {
	doc, err := describeUntold(ctx, cfg, data)
	if err != nil {
		return doc, err
	}
	if doc.Timetables, err = describeIdle(ctx, data); err != nil {
		return doc, err
	}
	var own concerns
	backupAlarms(&own, doc.Backups, time.Now())
	maintenanceAlarms(&own, doc.Maintenance, time.Now())
	doc.Alarms = new(alarms).now(time.Now(), state{nameless: nameless(cfg), own: own})
	if err := countUnfinished(ctx, data, doc.Feeds); err != nil {
		return doc, err
	}
	doc.People = whoIsHere(data.Dir)
	doc.Ready, err = readyIdle(ctx, cfg, data, doc)
	return doc, err
}

// describeUntold describes a server by its files alone.
func describeUntold(ctx context.Context, cfg *config.Config, data *Data) (node.Document, error) {
	paused, err := data.Node.Paused(ctx)
	if err != nil {
		return node.Document{}, err
	}
	return describe(ctx, cfg, data, doing{
		feeds: idle(cfg, paused), rows: func(ctx context.Context) (rows, error) { return lookAtRows(ctx, data.Admin) },
	})
}

// freshened returns what twind said of itself, with what the files tell better:
// it says so once a second, and a role may have moved since. Nothing else is read:
// screens ask each second.
func freshened(ctx context.Context, data *Data, said node.Activity) (node.Document, error) {
	var doc node.Document
	if err := json.Unmarshal(said.Doc, &doc); err != nil {
		return doc, fmt.Errorf("what twind says of itself: %w", err)
	}
	self, err := data.Node.Self(ctx)
	if err != nil {
		return doc, err
	}
	identify(&doc, self)
	maintenance, err := data.Node.Maintenance(ctx)
	if err != nil {
		return doc, err
	}
	doc.Maintenance = DescribeMaintenance(maintenance, time.Now())
	held, err := data.History.Summaries(ctx)
	if err != nil {
		return doc, err
	}
	for i := range doc.Feeds {
		if f, ok := held[doc.Feeds[i].Name]; ok {
			tally(&doc.Feeds[i], f)
		}
	}
	ended, err := lastMoved(ctx, data.Node)
	if err != nil {
		return doc, err
	}
	doc.Ready = doc.Ready.Since(ended, time.Now())
	doc.Running, doc.PID = true, said.PID
	if here := whoIsHere(data.Dir); doc.People != nil && here != nil {
		doc.People.Sessions = here.Sessions
	}
	if age := time.Since(said.At.Time()); age > staleAfter {
		silence(&doc, said.At.Time(), age.Round(time.Second))
	}
	return doc, nil
}

// silence makes the document of a twind that has said nothing for a while tell
// that, and nothing that it said before as if it were so still.
func silence(doc *node.Document, since time.Time, age time.Duration) {
	text := fmt.Sprintf("twind (process %d) has not said for %s what it is doing: it may hang", doc.PID, age)
	doc.Alarms = append(doc.Alarms, node.Alarm{Code: "twind_silent", Severity: "error", Since: wholeSecond(since), Text: text})
	doc.Store, doc.Fill = "", nil
	for i := range doc.Feeds {
		f := &doc.Feeds[i]
		f.State, f.Rate, f.Error = string(feed.Down), 0, text
	}
	if doc.Twin != nil {
		doc.Twin.State, doc.Twin.Error = string(exchange.Unknown), text
	}
	if t := doc.Timetables; t != nil {
		t.Running, t.Waiting, t.Next, t.Coming = []node.RunningRun{}, 0, nil, []node.NextRun{}
	}
	doc.Ready = node.Readiness{Because: []string{text}}
}

// Gaps returns the gaps of a feed, or of all when name is empty. While twind
// does not run, that includes those of which it could not say a last word.
func Gaps(ctx context.Context, data *Data, name string) ([]history.Gap, error) {
	gaps, err := data.History.Gaps(ctx, name)
	if err != nil || Running(data.Dir) != 0 {
		return gaps, err
	}
	unfinished, err := data.History.Unfinished(ctx, name)
	return append(gaps, unfinished...), err
}

// countUnfinished counts the gaps that began when twind died.
func countUnfinished(ctx context.Context, data *Data, feeds []node.FeedDocument) error {
	for i := range feeds {
		gaps, err := data.History.Unfinished(ctx, feeds[i].Name)
		if err != nil {
			return err
		}
		feeds[i].GapsOpen += int64(len(gaps))
	}
	return nil
}

// idle is what the feeds are doing when nobody runs them.
func idle(cfg *config.Config, paused map[string]string) []collector.Status {
	var all []collector.Status
	for _, f := range Feeds(cfg) {
		s := collector.Status{Name: f.Name, Kind: f.Options.Kind, State: feed.Down, Unproven: f.Kind.Unproven}
		if own, _ := cfg.Feed(f.Name); own.Err != nil {
			s.Err = own.Err
		}
		if _, ok := paused[f.Name]; ok {
			s.State = feed.Held
		}
		all = append(all, s)
	}
	return all
}

// doing is what only the running server knows; else nearly nothing.
type doing struct {
	feeds []collector.Status
	twin  exchange.Standing
	rows  func(context.Context) (rows, error) // of administration data
}

// describe makes the document of what is being done and the databases hold.
func describe(ctx context.Context, cfg *config.Config, data *Data, is doing) (node.Document, error) {
	self, err := data.Node.Self(ctx)
	if err != nil {
		return node.Document{}, err
	}
	held, err := data.History.Summaries(ctx)
	if err != nil {
		return node.Document{}, err
	}
	doc := node.Document{
		Schema: 1, Name: self.Name, Version: Version(), Feeds: []node.FeedDocument{}, Alarms: []node.Alarm{},
	}
	identify(&doc, self)
	twin, err := readPartner(ctx, data.Node)
	if err != nil {
		return node.Document{}, err
	}
	doc.Twin = describeTwin(cfg, twin, is.twin)
	if doc.Sync, err = describeSync(ctx, data.Dir, twin, self, is); err != nil {
		return node.Document{}, err
	}
	maintenance, err := data.Node.Maintenance(ctx)
	if err != nil {
		return node.Document{}, err
	}
	doc.Maintenance = DescribeMaintenance(maintenance, time.Now())
	if doc.Backups, err = describeBackups(ctx, data.Node); err != nil {
		return node.Document{}, err
	}
	if b := doc.Backups; b != nil && b.Held != "" && doc.Sync != nil { // it does not sync before
		doc.Sync.Command = "twinctl rejoin"
	}
	if doc.Interval, err = describeInterval(ctx, data, is.feeds, held); err != nil {
		return node.Document{}, err
	}
	doc.Ready.Because = []string{}
	for _, s := range is.feeds {
		doc.Feeds = append(doc.Feeds, describeFeed(s, held[s.Name]))
	}
	return doc, nil
}

// identify says which role the server has.
func identify(doc *node.Document, self node.Self) {
	doc.Role, doc.Epoch, doc.Since = self.Role, self.EpochSeen, wholeSecond(self.Since.Time())
	doc.OwnsFrom, doc.OwnsUntil = known(self.OwnsFrom), known(self.OwnsUntil)
}

// DescribeMaintenance returns what is said of a maintenance now, nil if there
// is none or its time is over.
func DescribeMaintenance(m node.Maintenance, now time.Time) *node.MaintenanceDocument {
	if !m.Holds(record.At(now)) {
		return nil
	}
	return &node.MaintenanceDocument{Since: node.Moment(m.Since), Until: known(m.Until), Reason: m.Reason, Actor: m.Actor}
}

func describeFeed(s collector.Status, held history.Summary) node.FeedDocument {
	f := node.FeedDocument{
		Name: s.Name, Kind: s.Kind, State: string(s.State), Address: s.Address, Rate: s.Rate, Unproven: s.Unproven,
	}
	tally(&f, held)
	if s.Err != nil {
		f.Error = s.Err.Error()
	}
	return f
}

// tally says what the history holds of a feed.
func tally(f *node.FeedDocument, held history.Summary) {
	f.Records, f.Duplicates, f.Rejected, f.Untimed = held.Records, held.Duplicates, held.Rejected, held.Untimed
	f.LastRecordAt, f.CoveredUntil, f.RetainedFrom = known(held.LastAt), known(held.CoveredUntil), known(held.RetainedFrom)
	f.GapsOpen, f.Incarnation = held.GapsOpen, held.Incarnation
}

func known(at record.Instant) *node.Moment {
	if at == 0 {
		return nil
	}
	return (*node.Moment)(&at)
}

func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
