package timetable

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/timetable/schedule"
	"github.com/twinctl/twin/timetable/task"
)

// A Calendar is one that people administer.
type Calendar struct {
	Open func(time.Time) bool
	Mark string // changes with it
}

// A Site is what a row alone does not say.
type Site struct {
	Zone      *time.Location      // of a timetable that says none
	Calendars map[string]Calendar // by key
	// Permission returns what a user may do (view, operate or admin), "" for one
	// that there is not.
	Permission func(login string) string
	// Check says what is wrong with a task, beyond its text, and names its kind or
	// its verb; nil: nothing ever is.
	Check func(task.Task) error
}

// A Reader reads rows of kind timetable, for one goroutine. Of many rows most
// are due when others are too: a schedule is read once.
type Reader struct {
	site      Site
	fields    map[string]*admin.Field
	schedules map[written]schedule.Schedule
}

// A written is a schedule as its row has it.
type written struct {
	text string
	zone *time.Location
}

// NewReader returns one for a site.
func NewReader(site Site) *Reader {
	r := &Reader{site: site, fields: map[string]*admin.Field{}, schedules: map[written]schedule.Schedule{}}
	kind, _ := admin.KindNamed("timetable")
	for i := range kind.Fields {
		r.fields[kind.Fields[i].Name] = &kind.Fields[i]
	}
	return r
}

// Read reads a row, and says what is wrong with it. One that means something
// and must not run all the same, as its owner may not do that, is no error: the
// timetable has a Problem then.
func (r *Reader) Read(row admin.Row) (Timetable, error) {
	return r.ReadStored(admin.Stored{Row: row, Hash: row.Hash()})
}

// ReadStored does what Read does.
func (r *Reader) ReadStored(stored admin.Stored) (Timetable, error) {
	row, site := stored.Row, r.site
	f := fields{r.fields, row.Body}
	t := Timetable{
		ID: row.Key, Name: f.text("name"), Description: f.text("description"), Owner: f.text("owner"),
		RunsOn: f.text("runs_on"), Calendar: f.text("calendar"), NotOn: f.text("not_on"),
		Continue: f.text("on_error") == "continue", Overlap: Overlap(f.text("overlap")),
		CatchUp: Pick(f.text("catch_up")), Grace: f.seconds("grace_s"), CatchUpMax: f.number("catch_up_max"), Spacing: f.seconds("spacing_s"),
		OnPromotion: Pick(f.text("on_promotion")),
		Timeout:     f.seconds("timeout_s"), TaskTimeout: f.seconds("task_timeout_s"),
		Retries: f.number("retries"), RetryDelay: f.seconds("retry_delay_s"),
		Paused: row.Body.Bool("paused"), PauseReason: f.text("pause_reason"), PauseAfter: f.number("pause_after"), MustFinish: f.seconds("must_finish_s"),
	}
	if err := errors.Join(r.readWhen(&t, f), t.readTasks(row.Body.List("tasks"))); err != nil {
		return Timetable{}, fmt.Errorf("timetable %s: %w", inert.Text(t.Name), err)
	}
	if t.RunsOn == "" {
		t.RunsOn = task.RunsOn(t.Tasks)
	}
	isExec := func(t task.Task) bool { return t.Kind == "exec" }
	switch f.text("after_crash") {
	case "at_least_once":
		t.AtLeastOnce = true
	case "as_tasks":
		t.AtLeastOnce = !slices.ContainsFunc(t.Tasks, isExec)
	}
	t.Problem = t.problem(site)
	t.Mark = t.mark(stored.Hash, site)
	return t, nil
}

// SameSlots tells whether two bodies of a row give it the same slots on the same
// servers. Of one that cannot be read nobody knows.
func SameSlots(before, after admin.Body) bool {
	for _, field := range []string{"schedule", "zone", "runs_on"} {
		if before.Text(field) != after.Text(field) {
			return false
		}
	}
	if after.Text("runs_on") != "" {
		return true
	}
	var was, is Timetable // then the tasks say where it runs
	return was.readTasks(before.List("tasks")) == nil && is.readTasks(after.List("tasks")) == nil &&
		task.RunsOn(was.Tasks) == task.RunsOn(is.Tasks)
}

// readWhen reads the schedule, its zone, the calendars and the pause.
func (r *Reader) readWhen(t *Timetable, f fields) error {
	zone := r.site.Zone
	if name := f.text("zone"); name != "" {
		var err error
		if zone, err = time.LoadLocation(name); err != nil {
			return fmt.Errorf("zone %q is unknown here: want a time zone, as Europe/Berlin", inert.Text(name))
		}
	}
	var err error
	if t.Schedule, err = r.schedule(written{f.text("schedule"), zone}); err != nil {
		return err
	}
	if until := f.text("paused_until"); until != "" {
		if t.PausedUntil, err = time.Parse(time.RFC3339, until); err != nil {
			return fmt.Errorf("paused_until %q: want a time with its zone, as 2026-12-24T06:00:00Z", inert.Text(until))
		}
	}
	return t.readCalendars(r.site)
}

// schedule reads a schedule, the same one once.
func (r *Reader) schedule(w written) (schedule.Schedule, error) {
	if s, known := r.schedules[w]; known {
		return s, nil
	}
	s, err := schedule.Parse(w.text, w.zone)
	if err == nil {
		r.schedules[w] = s
	}
	return s, err
}

func (t *Timetable) readCalendars(site Site) error {
	on, known := site.Calendars[t.Calendar]
	if t.Calendar != "" && !known {
		return fmt.Errorf("calendar %q cannot be read, or is not there", inert.Text(t.Calendar))
	}
	not, known := site.Calendars[t.NotOn]
	if t.NotOn != "" && !known {
		return fmt.Errorf("not_on: calendar %q cannot be read, or is not there", inert.Text(t.NotOn))
	}
	if on.Open != nil || not.Open != nil {
		t.Open = func(at time.Time) bool { return (on.Open == nil || on.Open(at)) && (not.Open == nil || !not.Open(at)) }
	}
	return nil
}

func (t *Timetable) readTasks(texts []string) error {
	if len(texts) == 0 {
		return errors.New("tasks: there is none")
	}
	var all error
	t.Tasks = make([]task.Task, 0, len(texts))
	for i, text := range texts {
		one, err := task.Parse(text)
		if err != nil {
			all = errors.Join(all, fmt.Errorf("task %d: %w", i+1, err))
		}
		t.Tasks = append(t.Tasks, one)
	}
	return all
}

// problem says why it cannot run although all of it can be read.
func (t *Timetable) problem(site Site) string {
	for _, one := range t.Tasks {
		if t.Owner != "" && site.Permission != nil && !mayAs(site.Permission(t.Owner), one.Permission()) {
			return fmt.Sprintf("%s may not: %s wants %s", t.Owner, one.Kind, one.Permission())
		}
		if site.Check == nil {
			continue
		}
		if err := site.Check(one); err != nil {
			return inert.Text(err.Error())
		}
	}
	return ""
}

// mayAs tells whether a permission holds another.
func mayAs(has, wants string) bool {
	order := []string{"view", "operate", "admin"}
	return slices.Contains(order, has) && slices.Index(order, has) >= slices.Index(order, wants)
}

func (t *Timetable) mark(row admin.Hash, site Site) string {
	b := make([]byte, 0, 256)
	b = append(b, row[:]...)
	for _, text := range []string{site.Calendars[t.Calendar].Mark, site.Calendars[t.NotOn].Mark, t.Schedule.Zone().String(), t.RunsOn, t.Problem} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// fields are what a row says, its defaults where it does not.
type fields struct {
	of   map[string]*admin.Field
	body admin.Body
}

func (f fields) value(name string) any {
	field, ok := f.of[name]
	if !ok {
		return nil
	}
	return field.Value(f.body)
}

func (f fields) text(name string) string {
	text, _ := f.value(name).(string)
	return text
}

func (f fields) number(name string) int {
	n, _ := f.value(name).(int64)
	return int(n)
}

func (f fields) seconds(name string) time.Duration {
	n, _ := f.value(name).(int64)
	return time.Duration(n) * time.Second
}
