package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/admin"
)

func TestUnknownSaysWhatThereIs(t *testing.T) {
	r := newRig(t, "2026-11-01 00:00")
	r.hears(t, "pbx", "2026-11-30 00:00")
	r.administer(t, row("queue", "support", admin.Body{}), row("calendar", "desk", admin.Body{}))
	for i := range 9 {
		r.queue("pbx", "2026-11-21 08:00", fmt.Sprintf("line-%d", i), some(2))
	}
	for name, c := range map[string]struct {
		change func(*Ask)
		want   string
	}{
		"near to an administered one": {func(a *Ask) { a.Queues = []string{"suport"} }, `unknown queue "suport": it is not administered, and nothing was counted of it in the week around that time; did you mean "support"?`},
		"near to a counted one":       {func(a *Ask) { a.Queues = []string{"lime-8"} }, `did you mean "line-8"?`},
		"near to none":                {func(a *Ask) { a.Queues = []string{"accounts"} }, `; known: "line-0", "line-1", "line-2", "line-3", "line-4", "line-5", "line-6", "line-7" and 2 more`},
		"a group":                     {func(a *Ask) { a.Groups = []string{"accounts"} }, `unknown queue-group "accounts": none is known`},
		"a calendar":                  {func(a *Ask) { a.OpenHours = "accounts" }, `unknown calendar "accounts": known: "desk"`},
		"a feed":                      {func(a *Ask) { a.Feed = "accounts" }, `unknown feed "accounts": known: "pbx"`},
	} {
		t.Run(name, func(t *testing.T) {
			ask := r.asks(t, "2026-11-21 08:00", "2026-11-21 08:30", Interval)
			c.change(&ask)
			_, err := Queue(t.Context(), r.Sources, ask)
			if !errors.Is(err, ErrUnknown) || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// One that is in no dictionary is known where it was counted not long ago,
// whatever is asked about it.
func TestCountedIsKnown(t *testing.T) {
	r := newRig(t, "2026-11-01 00:00")
	r.hears(t, "pbx", "2026-11-30 00:00")
	r.queue("pbx", "2026-11-21 08:00", "sales", some(2))
	for when, known := range map[string]bool{"2026-11-27": true, "2026-11-15": true, "2026-11-29": false, "2026-11-13": false} {
		ask := r.asks(t, when+" 00:00", when+" 12:00", Interval)
		ask.Queues, ask.Now = []string{"sales"}, at(when+" 12:00")
		_, ofQueues := Queue(t.Context(), r.Sources, ask)
		_, ofExceptions := Exceptions(t.Context(), r.Sources, ask)
		_, _, ofNow := Now(t.Context(), r.Sources, nil, ask)
		for what, err := range map[string]error{"queue": ofQueues, "exception": ofExceptions, "now": ofNow} {
			if known && err != nil || !known && !errors.Is(err, ErrUnknown) {
				t.Errorf("%s at %s: %v, want it known: %t", what, when, err, known)
			}
		}
	}
}
