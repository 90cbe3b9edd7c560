package task

import (
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/twinctl/twin/collector/inert"
)

// What a task finds in its environment.
const (
	NodeVariable      = "TWIN_NODE" // the server's name
	RoleVariable      = "TWIN_ROLE"
	EpochVariable     = "TWIN_EPOCH"
	TimetableVariable = "TWIN_TIMETABLE" // its name
	RunVariable       = "TWIN_RUN"       // the row of the ledger
	SlotVariable      = "TWIN_SLOT"      // RFC 3339, UTC
)

// Variables returns all of them.
func Variables() []string {
	return []string{NodeVariable, RoleVariable, EpochVariable, TimetableVariable, RunVariable, SlotVariable}
}

const (
	searchPath = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
	anyLocale  = "C.UTF-8"
)

// environment is all that a task is given: of ours little, and which run it is
// of, names made inert. The configuration is for verbs that it may call.
func (r Runner) environment(job Job) []string {
	env := []string{"PATH=" + searchPath}
	for _, v := range []struct{ name, otherwise string }{{"HOME", "/"}, {"LANG", anyLocale}, {"TZ", ""}} {
		if value := os.Getenv(v.name); value != "" {
			env = append(env, v.name+"="+value)
		} else if v.otherwise != "" {
			env = append(env, v.name+"="+v.otherwise)
		}
	}
	return slices.Concat(env, []string{
		"TWIN_CONFIG=" + r.Config,
		NodeVariable + "=" + inert.Text(job.Server),
		RoleVariable + "=" + inert.Text(job.Role),
		EpochVariable + "=" + strconv.FormatInt(job.Epoch, 10),
		TimetableVariable + "=" + inert.Text(job.Timetable),
		RunVariable + "=" + strconv.FormatInt(job.Run, 10),
		SlotVariable + "=" + job.Slot.UTC().Format(time.RFC3339),
	})
}
