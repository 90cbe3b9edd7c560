package admin

import (
	"errors"
	"fmt"
	"time"
)

const (
	mostTasks = 100
	mostWait  = 366 * 86_400 // seconds, a year
)

func timetable() Kind {
	return Kind{
		Name: "timetable", Short: "tasks that are run at set times", ID: true, Label: "name", key: isID,
		Fields: []Field{
			{Name: "name", Short: "its name", Type: Text, Required: true, Unique: true, check: isName},
			description(),
			{Name: "schedule", Short: `when it runs, as "0 6 * * *"`, Type: Text, Required: true},
			{Name: "zone", Short: "the time zone of the schedule; left out: as the setting says", Type: Text, check: isZone},
			{Name: "calendar", Short: "only while this one is open", Type: Ref, To: "calendar", Gone: Stands},
			{Name: "not_on", Short: "not while this one is open", Type: Ref, To: "calendar", Gone: Stands},
			{Name: "runs_on", Short: "primary, secondary, both, or the name of a server; left out: as its tasks want", Type: Text, check: isName},
			{Name: "tasks", Short: "what is done, in order: a kind and its arguments", Type: List, Required: true},
			{Name: "on_error", Short: "behind a task that failed: stop, or continue with the next", Type: Choice, Choices: []string{"stop", "continue"}, Default: "stop"},
			{Name: "overlap", Short: "while its last run goes on: skip the slot, queue one, cancel that run, or allow both", Type: Choice, Choices: []string{"skip", "queue", "cancel", "allow"}, Default: "skip"},
			{Name: "catch_up", Short: "which of the slots that it missed are run after all", Type: Choice, Choices: picks(), Default: "latest"},
			{Name: "grace_s", Short: "catch_up: seconds that such a slot may be old; 0: however old", Type: Integer, Max: mostWait, Default: int64(7 * 86_400)},
			{Name: "catch_up_max", Short: "catch_up all: how many slots at most", Type: Integer, Min: 1, Max: 100, Default: int64(100)},
			{Name: "spacing_s", Short: "catch_up all: seconds from one start to the next", Type: Integer, Max: 86_400, Default: int64(10)},
			{Name: "on_promotion", Short: "which of the slots that a lost primary may not have run are run here; ask: none until a person says so", Type: Choice, Choices: append(picks(), "ask"), Default: "latest"},
			{
				Name: "after_crash", Short: "whether what a crash left open is run again; as_tasks: yes, unless one is exec",
				Type: Choice, Choices: []string{"as_tasks", "at_most_once", "at_least_once"}, Default: "as_tasks",
			},
			{Name: "timeout_s", Short: "seconds for all tasks together; 0: as long as they take", Type: Integer, Max: mostWait},
			{Name: "task_timeout_s", Short: "seconds for each task; 0: as long as it takes", Type: Integer, Max: mostWait},
			{Name: "retries", Short: "how often a run that failed is tried again", Type: Integer, Max: 20},
			{Name: "retry_delay_s", Short: "retries: seconds before the first; twice as long before each next one, up to 6 hours", Type: Integer, Min: 1, Max: 86_400, Default: int64(60)},
			{Name: "must_finish_s", Short: "an alarm, if it has not done well so many seconds after its slot; 0: none", Type: Integer, Max: mostWait},
			{Name: "pause_after", Short: "it pauses itself after so many failures in a row; 0: never", Type: Integer, Max: 1000},
			{Name: "paused", Short: "it does not start for now", Type: Bool},
			{Name: "paused_until", Short: "paused: until then, as 2026-12-24T06:00:00Z; left out: until it is resumed", Type: Text, check: isInstant},
			{Name: "pause_reason", Short: "paused: why", Type: Text},
			owner(),
		},
		check: checkTimetable,
	}
}

func picks() []string { return []string{"skip", "latest", "all"} }

// checkTimetable checks what needs no reading of the schedule, nor of the tasks.
func checkTimetable(r Row) error {
	if n := len(r.Body.List("tasks")); n > mostTasks {
		return fmt.Errorf("tasks has %d: want at most %d", n, mostTasks)
	}
	if r.Body.Bool("paused") {
		return nil
	}
	if r.Body.Text("paused_until") != "" || r.Body.Text("pause_reason") != "" {
		return errors.New("it says until when or why it is paused, but it is not: want paused=true, or neither")
	}
	return nil
}

func isInstant(text string) error {
	if _, err := time.Parse(time.RFC3339, text); err != nil {
		return fmt.Errorf("is %q: want a time with its zone, as 2026-12-24T06:00:00Z", text)
	}
	return nil
}
