package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/node"
)

// downAfter is how long a feed may be away before that wants a person: an
// upstream that restarts is back sooner.
const downAfter = 10 * time.Second

// ConfigInvalid is the code of ConfigAlarm.
const ConfigInvalid = "config_invalid"

// ConfigAlarm tells of a configuration with which twind would not start again.
func ConfigAlarm(file string, wrong error) node.Alarm {
	since := time.Now()
	if info, err := os.Stat(file); err == nil {
		since = info.ModTime()
	}
	return node.Alarm{
		Code: ConfigInvalid, Severity: "error", Since: wholeSecond(since),
		Text: fmt.Sprintf("the configuration is wrong, and twind would not start with it: %v", wrong),
	}
}

// alarms remembers since when each alarm has been true, and which were logged.
type alarms struct {
	since  map[string]time.Time
	raised map[string]node.Alarm
	told   map[string]node.Alarm
}

// A state is what alarms are raised for.
type state struct {
	feeds    []collector.Status
	nameless []error // feeds that cannot be among them
	stuck    error   // why nothing can be stored
	unknown  error   // why the twin takes this server for a stranger
	bond     bond
	sync     concerns // about administration data
	own      concerns // about this server and what it hears
}

// A concern is what is wrong now, and becomes an alarm when it has been for a while.
type concern struct {
	code, of, severity, text string
	after                    time.Duration
}

// now returns the alarms that are true.
func (a *alarms) now(at time.Time, is state) []node.Alarm {
	before := a.since
	a.since, a.raised = map[string]time.Time{}, map[string]node.Alarm{}
	raised := []node.Alarm{}
	raise := func(code, of, severity, text string, after time.Duration) {
		since, ok := before[code+of]
		if !ok {
			since = at
		}
		a.since[code+of] = since
		if at.Sub(since) >= after {
			alarm := node.Alarm{Code: code, Object: of, Severity: severity, Since: wholeSecond(since), Text: text}
			raised = append(raised, alarm)
			a.raised[code+of] = alarm
		}
	}
	if is.stuck != nil {
		raise("not_stored", "", "error", fmt.Sprintf("nothing can be stored: %v", is.stuck), 0)
	}
	if is.unknown != nil {
		raise("server_unknown", "", "error", is.unknown.Error(), 0)
	}
	for _, err := range is.nameless {
		raise("feed_down", err.Error(), "error", fmt.Sprintf("a feed is configured wrong: %v", err), 0)
	}
	for _, f := range is.feeds {
		switch {
		case f.State == feed.Live && f.Err != nil:
			raise("feed_warning", f.Name, "warning", fmt.Sprintf("feed %q: %v", f.Name, f.Err), 0)
		case f.State == feed.Live || f.State == feed.Held:
		case errors.Is(f.Err, config.ErrInvalid): // does not pass by itself
			raise("feed_down", f.Name, "error", fmt.Sprintf("feed %q is %s: %v", f.Name, f.State, f.Err), 0)
		case f.Err != nil:
			raise("feed_down", f.Name, "error", fmt.Sprintf("feed %q is %s: %v", f.Name, f.State, f.Err), downAfter)
		default:
			raise("feed_down", f.Name, "error", fmt.Sprintf("feed %q is %s", f.Name, f.State), downAfter)
		}
	}
	for _, c := range slices.Concat(is.bond.alarms(at), is.sync, is.own) {
		raise(c.code, c.of, c.severity, c.text, c.after)
	}
	return raised
}

// tell logs the alarms that were raised and those that ended since it was
// called last, each once, whatever becomes of their texts meanwhile.
func (a *alarms) tell(ctx context.Context, log *slog.Logger) {
	for key, is := range a.raised {
		if _, known := a.told[key]; !known {
			level := slog.LevelWarn
			if is.Severity == "error" {
				level = slog.LevelError
			}
			log.Log(ctx, level, "alarm raised", "code", is.Code, "since", is.Since, "err", is.Text)
		}
	}
	for key, was := range a.told {
		if _, still := a.raised[key]; !still {
			log.Warn("alarm ended", "code", was.Code, "since", was.Since, "err", was.Text)
		}
	}
	a.told = a.raised
}
