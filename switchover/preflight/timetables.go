package preflight

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// lookAt begins what there is to type about timetables of a server.
const lookAt = "twinctl timetable list, on "

func timetablesRead(q question) finding {
	t := q.it.Timetables
	if t.Unreadable > 0 {
		return q.grave(lookAt+q.it.Name, "%d of %d timetables cannot be read", t.Unreadable, t.Unreadable+t.Total)
	}
	return ok("every timetable can be read: %d", t.Total)
}

// timetablesRun asks of the new primary what is asked there before each run.
// What runs on the old one no better is no reason to leave the role there.
func timetablesRun(q question) finding {
	d := q.it.Deep
	if d == nil {
		return ok("not looked at")
	}
	names := d.named()
	worse := d.More > 0
	for _, h := range d.Cannot {
		worse = worse || !q.other.hinders(h.Timetable)
	}
	switch {
	case worse:
		return block(lookAt+q.it.Name, "%d that only a primary runs cannot run on it: %s", len(names)+d.More, listed(names))
	case len(names) > 0:
		return warn(lookAt+q.it.Name, "%d that only a primary runs can run on neither: %s", len(names), listed(names))
	case d.Left > 0:
		return warn("", "there was no time to look whether %d of %d timetables that only a primary runs can run on it", d.Left, d.Left+d.Looked)
	}
	return ok("every timetable that only a primary runs can run on it: %d", d.Looked)
}

// timetablesAlways asks the same of backups and of all else that runs on a server
// whatever its role is. To move the role makes that no worse.
func timetablesAlways(q question) finding {
	if q.it.Deep == nil {
		return ok("not looked at")
	}
	d := q.it.Deep.Always
	switch names := d.named(); {
	case len(names) > 0:
		return warn(lookAt+q.it.Name, "%d that it runs whatever its role is cannot run on it: %s", len(names)+d.More, listed(names))
	case d.Left > 0:
		return warn("", "there was no time to look whether %d of %d timetables that it runs whatever its role is can run on it", d.Left, d.Left+d.Looked)
	}
	return ok("every timetable that it runs whatever its role is can run on it: %d", d.Looked)
}

// named returns those that cannot run, with the reason.
func (a Asked) named() (names []string) {
	for _, h := range a.Cannot {
		names = append(names, h.Timetable+" ("+h.Why+")")
	}
	return names
}

func (f Facts) hinders(timetable string) bool {
	return f.Deep != nil && slices.ContainsFunc(f.Deep.Cannot, func(h Hindered) bool { return h.Timetable == timetable })
}

// timetablesRunning tells what draining will wait for.
func timetablesRunning(q question) finding {
	t := q.it.Timetables
	if len(t.Running) == 0 {
		return ok("nothing runs that only a primary runs")
	}
	var names []string
	for _, r := range t.Running {
		names = append(names, r.words())
	}
	return warn("twinctl run list --state running, on "+q.it.Name, "%s: %s",
		either(int64(len(names)+t.More), "that only a primary runs has not ended", "that only a primary runs have not ended"), listed(names))
}

func (r Run) words() string {
	text := r.Timetable + " waits to begin"
	if r.Started != 0 {
		text = fmt.Sprintf("%s since %s", r.Timetable, r.Started.Time().Format(time.RFC3339))
	}
	if r.TimeoutS > 0 {
		text += fmt.Sprintf(", for %s at the most", time.Duration(r.TimeoutS)*time.Second)
	}
	return text
}

// maintenance on the new primary would have it miss every slot.
func maintenance(q question) finding {
	if m := q.it.Maintenance; m != nil {
		return q.grave("twinctl maintenance off, on "+q.it.Name, "no timetable starts anything on it: %s", *m)
	}
	return ok("there is no maintenance")
}

func hooks(q question) finding {
	if len(q.it.Hooks) > 0 {
		return block("twinctl config check, on "+q.it.Name, "%s", strings.Join(q.it.Hooks, "; "))
	}
	return ok("every hook can be run")
}
