package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// read makes a timetable of a row, as the administration has it.
func read(t testing.TB, id string, body admin.Body) timetable.Timetable {
	t.Helper()
	for field, standard := range map[string]any{"name": id, "tasks": []string{"check"}, "schedule": "0 * * * *"} {
		if body[field] == nil {
			body[field] = standard
		}
	}
	night := func(at time.Time) bool { return at.Hour() < 6 }
	tt, err := timetable.NewReader(timetable.Site{
		Zone: time.UTC, Calendars: map[string]timetable.Calendar{"night": {Open: night, Mark: "1"}},
		Permission: func(login string) string { return map[string]string{"ann": "admin", "bob": "view"}[login] },
	}).Read(admin.Row{Kind: "timetable", Key: id, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return tt
}

func at(t testing.TB, clock string) record.Instant {
	t.Helper()
	var i record.Instant
	if err := i.UnmarshalText([]byte("2026-05-04T" + clock + "Z")); err != nil {
		t.Fatal(err)
	}
	return i
}

// shown writes down what a verdict claims: the time of the slot and what
// becomes of it.
func shown(v Verdict) string {
	var all []string
	for _, c := range v.Claims {
		what := string(c.State)
		switch {
		case c.State == node.RunClaimed:
			what = c.Trigger
		case c.Reason != "":
			what = c.Reason
		}
		if c.Attempt > 1 {
			what += fmt.Sprintf(" (%d)", c.Attempt)
		}
		all = append(all, c.Slot.Time().Format("15:04 ")+what)
	}
	if v.Cancel {
		all = append(all, "cancel")
	}
	return strings.Join(all, ", ")
}

func TestDecide(t *testing.T) {
	primary := Here{Server: "cms-a", Role: node.Primary, Epoch: 1, Since: at(t, "00:30:00"), Owns: at(t, "00:30:00")}
	secondary := Here{Server: "cms-b", Role: node.Secondary, Since: at(t, "00:30:00")}
	with := func(do func(*Here)) Here {
		h := primary
		if do(&h); h.Since != primary.Since && h.Owns == primary.Owns {
			h.Owns = h.Since
		}
		return h
	}
	down := []absence{{record.Span{To: at(t, "09:59:00")}, WhyDown}}
	type body = admin.Body
	for name, c := range map[string]struct {
		body           body
		through, now   string
		here           Here
		live, waiting  int
		absences       []absence
		told           map[string]node.Run
		toldThrough    string
		given          map[string]node.Run
		decided        string
		want, wantNext string
	}{
		"not due":                    {through: "09:00:00", now: "09:59:59", here: primary, wantNext: "10:00"},
		"due":                        {through: "09:00:00", now: "10:00:00", here: primary, want: "10:00 schedule", wantNext: "11:00"},
		"due a little late":          {through: "09:00:00", now: "10:00:30", here: primary, want: "10:00 schedule", wantNext: "11:00"},
		"standby":                    {through: "07:00:00", now: "10:00:00", here: secondary},
		"neither role":               {through: "07:00:00", now: "10:00:00", here: Here{Server: "cms-a"}},
		"by name":                    {body: body{"runs_on": "cms-b"}, through: "09:00:00", now: "10:00:00", here: secondary, want: "10:00 schedule", wantNext: "11:00"},
		"by another name":            {body: body{"runs_on": "cms-b"}, through: "09:00:00", now: "10:00:00", here: primary},
		"both, staggered there":      {body: body{"runs_on": "both"}, through: "09:00:00", now: "10:00:00", here: secondary, wantNext: "staggered"},
		"both, after the stagger":    {body: body{"runs_on": "both"}, through: "09:00:00", now: "staggered", here: secondary, want: "10:00 schedule", wantNext: "staggered"},
		"held":                       {through: "07:00:00", now: "10:00:00", here: with(func(h *Here) { h.Held = "boot_alone" })},
		"held, but on both":          {body: body{"runs_on": "both"}, through: "09:00:00", now: "10:00:00", here: with(func(h *Here) { h.Held = "boot_alone" }), want: "10:00 schedule", wantNext: "11:00"},
		"maintenance":                {through: "08:00:00", now: "10:00:00", here: with(func(h *Here) { h.Maintenance = node.Maintenance{On: true} }), want: "09:00 maintenance, 10:00 maintenance", wantNext: "11:00"},
		"maintenance is over":        {through: "09:00:00", now: "10:00:00", here: with(func(h *Here) { h.Maintenance = node.Maintenance{On: true, Until: at(t, "09:30:00")} }), want: "10:00 schedule", wantNext: "11:00"},
		"paused":                     {body: body{"paused": true}, through: "09:00:00", now: "10:00:00", here: primary, want: "10:00 paused", wantNext: "11:00"},
		"no longer paused":           {body: body{"paused": true, "paused_until": "2026-05-04T09:30:00Z"}, through: "09:00:00", now: "10:00:00", here: primary, want: "10:00 schedule", wantNext: "11:00"},
		"paused while it was down":   {body: body{"paused": true, "paused_until": "2026-05-04T08:30:00Z", "catch_up": "all"}, through: "06:00:00", now: "09:59:00", here: primary, absences: down, want: "07:00 paused, 08:00 paused, 09:00 catch-up", wantNext: "10:00"},
		"calendar":                   {body: body{"calendar": "night"}, through: "09:00:00", now: "10:00:00", here: primary, want: "10:00 calendar", wantNext: "11:00"},
		"calendar lets it":           {body: body{"calendar": "night"}, through: "03:00:00", now: "04:00:00", here: primary, want: "04:00 schedule", wantNext: "05:00"},
		"not on":                     {body: body{"not_on": "night"}, through: "03:00:00", now: "04:00:00", here: primary, want: "04:00 calendar", wantNext: "05:00"},
		"owner may not":              {body: body{"owner": "bob", "tasks": []string{"sync"}}, through: "09:00:00", now: "10:00:00", here: primary, want: "10:00 precondition: bob may not: sync wants operate", wantNext: "11:00"},
		"owner may":                  {body: body{"owner": "ann", "tasks": []string{"sync"}}, through: "09:00:00", now: "10:00:00", here: primary, want: "10:00 schedule", wantNext: "11:00"},
		"overlap skip":               {through: "09:00:00", now: "10:00:00", here: primary, live: 1, want: "10:00 overlap", wantNext: "11:00"},
		"overlap allow":              {body: body{"overlap": "allow"}, through: "09:00:00", now: "10:00:00", here: primary, live: 1, want: "10:00 schedule", wantNext: "11:00"},
		"overlap queue":              {body: body{"overlap": "queue"}, through: "09:00:00", now: "10:00:00", here: primary, live: 1, want: "10:00 schedule", wantNext: "11:00"},
		"overlap queue, full":        {body: body{"overlap": "queue"}, through: "09:00:00", now: "10:00:00", here: primary, live: 2, waiting: 1, want: "10:00 overlap", wantNext: "11:00"},
		"overlap cancel":             {body: body{"overlap": "cancel"}, through: "09:00:00", now: "10:00:00", here: primary, live: 1, want: "10:00 schedule, cancel", wantNext: "11:00"},
		"overlap cancel, none":       {body: body{"overlap": "cancel"}, through: "09:00:00", now: "10:00:00", here: primary, want: "10:00 schedule", wantNext: "11:00"},
		"two due at once":            {body: body{"schedule": "seconds */10 * * * * *"}, through: "10:00:00", now: "10:00:20", here: primary, want: "10:00 schedule, 10:00 overlap", wantNext: "10:00"},
		"down, latest":               {through: "06:00:00", now: "09:59:00", here: primary, absences: down, want: "07:00 down, 08:00 down, 09:00 catch-up", wantNext: "10:00"},
		"down, skip":                 {body: body{"catch_up": "skip"}, through: "06:00:00", now: "09:59:00", here: primary, absences: down, want: "07:00 down, 08:00 down, 09:00 down", wantNext: "10:00"},
		"down, all":                  {body: body{"catch_up": "all"}, through: "06:00:00", now: "09:59:00", here: primary, absences: down, want: "07:00 catch-up, 08:00 catch-up, 09:00 catch-up", wantNext: "10:00"},
		"down, all, the last two":    {body: body{"catch_up": "all", "catch_up_max": int64(2)}, through: "06:00:00", now: "09:59:00", here: primary, absences: down, want: "07:00 down, 08:00 catch-up, 09:00 catch-up", wantNext: "10:00"},
		"down, all and one due":      {body: body{"catch_up": "all"}, through: "08:00:00", now: "10:00:10", here: primary, absences: down, want: "09:00 catch-up, 10:00 schedule", wantNext: "11:00"},
		"down, latest and one due":   {through: "08:00:00", now: "10:00:10", here: primary, absences: down, want: "09:00 down, 10:00 schedule", wantNext: "11:00"},
		"down, older than its grace": {body: body{"grace_s": int64(1800)}, through: "07:00:00", now: "09:59:00", here: primary, absences: down, want: "08:00 down, 09:00 down", wantNext: "10:00"},
		"down, whatever its age":     {body: body{"grace_s": int64(0)}, through: "08:00:00", now: "09:59:00", here: primary, absences: down, want: "09:00 catch-up", wantNext: "10:00"},
		"late":                       {through: "09:00:00", now: "10:01:00", here: primary, body: body{"catch_up": "skip"}, want: "10:00 late", wantNext: "11:00"},
		"after the hold":             {through: "07:00:00", now: "10:00:00", here: primary, body: body{"catch_up": "skip"}, absences: []absence{{record.Span{From: at(t, "07:30:00"), To: at(t, "10:00:01")}, WhyHeld}}, want: "08:00 held, 09:00 held, 10:00 catch-up", wantNext: "11:00"},
		"after the hold, all":        {through: "08:00:00", now: "10:00:00", here: primary, body: body{"catch_up": "all"}, absences: []absence{{record.Span{From: at(t, "07:30:00"), To: at(t, "10:00:01")}, WhyHeld}}, want: "09:00 catch-up, 10:00 catch-up", wantNext: "11:00"},
		"the clock leapt":            {through: "07:00:00", now: "09:30:00", here: primary, body: body{"catch_up": "skip"}, absences: []absence{{record.Span{From: at(t, "07:10:00"), To: at(t, "09:30:00")}, WhyClockStep}}, want: "08:00 clock-step, 09:00 clock-step", wantNext: "10:00"},
		"promoted, the twin stopped": {through: "07:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since, h.TwinStopped = at(t, "09:30:00"), true }), want: "08:00 promotion, 09:00 promotion", wantNext: "10:00"},
		"promoted, latest":           {through: "07:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), want: "08:00 role, 09:00 promotion", wantNext: "10:00"},
		"promoted, skip":             {body: body{"on_promotion": "skip"}, through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), want: "09:00 role", wantNext: "10:00"},
		"promoted, at most once":     {body: body{"after_crash": "at_most_once", "on_promotion": "all"}, through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), want: "09:00 role", wantNext: "10:00"},
		"promoted, exec":             {body: body{"tasks": []string{"exec /bin/true"}}, through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), want: "09:00 role", wantNext: "10:00"},
		"promoted, it ran there":     {through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), toldThrough: "09:00:00", want: "09:00 ", wantNext: "10:00"},
		"promoted, it never began":   {body: body{"after_crash": "at_most_once"}, through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), told: map[string]node.Run{"09:00:00": {State: node.RunMissed, Reason: WhyHandover}}, want: "09:00 promotion", wantNext: "10:00"},
		"promoted, it was left open": {through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), told: map[string]node.Run{"09:00:00": {State: node.RunRunning}}, want: "09:00 promotion", wantNext: "10:00"},
		"promoted, left open, once":  {body: body{"after_crash": "at_most_once"}, through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), told: map[string]node.Run{"09:00:00": {State: node.RunRunning}}, want: "09:00 ", wantNext: "10:00"},
		"promoted, and it is paused": {body: body{"paused": true}, through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since, h.TwinStopped = at(t, "09:30:00"), true }), want: "09:00 paused", wantNext: "10:00"},
		"promoted, in no need of it": {body: body{"runs_on": "both", "catch_up": "skip"}, through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), want: "09:00 late", wantNext: "10:00"},
		"after a drain":              {through: "08:00:00", now: "10:00:10", here: primary, body: body{"catch_up": "skip", "grace_s": int64(60)}, absences: []absence{{record.Span{From: at(t, "08:30:00"), To: at(t, "10:00:11")}, WhyDrain}}, want: "09:00 promotion, 10:00 promotion", wantNext: "11:00"},
		"after a drain, on both":     {through: "09:00:00", now: "10:00:10", here: primary, body: body{"runs_on": "both"}, absences: []absence{{record.Span{From: at(t, "08:30:00"), To: at(t, "10:00:11")}, WhyDrain}}, want: "10:00 schedule", wantNext: "11:00"},
		"draining":                   {through: "07:00:00", now: "10:00:00", here: with(func(h *Here) { h.Draining = true })},
		"draining, by name":          {body: body{"runs_on": "cms-a"}, through: "09:00:00", now: "10:00:00", here: with(func(h *Here) { h.Draining = true }), want: "10:00 schedule", wantNext: "11:00"},
		"before it was promoted":     {through: "07:00:00", now: "10:00:10", here: with(func(h *Here) { h.Owns, h.Since, h.Handed = at(t, "08:30:00"), at(t, "09:59:00"), true }), body: body{"catch_up": "skip", "grace_s": int64(60)}, want: "09:00 promotion, 10:00 schedule", wantNext: "11:00"},
		"handed, left open":          {body: body{"on_promotion": "skip"}, through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since, h.Handed = at(t, "09:30:00"), true }), told: map[string]node.Run{"09:00:00": {State: node.RunCancelled, Reason: WhyRole}}, want: "09:00 promotion", wantNext: "10:00"},
		"given, taken back":          {body: body{"after_crash": "at_most_once"}, through: "07:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since, h.Handed = at(t, "09:30:00"), true }), decided: "09:00:00", given: map[string]node.Run{"08:00:00": {State: node.RunMissed, Reason: WhyHandover, Attempt: 2}}, want: "08:00 promotion (3), 09:00 ", wantNext: "10:00"},
		"given, taken up there":      {body: body{"after_crash": "at_most_once"}, through: "07:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since, h.Handed = at(t, "09:30:00"), true }), decided: "09:00:00", given: map[string]node.Run{"08:00:00": {State: node.RunMissed, Reason: WhyHandover, Attempt: 1}}, told: map[string]node.Run{"08:00:00": {State: node.RunOK}}, want: "09:00 ", wantNext: "10:00"},
		"given, nobody knows":        {body: body{"after_crash": "at_most_once"}, through: "07:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), decided: "09:00:00", given: map[string]node.Run{"08:00:00": {State: node.RunMissed, Reason: WhyHandover, Attempt: 1}}, want: "08:00 role (2), 09:00 ", wantNext: "10:00"},
		"given back, told before":    {body: body{"after_crash": "at_most_once"}, through: "07:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), decided: "09:00:00", given: map[string]node.Run{"08:00:00": {State: node.RunMissed, Reason: WhyHandover, Attempt: 1, Epoch: 2}}, told: map[string]node.Run{"08:00:00": {State: node.RunMissed, Reason: WhyHandover, Epoch: 1}}, want: "08:00 role (2), 09:00 ", wantNext: "10:00"},
		"given back, told since":     {body: body{"after_crash": "at_most_once"}, through: "07:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), decided: "09:00:00", given: map[string]node.Run{"08:00:00": {State: node.RunMissed, Reason: WhyHandover, Attempt: 1, Epoch: 2}}, told: map[string]node.Run{"08:00:00": {State: node.RunMissed, Reason: WhyHandover, Epoch: 3}}, want: "08:00 promotion (2), 09:00 ", wantNext: "10:00"},
		"given, begun, not there":    {body: body{"after_crash": "at_most_once"}, through: "07:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since, h.Handed = at(t, "09:30:00"), true }), decided: "09:00:00", given: map[string]node.Run{"08:00:00": {State: node.RunCancelled, Reason: WhyRole, Attempt: 1}}, told: map[string]node.Run{"08:00:00": {State: node.RunMissed, Reason: WhyHandover}}, want: "09:00 ", wantNext: "10:00"},
		"promoted, ask":              {body: body{"on_promotion": "ask"}, through: "07:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), want: "08:00 in-doubt, 09:00 in-doubt", wantNext: "10:00"},
		"promoted, ask, left open":   {body: body{"on_promotion": "ask", "after_crash": "at_most_once"}, through: "08:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since = at(t, "09:30:00") }), told: map[string]node.Run{"09:00:00": {State: node.RunRunning}}, want: "09:00 in-doubt", wantNext: "10:00"},
		"promoted, ask, none did":    {body: body{"on_promotion": "ask"}, through: "07:00:00", now: "09:30:10", here: with(func(h *Here) { h.Since, h.TwinStopped = at(t, "09:30:00"), true }), want: "08:00 promotion, 09:00 promotion", wantNext: "10:00"},
		"manual":                     {body: body{"schedule": "manual"}, through: "08:00:00", now: "09:30:10", here: primary},
		"once, and it is over":       {body: body{"schedule": "at 2026-05-04T09:00"}, through: "09:00:00", now: "09:30:10", here: primary},
	} {
		if c.body == nil {
			c.body = admin.Body{}
		}
		told, given := map[record.Instant]node.Run{}, map[record.Instant]node.Run{}
		for slot, r := range c.told {
			told[at(t, slot)] = r
		}
		for slot, r := range c.given {
			given[at(t, slot)] = r
		}
		if c.decided == "" {
			c.decided = "00:00:00"
		}
		tt := read(t, "hourly", c.body)
		if c.toldThrough == "" {
			c.toldThrough = "00:00:00"
		}
		now := c.here.due(tt, at(t, "10:00:00").Time())
		if c.now != "staggered" {
			now = at(t, c.now)
		}
		v := Decide(Case{
			Timetable: tt, Now: now, Through: at(t, c.through), Here: c.here,
			Live: c.live, Waiting: c.waiting, Told: told, ToldThrough: at(t, c.toldThrough), absences: c.absences,
			Given: given, Decided: at(t, c.decided),
		})
		next := ""
		if v.Next != 0 {
			next = v.Next.Time().Format("15:04")
			if v.Next%record.Hour != 0 && c.wantNext == "staggered" {
				next = "staggered"
			}
		}
		if got := shown(v); got != c.want || next != c.wantNext {
			t.Errorf("%s: %q, next %q; want %q, next %q", name, got, next, c.want, c.wantNext)
		}
	}
}

// However it is asked, every slot gets one fate, in order, and the cursor moves
// to the last.
func TestEverySlotOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		body := admin.Body{
			"schedule": rapid.SampledFrom([]string{"*/5 * * * *", "0 * * * *", "every 7m", "0 6 * * *"}).Draw(r, "schedule"),
			"runs_on":  rapid.SampledFrom([]string{"primary", "both", "secondary", "cms-a"}).Draw(r, "runs on"),
			"overlap":  rapid.SampledFrom([]string{"skip", "queue", "cancel", "allow"}).Draw(r, "overlap"),
			"catch_up": rapid.SampledFrom([]string{"skip", "latest", "all"}).Draw(r, "catch up"),
			"paused":   rapid.Bool().Draw(r, "paused"),
		}
		tt := read(t, rapid.StringMatching(`[a-z]{1,8}`).Draw(r, "id"), body)
		through := at(t, "00:00:00")
		c := Case{
			Timetable: tt, Through: through,
			Now:  through.Add(time.Duration(rapid.IntRange(0, 2*86_400).Draw(r, "later")) * time.Second),
			Here: Here{Server: "cms-a", Role: rapid.SampledFrom([]node.Role{node.Primary, node.Secondary, ""}).Draw(r, "role"), Since: rapid.SampledFrom([]record.Instant{0, through + record.Hour}).Draw(r, "since")},
			Live: rapid.IntRange(0, 2).Draw(r, "live"),
		}
		c.Here.Owns = c.Here.Since
		v := Decide(c)
		var want, got []string
		if c.Here.arms(tt) {
			for slot, ok := tt.Schedule.Next(through.Time()); ok && c.Here.due(tt, slot) <= c.Now; slot, ok = tt.Schedule.Next(slot) {
				want = append(want, slot.Format(time.RFC3339))
			}
		}
		for _, claim := range v.Claims {
			got = append(got, claim.Slot.Time().Format(time.RFC3339))
			if claim.Through != claim.Slot || claim.State == "" || claim.Role != tt.NeedsRole() {
				r.Fatalf("a claim of %+v", claim)
			}
		}
		if !slices.Equal(got, want) {
			r.Fatalf("slots %v, want %v", got, want)
		}
		if v.Next != 0 && v.Next <= c.Now {
			r.Fatalf("next is %v, not after %v", v.Next, c.Now)
		}
		c.Through = v.Through
		if again := Decide(c); len(again.Claims) > 0 {
			r.Fatalf("decided again: %s", fmt.Sprint(again.Claims))
		}
	})
}
