package app

import (
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/admin"
)

func TestWhatATimetableWillDoOnTheTwin(t *testing.T) {
	runs := func(on, schedule string) admin.Body {
		return admin.Body{"runs_on": on, "schedule": schedule}
	}
	paused := runs("both", "5 * * * *")
	paused["paused"] = true
	for name, c := range map[string]struct {
		before, after admin.Body
		want          string // in what is said; "" says nothing
	}{
		"new, on the primary":      {nil, runs("primary", "5 * * * *"), ""},
		"new, as the default says": {nil, admin.Body{"schedule": "5 * * * *"}, ""},
		"new, on both":             {nil, runs("both", "5 * * * *"), "start to run on cms-b"},
		"new, on the secondary":    {nil, runs("secondary", "5 * * * *"), "start to run on cms-b"},
		"new, there by name":       {nil, runs("cms-b", "5 * * * *"), "start to run on cms-b"},
		"new, here by name":        {nil, runs("cms-a", "5 * * * *"), ""},
		"new, but paused":          {nil, paused, ""},
		"no longer paused":         {paused, runs("both", "5 * * * *"), "start to run"},
		"paused":                   {runs("both", "5 * * * *"), paused, "run no more on cms-b"},
		"moved away":               {runs("both", "5 * * * *"), runs("primary", "5 * * * *"), "run no more"},
		"deleted":                  {runs("both", "5 * * * *"), nil, "run no more"},
		"at another time":          {runs("both", "5 * * * *"), runs("both", "6 * * * *"), "other times"},
		"as before":                {runs("both", "5 * * * *"), runs("both", "5 * * * *"), ""},
	} {
		said := strings.Join(effects("cms-b")(admin.Change{Kind: "timetable", Key: "x", Before: c.before, After: c.after}), "")
		if c.want == "" && said != "" || !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
	}
	if said := effects("cms-b")(admin.Change{Kind: "queue", Key: "x", After: admin.Body{"runs_on": "both"}}); said != nil {
		t.Errorf("a queue: %q", said)
	}
}
