package app

import (
	"context"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
	"github.com/twinctl/twin/collector/watch"
)

// limits are the thresholds in force, as administration data has them.
type limits struct {
	thresholds []watch.Threshold
	levels     watch.Levels
}

// A dictionary is what thresholds refer to, by kind and key.
type dictionary map[string]map[string]admin.Row

// readLimits reads the thresholds that are watched now: neither those that are
// off nor those whose calendar is closed.
func readLimits(ctx context.Context, a *admin.DB, now time.Time) (l limits, err error) {
	rows, err := a.Rows(ctx, "threshold", "", mostRows)
	rows = slices.DeleteFunc(rows, func(r admin.Row) bool { return r.Body.Bool("off") })
	if err != nil || len(rows) == 0 {
		return l, err
	}
	words, err := readDictionary(ctx, a)
	if err != nil {
		return l, err
	}
	site, err := report.ReadSettings(ctx, a)
	if err != nil {
		return l, err
	}
	for _, r := range rows {
		if words.open(r, site.Zone, now) {
			l.thresholds = append(l.thresholds, words.threshold(r))
		}
	}
	l.levels = words.levels(int64(site.ServiceLevel))
	return l, nil
}

func readDictionary(ctx context.Context, a *admin.DB) (dictionary, error) {
	d := dictionary{}
	for _, kind := range []string{"queue", "queue-group", "agent", "agent-group", "calendar"} {
		rows, err := a.Rows(ctx, kind, "", mostRows)
		if err != nil {
			return nil, err
		}
		d[kind] = make(map[string]admin.Row, len(rows))
		for _, r := range rows {
			d[kind][r.Key] = r
		}
	}
	return d, nil
}

// open tells whether a threshold is watched now. One whose calendar cannot be
// read is: it is better told than not.
func (d dictionary) open(r admin.Row, zone *time.Location, now time.Time) bool {
	calendar, ok := d["calendar"][r.Body.Text("calendar")]
	if !ok {
		return true
	}
	c, err := admin.Calendar(calendar, zone)
	return err != nil || c.Open(record.At(now))
}

func (d dictionary) threshold(r admin.Row) watch.Threshold {
	t := watch.Threshold{
		Key: r.Key, Name: r.Body.Text("name"), Measure: watch.Measure(r.Body.Text("measure")),
		Limit: r.Body.Integer("limit"), Count: r.Body.Integer("count"), Percent: r.Body.Integer("percent"),
		State: r.Body.Text("state"), Reason: r.Body.Text("reason"), Feed: r.Body.Text("feed"), Severity: "warning",
	}
	if severity := r.Body.Text("severity"); severity != "" {
		t.Severity = severity
	}
	if queue := r.Body.Text("queue"); queue != "" {
		t.Names = watch.Names{queue: true}
	}
	if group := r.Body.Text("queue_group"); group != "" {
		t.Names = watch.Names{}
		for _, queue := range d["queue-group"][group].Body.List("queues") {
			t.Names[queue] = true
		}
	}
	if agent := r.Body.Text("agent"); agent != "" {
		t.Names = watch.Names{}
		d.addAgent(t.Names, agent)
	}
	if group := r.Body.Text("agent_group"); group != "" {
		t.Names = watch.Names{}
		for _, agent := range d["agent-group"][group].Body.List("agents") {
			d.addAgent(t.Names, agent)
		}
	}
	return t
}

// addAgent adds all the names that a feed may have for an agent.
func (d dictionary) addAgent(names watch.Names, key string) {
	names[key] = true
	for _, alias := range d["agent"][key].Body.List("aliases") {
		names[alias] = true
	}
}

// levels returns the service levels of the site, and of queues that have their own.
func (d dictionary) levels(standard int64) watch.Levels {
	l := watch.Levels{Standard: standard, Queues: map[string]int64{}}
	for _, q := range d["queue"] {
		if own := q.Body.Integer("service_level"); own != 0 {
			l.Queues[q.Key] = own
		}
	}
	return l
}
