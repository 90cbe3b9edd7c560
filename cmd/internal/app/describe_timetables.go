package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/engine"
)

const (
	mostListed = 100       // of runs, in a document
	steppedFor = time.Hour // that the clock was set is told

	clockStep = "clock_step" // the code of the alarm for that
)

// describe tells what the timetables do; nil where there are none.
func (k *timekeeper) describe() *node.TimetablesDocument {
	s := k.engine.State()
	if s.Timetables+len(s.Unreadable)+len(s.Running) == 0 {
		return nil
	}
	d := &node.TimetablesDocument{
		Total: s.Timetables, Unreadable: len(s.Unreadable), Armed: s.Armed, Paused: s.Paused, Held: s.Held, Waiting: s.Waiting,
		Running: []node.RunningRun{}, Coming: []node.NextRun{}, Failed: []node.FailedRun{},
	}
	for _, r := range k.failed() {
		d.Failed = append(d.Failed, node.FailedRun{Timetable: r.Name, Run: r.ID, At: node.Moment(r.Ended), Reason: r.Reason})
	}
	if s.Held > 0 {
		k.mu.Lock()
		d.Because = k.held
		if !k.until.IsZero() {
			d.Until = known(record.At(k.until))
		}
		k.mu.Unlock()
	}
	for _, r := range s.Coming {
		d.Coming = append(d.Coming, node.NextRun{Timetable: r.Name, At: node.Moment(r.At)})
	}
	if len(d.Coming) > 0 {
		d.Next = &d.Coming[0]
	}
	for _, r := range s.Running[:min(mostListed, len(s.Running))] {
		d.Running = append(d.Running, node.RunningRun{Run: r.ID, Timetable: r.Name, Slot: node.Moment(r.Slot), Started: node.Moment(r.Started)})
	}
	return d
}

// failed returns the last runs of the timetables that run here and failed last,
// or could not begin, by the names that these have now.
func (k *timekeeper) failed() (all []node.Run) {
	for id, r := range k.ledger.lastFailed() {
		k.mu.Lock()
		t, there := k.list[id]
		k.mu.Unlock()
		if there {
			r.Name = t.name
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b node.Run) int { return cmp.Compare(a.Name, b.Name) })
	return all[:min(mostListed, len(all))]
}

// alarms says what is wrong with the timetables.
func (k *timekeeper) alarms(all *concerns, now time.Time) {
	s := k.engine.State()
	for _, u := range s.Unreadable {
		all.add(concern{code: "timetable_unreadable", of: called(u.Name, u.ID), severity: "error"}, "%s: it does not run", u.Error)
	}
	for _, p := range s.Problems {
		all.add(concern{code: "timetable_problem", of: called(p.Name, p.ID), severity: "error"}, "timetable %q does not run: %s", p.Name, p.Text)
	}
	k.failedAlarms(all, s)
	for _, o := range s.Owed {
		if record.At(now) > o.By {
			all.add(concern{code: "timetable_late", of: called(o.Name, o.ID), severity: "error"},
				"timetable %q has not done well since its slot at %s, and was to by %s", o.Name, node.Moment(o.Slot).Time().Format(time.RFC3339), node.Moment(o.By).Time().Format(time.RFC3339))
		}
	}
	if s.Stepped != 0 && record.At(now).Sub(s.Stepped) < steppedFor {
		all.add(concern{code: clockStep, severity: "warning"},
			"the clock was set by %s at %s, or the machine was asleep: twinctl run list tells which slots that missed", s.Step.Round(time.Second), node.Moment(s.Stepped).Time().Format(time.RFC3339))
	}
	k.heldAlarm(all, s)
}

// failedAlarms tells which timetables failed last, or could not begin. Of what
// must not run its problem tells.
func (k *timekeeper) failedAlarms(all *concerns, s engine.State) {
	problems := map[string]bool{}
	for _, p := range s.Problems {
		problems[p.Name] = true
	}
	for _, r := range k.failed() {
		c := concern{code: "timetable_failed", of: r.Name, severity: "error"}
		switch {
		case r.State != node.RunSkipped:
			all.add(c, "timetable %q failed: %s: twinctl run output %d", r.Name, r.Reason, r.ID)
		case !problems[r.Name]:
			all.add(c, "timetable %q could not run: %s: twinctl run show %d", r.Name, r.Reason, r.ID)
		}
	}
}

// nowhereAlarms tells which timetables are for a server that is neither of the
// two: they run on none, and nothing else would tell.
func (k *timekeeper) nowhereAlarms(all *concerns, doc node.Document) {
	twin := ""
	if doc.Twin != nil {
		twin = doc.Twin.Name
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, t := range k.named {
		if why := (timetable.Timetable{RunsOn: t.runsOn}).Nowhere(doc.Name, twin); why != "" {
			all.add(concern{code: "timetable_problem", of: called(t.name, id), severity: "error"}, "timetable %q does not run: %s", t.name, why)
		}
	}
}

// heldAlarm tells that a primary waits for its twin. That it was restored has an
// alarm of its own.
func (k *timekeeper) heldAlarm(all *concerns, s engine.State) {
	k.mu.Lock()
	held, until := k.held, k.until
	k.mu.Unlock()
	if held != whyAlone && held != whyStood || s.Held == 0 {
		return
	}
	end := "it answers (twin.boot_alone is hold)"
	if !until.IsZero() {
		end = "it answers, or until " + wholeSecond(until).Format(time.RFC3339)
	}
	all.add(concern{code: "held", severity: "warning", after: twinLostAfter}, "%s of this primary wait: %s; until %s", Counted(s.Held, "timetable"), held, end)
}

// called is how a timetable is called in an alarm.
func called(name, id string) string { return cmp.Or(name, id) }

// describeIdle tells how the timetables stand while twind does not run.
func describeIdle(ctx context.Context, data *Data) (*node.TimetablesDocument, error) {
	list, err := Timetables(ctx, data.Admin, nil)
	if err != nil || len(list.Timetables)+len(list.Unreadable) == 0 {
		return nil, err
	}
	self, err := data.Node.Self(ctx)
	if err != nil {
		return nil, err
	}
	role := self.Role
	if self.Superseded() {
		role = ""
	}
	d := &node.TimetablesDocument{Total: len(list.Timetables), Unreadable: len(list.Unreadable), Running: []node.RunningRun{}, Coming: []node.NextRun{}, Failed: []node.FailedRun{}}
	for _, t := range list.Timetables {
		if !t.RunsAt(self.Name, role) {
			continue
		}
		d.Armed++
		if t.IsPaused(time.Now()) {
			d.Paused++
		}
	}
	return d, nil
}

var (
	runsTotal  = prometheus.NewDesc("twin_runs_total", "Runs of timetables that ended, or slots that did not run.", []string{"state"}, nil)
	timetables = prometheus.NewDesc("twin_timetables", "Timetables, by what they do on this server: armed, held, paused, elsewhere or unreadable.", []string{"state"}, nil)
)

// collect tells Prometheus of timetables and runs.
func (k *timekeeper) collect(out chan<- prometheus.Metric) {
	counts := k.ledger.counts()
	for _, state := range node.RunStates() {
		if state.Final() {
			out <- prometheus.MustNewConstMetric(runsTotal, prometheus.CounterValue, float64(counts[state]), string(state))
		}
	}
	s := k.engine.State()
	for state, n := range map[string]int{
		"armed": s.Armed, "held": s.Held, "paused": s.Paused, "elsewhere": s.Timetables - s.Armed, "unreadable": len(s.Unreadable),
	} {
		out <- prometheus.MustNewConstMetric(timetables, prometheus.GaugeValue, float64(n), state)
	}
	out <- single("runs_running", "Runs of timetables that go on.", float64(len(s.Running)))
}
