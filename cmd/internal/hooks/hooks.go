// Package hooks runs the programs that a site has called at the points of a
// change of role.
package hooks

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/launch"
	"github.com/twinctl/twin/collector/inert"
)

// The points, as twin.toml names them.
const (
	PreSwitch    = "pre_switch"     // before anything is changed
	PreDemote    = "pre_demote"     // on the primary, before it becomes secondary
	PostDemote   = "post_demote"    // there, once it is
	PrePromote   = "pre_promote"    // on the secondary, before it becomes primary
	PostPromote  = "post_promote"   // there, once it is
	OnRoleChange = "on_role_change" // on each server, again and again: see Point
	PostSwitch   = "post_switch"    // when all is done
	OnFailed     = "on_failed"      // when it was not
)

// A Point is a moment at which a program may be called.
type Point struct {
	Name string
	Doc  string // one line: when, and what a failure does
}

// Points returns all of them, in the order in which a switch-over comes by.
func Points() []Point {
	return []Point{
		{PreSwitch, "before anything is changed; another status than 0 ends the switch-over"},
		{PreDemote, "on the primary before it becomes secondary; another status than 0 ends the switch-over"},
		{PostDemote, "on the server that has become secondary"},
		{PrePromote, "on the secondary before it becomes primary; another status than 0 ends the switch-over"},
		{PostPromote, "on the server that has become primary"},
		{OnRoleChange, "by twind at each change of role or epoch, at its start and every 10 minutes: the same facts may come again"},
		{PostSwitch, "when the switch-over is done and was read back"},
		{OnFailed, "when a switch-over has failed"},
	}
}

// Hooks are the programs of one server.
type Hooks struct {
	Programs map[string][]string // by point: file and arguments; none: nothing is called there
	Timeout  time.Duration       // of each
}

// Run runs the program of that point, if there is one, and returns when it has
// ended. It is told the facts as variables and as JSON on its standard input.
// The error is nil if it ended with status 0 in time; whether anything else
// matters the caller decides. Nothing is tried again.
func (h Hooks) Run(ctx context.Context, point string, f Facts) (ran bool, result launch.Result, err error) {
	argv := h.Programs[point]
	if len(argv) == 0 {
		return false, result, nil
	}
	f.Hook, f.Tc = point, f.Tc.UTC()
	text, err := json.Marshal(f)
	if err != nil {
		return false, result, fmt.Errorf("hook %s: %w", point, err)
	}
	p := launch.Program{Argv: argv, Timeout: h.Timeout}
	result, err = p.Run(ctx, f.variables(), append(inert.JSON(text), '\n'))
	if err != nil {
		return true, result, fmt.Errorf("hook %s: %w", point, err)
	}
	return true, result, nil
}

// A Problem is why the program of a point cannot be run.
type Problem struct {
	Point string
	Err   error
}

// Check looks for programs that cannot be run, without running any. A server
// tells only of its own files: the caller must be its user.
func (h Hooks) Check() (wrong []Problem) {
	for _, p := range Points() {
		if argv := h.Programs[p.Name]; len(argv) > 0 {
			if err := (launch.Program{Argv: argv}).Check(); err != nil {
				wrong = append(wrong, Problem{p.Name, err})
			}
		}
	}
	return wrong
}

// Problems says in a line each what Check finds.
func (h Hooks) Problems() []string {
	var said []string
	for _, p := range h.Check() {
		said = append(said, fmt.Sprintf("hook %s: %v", p.Point, p.Err))
	}
	return said
}
