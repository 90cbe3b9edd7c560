package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

func statusCommand() cli.Command {
	var again, plain bool
	return cli.Command{
		Name:  "status",
		Short: "show what this server is doing",
		Long: `Shows who this server is, whether twind runs, and for each feed whether its upstream is heard, what was stored, ` +
			`and how far it was provably heard. It exits 0 also when twind is down: "running" tells. ` +
			`RATE is records stored a second, over the last ten seconds. ` +
			`The epoch rises with each change of role on either twin, and never comes again: shown is the highest that this server has seen; a secondary that was never told one has 0.` +
			"\n\n" + `While the configuration is wrong, what can be told without it is told, and the problem is an alarm.`,
		Examples: []cli.Example{
			{Line: "twinctl status", Why: "one look"},
			{Line: "twinctl status --watch", Why: "look again every two seconds"},
			{Line: "twinctl status --watch --plain", Why: "how it stands, then a line for each change: for screen readers and logs"},
			{Line: "twinctl status --json", Why: "the same for programs"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL},
		Flags: func(f *cli.FlagSet) {
			f.BoolVar(&again, "watch", false, "look again every two seconds until interrupted")
			f.BoolVar(&plain, "plain", false, "with --watch: no screen; a line, with the time, for each change that a person cares about, and nothing else")
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			if plain && (!again || call.Format != cli.Text) {
				return cli.Fail(cli.Usage, errors.New("status: --plain goes with --watch, and is text: without it status writes lines as it is"), "twinctl status --watch --plain")
			}
			v, err := openView(ctx, call)
			if err != nil {
				return err
			}
			defer v.data.Close() //nolint:errcheck // only read
			if plain {
				return watchPlain(ctx, call, v)
			}
			if again {
				return watch(ctx, call, "twinctl status", func() error { return showStatus(ctx, call, v) })
			}
			return showStatus(ctx, call, v)
		},
	}
}

// A view is what can be looked at, whatever may be wrong with the configuration.
type view struct {
	site
	alarms []node.Alarm
}

// openView opens the server's files. A configuration that is wrong becomes an
// alarm, as long as it says where they are.
func openView(ctx context.Context, call *cli.Call) (*view, error) {
	s, err := open(ctx, call)
	if err == nil || !errors.Is(err, config.ErrInvalid) {
		if err != nil {
			return nil, err
		}
		return &view{site: *s}, nil
	}
	cfg, ok := config.Salvage(call.Config, app.Above(call), collector.Kinds())
	if !ok {
		return nil, err
	}
	v := &view{site: site{Config: cfg, person: call.Person}, alarms: []node.Alarm{app.ConfigAlarm(cfg.File, err)}}
	if v.data, err = openData(ctx, cfg); err != nil {
		return nil, err
	}
	return v, nil
}

// statusOf returns what may be seen, with what is wrong with the configuration.
func statusOf(ctx context.Context, v *view) (node.Document, error) {
	doc, err := app.Status(ctx, v.Config, v.data)
	if err != nil {
		return doc, err
	}
	doc = v.seen(doc)
	doc.Alarms = slices.Insert(doc.Alarms, 0, v.alarms...)
	return doc, nil
}

func showStatus(ctx context.Context, call *cli.Call, v *view) error {
	doc, err := statusOf(ctx, v)
	if err != nil {
		return err
	}
	if call.Format == cli.Text {
		var text bytes.Buffer
		if err := writeStatus(&text, call.Config, doc); err != nil {
			return err
		}
		_, err := call.Out.Write(text.Bytes())
		return err
	}
	return call.Show(cli.View{Document: doc, Lines: cli.Each([]node.Document{doc})})
}

// writeStatus writes the document for people; file is the configuration.
func writeStatus(w io.Writer, file string, doc node.Document) error {
	state := "twind is not running"
	if doc.Running {
		state = fmt.Sprintf("running as process %d", doc.PID)
	}
	fmt.Fprintf(w, "%s  %s  epoch %d  %s  %s\n", inert.Text(doc.Name), doc.Role, doc.Epoch, state, doc.Version)
	if doc.Maintenance != nil {
		fmt.Fprintln(w, maintenanceWords(doc.Maintenance))
	}
	writeTwin(w, doc)
	writeSync(w, doc.Sync)
	writeReady(w, doc)
	writeTimetables(w, doc.Timetables, doc.Running)
	writeInterval(w, doc.Interval)
	writeBackups(w, doc.Backups, time.Now())
	writePeople(w, doc)
	writeAlarms(w, doc)
	if len(doc.Feeds) == 0 && slices.ContainsFunc(doc.Alarms, func(a node.Alarm) bool { return a.Code == app.ConfigInvalid }) {
		fmt.Fprintln(w, "which feeds there are is not known")
		return nil
	}
	if len(doc.Feeds) == 0 {
		fmt.Fprintln(w, "no feeds are configured")
		return nil
	}
	fmt.Fprintln(w)
	if err := writeFeeds(w, doc.Feeds); err != nil {
		return err
	}
	writeReasons(w, doc.Feeds, doc.Alarms)
	if doc.Running {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nNext: %s\n", inert.Text(cli.Local(cli.StartTwind, file)))
	return err
}

// writeFeeds writes the feeds as two tables, which a narrow terminal has room
// for: what each is doing, and how far it was heard.
func writeFeeds(w io.Writer, feeds []node.FeedDocument) error {
	const name, times = 1, 8 // columns
	whole := feedTable(feeds)
	counts, heard := cli.Table{Columns: whole.Columns[:times]}, cli.Table{Columns: slices.Concat(whole.Columns[:name], whole.Columns[times:])}
	for _, row := range whole.Rows {
		counts.Add(row[:times]...)
		heard.Add(slices.Concat(row[:name], row[times:])...)
	}
	if err := counts.WriteText(w); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return heard.WriteText(w)
}

func feedTable(feeds []node.FeedDocument) cli.Table {
	t := cli.Table{Columns: []cli.Column{
		{Name: "feed"},
		{Name: "kind"},
		{Name: "state"},
		{Name: "records", Number: true},
		{Name: "rate", Number: true},
		{Name: "duplicates", Number: true},
		{Name: "rejected", Number: true},
		{Name: "gaps_open", Number: true},
		{Name: "last_record_at", Maybe: true},
		{Name: "covered_until", Maybe: true},
		{Name: "address"},
	}}
	for _, f := range feeds {
		t.Add(f.Name, f.Kind, f.State, number(f.Records), strconv.FormatFloat(f.Rate, 'f', 1, 64),
			number(f.Duplicates), number(f.Rejected), number(f.GapsOpen), second(f.LastRecordAt), second(f.CoveredUntil), f.Address)
	}
	return t
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// second shows an instant to the second, nothing if it is not known.
func second(at *node.Moment) string {
	if at == nil {
		return ""
	}
	return at.Time().Format(time.RFC3339)
}

// writeTwin writes a line about the other server, and one about a fill.
func writeTwin(w io.Writer, doc node.Document) {
	t := doc.Twin
	if t == nil {
		return
	}
	role, answered := "role not known", "has never answered"
	if t.Role != nil {
		role = string(*t.Role)
	}
	if t.SeenAt != nil {
		answered = "answered at " + t.SeenAt.Format(time.RFC3339)
	}
	fmt.Fprintf(w, "twin %s  %s  %s, %s\n", inert.Text(t.Name), inert.Text(role), inert.Text(t.State), answered)
	if t.Error != "" {
		fmt.Fprintf(w, "  %s\n", inert.Text(t.Error))
	}
	if t.Maintenance != nil {
		fmt.Fprintf(w, "  there: %s\n", maintenanceWords(t.Maintenance))
	}
	if f := doc.Fill; f != nil {
		fmt.Fprintf(w, "filling %s from the twin: %d of %d records, %.0f a second\n", inert.Text(f.Feed), f.Done, f.Total, f.Rate)
	}
}

// writeSync writes a line about administration data: what is known of it, and
// how old that is.
func writeSync(w io.Writer, s *node.SyncDocument) {
	if s == nil {
		return
	}
	fmt.Fprintf(w, "sync  %s", s.Word)
	if s.Pending > 0 {
		fmt.Fprintf(w, ", %s to send", app.Counted(int(s.Pending), "row"))
	}
	if s.Drift > 0 {
		fmt.Fprintf(w, ", %s edited on the secondary", app.Counted(int(s.Drift), "row"))
	}
	if s.CheckedAt != nil {
		fmt.Fprintf(w, ", checked at %s", s.CheckedAt.Time().Format(time.RFC3339))
	}
	if s.Because != "" {
		fmt.Fprintf(w, "; %s", inert.Text(s.Because))
	}
	if s.Command != "" {
		fmt.Fprintf(w, "; next: %s", s.Command)
	}
	fmt.Fprintln(w)
}

// writeReady writes a line about whether the role could be moved.
func writeReady(w io.Writer, doc node.Document) {
	r := doc.Ready
	if doc.Twin == nil || doc.Sync == nil { // not paired
		return
	}
	fmt.Fprintf(w, "ready  to switch over: %s, to promote: %s", yesNo(r.Switchover), yesNo(r.Promote))
	if n := len(r.Because); n > 0 {
		fmt.Fprintf(w, "; %s", inert.Text(r.Because[0]))
		if n > 1 {
			fmt.Fprintf(w, ", and %d more", n-1)
		}
		fmt.Fprint(w, "; next: twinctl ready")
	}
	fmt.Fprintln(w)
}

// writeTimetables writes a line about what is run by the clock.
func writeTimetables(w io.Writer, t *node.TimetablesDocument, running bool) {
	if t == nil {
		return
	}
	fmt.Fprintf(w, "timetables  %d, %d run here", t.Total, t.Armed)
	for _, part := range []struct {
		n    int
		what string
	}{{len(t.Running), "running now"}, {t.Waiting, "waiting to begin"}, {t.Paused, "paused"}, {t.Unreadable, "unreadable"}} {
		if part.n > 0 {
			fmt.Fprintf(w, ", %d %s", part.n, part.what)
		}
	}
	if running {
		writeComing(w, t)
	} else {
		fmt.Fprint(w, "; twind is not running")
	}
	if t.Held > 0 {
		fmt.Fprintf(w, "; %d held: %s", t.Held, inert.Text(t.Because))
		if t.Until != nil {
			fmt.Fprintf(w, ", until %s at the latest", second(t.Until))
		}
	}
	if n := len(t.Failed); n > 0 {
		fmt.Fprintf(w, "; %d failed: %s", n, inert.Text(t.Failed[0].Timetable))
		if n > 1 {
			fmt.Fprint(w, " and others")
		}
	}
	fmt.Fprintln(w)
}

// writeBackups writes a line about the last backup and the last that was proven.
func writeBackups(w io.Writer, b *node.BackupDocument, now time.Time) {
	if b == nil || b.Last == "" {
		return
	}
	fmt.Fprintf(w, "backup  last: %s ago, %s", age(now.Sub(b.At.Time())), b.Kind)
	if b.ProvenAt == nil {
		fmt.Fprintln(w, "; none is proven; next: twinctl backup drill")
		return
	}
	fmt.Fprintf(w, "; last proven restore: %s ago\n", age(now.Sub(b.ProvenAt.Time())))
}

// age writes a length of time for people: "3 days", "40 minutes".
func age(d time.Duration) string {
	for _, unit := range []struct {
		name string
		is   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := int(d / unit.is); n > 0 {
			return app.Counted(n, unit.name)
		}
	}
	return app.Counted(max(0, int(d/time.Second)), "second")
}
