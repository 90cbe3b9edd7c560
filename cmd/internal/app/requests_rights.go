package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
)

// Requested returns the permission that an administered user needs for a request;
// "": no such user may ask it. Each is what the verb of twinctl needs that puts it:
// twind holds it against the user once more, so that a verb which forgot to
// grants nothing.
func Requested(verb string) string {
	switch verb {
	case PauseFeed, ResumeFeed, ReconnectFeed, Fill, Mend, Rebuild, RunTimetable, BackfillTimetable, CancelRun,
		SwitchRole, PromoteRole, ResumeSwitch, AbortSwitch:
		return "operate"
	case Drop:
		return "admin"
	}
	return "" // only whoever is on the server, and the twin
}

// Holds tells whether a permission is enough for what is needed.
func Holds(permission, needed string) bool {
	steps := map[string]int{"view": 1, "operate": 2, "admin": 3}
	return steps[needed] > 0 && steps[permission] >= steps[needed]
}

// entitled refuses a request that is asked for an administered user who may not
// ask it. It is written down: no verb puts one.
func (c *clerk) entitled(ctx context.Context, r node.Request) error {
	if r.Login == "" {
		return nil
	}
	may := ""
	row, err := c.users.Row(ctx, admin.Name{Kind: "user", Key: r.Login})
	switch {
	case errors.Is(err, admin.ErrNoRow):
		may = "nothing"
	case err != nil:
		return fmt.Errorf("what %s may: %w; nothing was changed", r.Login, err)
	default:
		may = PermissionOf(row)
	}
	needed := Requested(r.Verb)
	if Holds(may, needed) {
		return nil
	}
	if err := c.node.Audit(ctx, node.Act{Actor: r.Login, Verb: "request.refused", Target: r.Verb}); err != nil {
		c.log.Warn("a refusal is not in the audit", "login", r.Login, "verb", r.Verb, "err", err)
	}
	if needed == "" {
		return cli.Fail(cli.Refused, fmt.Errorf("request %s: only on the server itself, and not for %s; nothing was changed", r.Verb, r.Login), "")
	}
	return cli.Fail(cli.Refused, fmt.Errorf("request %s: %s may %s, and this needs %s; nothing was changed", r.Verb, r.Login, may, needed), "")
}

// PermissionOf returns what a user may: view, operate or admin.
func PermissionOf(user admin.Row) string {
	k, _ := admin.KindNamed("user")
	if f, ok := k.Field("permission"); ok {
		if permission, ok := f.Value(user.Body).(string); ok {
			return permission
		}
	}
	return ""
}
