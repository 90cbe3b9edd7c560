package preflight

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

var noon = record.At(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))

// ready returns two servers between which nothing keeps the role from moving.
func ready() (from, to Facts) {
	made := func(name string, role node.Role, epoch int64) Facts {
		yes := true
		return Facts{
			At: noon, Name: name, Server: "server-" + name, Pair: "pair", Role: role, Epoch: epoch, Seen: 3, Since: noon.Add(-time.Hour),
			Key: "key-" + name, HostKey: "host-" + name, Process: Process{PID: 7}, Version: "v1.4.2", Schemas: Schemas{9, 4, 6}, Zones: "2026b",
			Clock: Clock{Synced: &yes},
			Rows:  Rows{State: "in_sync", Catalogue: 3, Generation: 12, Base: 12, Root: "abcdef", Checked: noon.Add(-time.Second)},
			Feeds: []Feed{
				{Name: "pbx", State: "live", Last: noon.Add(-time.Second), Covered: noon, Incarnation: "one", Settings: "alike"},
				{Name: "log", State: "live"},
			},
			Timetables: Timetables{Total: 6}, Disk: Disk{Free: 90 << 30, All: 100 << 30, Reserve: true, Store: "ok"},
			Backup: Backup{At: noon.Add(-time.Hour), Proven: noon.Add(-time.Hour)}, Boot: "enabled", Deep: &Deep{Asked: Asked{Looked: 4}},
		}
	}
	from, to = made("cms-a", node.Primary, 3), made("cms-b", node.Secondary, 2)
	from.Twin = Other{Server: to.Server, Name: to.Name, Key: to.Key, HostKey: to.HostKey, State: "ok"}
	to.Twin = Other{Server: from.Server, Name: from.Name, Key: from.Key, HostKey: from.HostKey, State: "ok"}
	return from, to
}

var open = []Path{{From: "cms-a", Trip: time.Millisecond}, {From: "cms-b", Trip: time.Millisecond}}

// A failing is what makes exactly one check fail.
type failing struct {
	check string
	side  string // "": the pair
	level Level
	make  func(from, to *Facts, there, back *Path)
}

const a, b = "cms-a", "cms-b"

// failings has at least one for each check of the list.
func failings() []failing {
	return slices.Concat(failingBonds(), failingMachines(), failingRows(), failingFeeds(), failingTimetables())
}

func failingBonds() []failing {
	return []failing{
		{"twin-answers", b, Blocker, func(_, to *Facts, there, _ *Path) { *to = Facts{}; there.Err = errors.New("unreachable") }},
		{"pair-id", "", Blocker, func(_, to *Facts, _, _ *Path) { to.Pair = "another" }},
		{"pair-id", "", Blocker, func(from, to *Facts, _, _ *Path) { from.Pair, to.Pair = "", "" }},
		{"twin-identity", a, Blocker, func(from, _ *Facts, _, _ *Path) { from.Twin.Server = "third" }},
		{"twin-identity", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Twin.Name = "cms-c" }},
		{"login-key", a, Blocker, func(_, to *Facts, _, back *Path) { back.From, to.Key = "", "new" }},
		{"login-key", b, Warning, func(from, _ *Facts, there, _ *Path) { there.From, from.Key = "", "" }},
		{"host-key", b, Blocker, func(from, _ *Facts, _, back *Path) { back.From, from.HostKey = "", "new" }},
		{"host-key", a, Blocker, func(from, _ *Facts, _, _ *Path) { from.Twin.HostKey = "" }},
		{"roles", "", Blocker, func(_, to *Facts, _, _ *Path) { to.Role = node.Primary }},
		{"roles", "", Blocker, func(from, _ *Facts, _, _ *Path) { from.Role = node.Secondary }},
		{"epochs", "", Blocker, func(from, _ *Facts, _, _ *Path) { from.Seen = 4 }},
		{"epochs", "", Blocker, func(_, to *Facts, _, _ *Path) { to.Seen = 4 }},
		{"epochs", "", Blocker, func(_, to *Facts, _, _ *Path) { to.Epoch = 1 }},
		{"epochs", "", Warning, func(_, to *Facts, _, _ *Path) { to.Seen = 2 }},
		{"held", a, Blocker, func(from, _ *Facts, _, _ *Path) { from.Held = "the twin was not asked" }},
		{"held", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Held, to.Backup.Restored = "it was restored", true }},
		{"runbook", a, Blocker, func(from, _ *Facts, _, _ *Path) { from.Runbook = &Runbook{ID: "x", Step: "drain"} }},
		{"runbook", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Runbook = &Runbook{ID: "x", Step: "promote"} }},
		{"runbook", a, Blocker, func(from, _ *Facts, _, _ *Path) { from.Runbook = &Runbook{ID: "x", Stale: true} }},
		{"runbook", a, Blocker, func(from, _ *Facts, _, _ *Path) { from.Drains = "x" }},
		{"calm", "", Warning, func(from, _ *Facts, _, _ *Path) { from.Since = noon.Add(-29 * time.Minute) }},
		{"link", a, Blocker, func(_, _ *Facts, there, _ *Path) { there.Err = errors.New("refused") }},
		{"link", b, Blocker, func(_, to *Facts, _, back *Path) { back.From, to.Twin.State = "", "unreachable" }},
		{"round-trip", b, Warning, func(_, _ *Facts, _, back *Path) { back.Trip = 501 * time.Millisecond }},
	}
}

func failingMachines() []failing {
	no := false
	return []failing{
		{"twind", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Process = Process{} }},
		{"twind", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Process = Process{} }},
		{"twind-speaks", a, Blocker, func(from, _ *Facts, _, _ *Path) { from.Process.SilentS = 6 }},
		{"twind-speaks", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Process.SilentS = 6 }},
		{"version", "", Warning, func(_, to *Facts, _, _ *Path) { to.Version = "v1.5.0" }},
		{"version", "", Warning, func(_, to *Facts, _, _ *Path) { to.Version = "(devel)" }},
		{"version", "", Blocker, func(_, to *Facts, _, _ *Path) { to.Version = "v1.6.0" }},
		{"version", "", Blocker, func(_, to *Facts, _, _ *Path) { to.Version = "2.4.2" }},
		{"schema", "", Warning, func(_, to *Facts, _, _ *Path) { to.Schemas.Admin++ }},
		{"schema", "", Warning, func(_, to *Facts, _, _ *Path) { to.Rows.Catalogue++ }},
		{"schema", "", Blocker, func(_, to *Facts, _, _ *Path) { to.Rows.Catalogue += 2 }},
		{"zones", "", Warning, func(_, to *Facts, _, _ *Path) { to.Zones = "2026a" }},
		{"zones", "", Warning, func(_, to *Facts, _, _ *Path) { to.Zones = "of go1.26.0" }},
		{"zones", "", Blocker, func(_, to *Facts, _, _ *Path) { to.Zones = "2026d" }},
		{"clock", "", Blocker, func(_, _ *Facts, there, _ *Path) { there.Ahead = -2001 * time.Millisecond }},
		{"clock", "", Warning, func(_, _ *Facts, there, back *Path) { there.From, back.From = "", "" }},
		{"clock-steady", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Clock.Stepped = noon }},
		{"clock-synced", b, Warning, func(_, to *Facts, _, _ *Path) { to.Clock.Synced = &no }},
		{"store", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Disk.Store = "full" }},
		{"store", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Disk.Store = "failed" }},
		{"disk", b, Warning, func(_, to *Facts, _, _ *Path) { to.Disk.Free = 4 << 30 }},
		{"disk", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Disk.Free = 0 }},
		{"disk", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Disk.Free = 16 << 20 }},
		{"reserve", b, Warning, func(_, to *Facts, _, _ *Path) { to.Disk.Reserve = false }},
		{"integrity", a, Blocker, func(from, _ *Facts, _, _ *Path) { from.Deep = &Deep{Unsound: []string{"admin.db: damaged"}} }},
		{"integrity", b, Warning, func(_, to *Facts, _, _ *Path) { to.Deep = &Deep{Unread: []string{"node.db"}} }},
		{"boot", b, Warning, func(_, to *Facts, _, _ *Path) { to.Boot = "disabled" }},
		{"hooks", a, Blocker, func(from, _ *Facts, _, _ *Path) { from.Hooks = []string{"pre_demote: no such file"} }},
		{"hooks", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Hooks = []string{"post_promote: no such file"} }},
		{"backup-age", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Backup.At = 0 }},
		{"backup-age", b, Warning, func(_, to *Facts, _, _ *Path) { to.Backup.At = noon.Add(-9 * 24 * time.Hour) }},
		{"drill-age", b, Warning, func(_, to *Facts, _, _ *Path) { to.Backup.Proven = 0 }},
		{"drill-age", b, Warning, func(_, to *Facts, _, _ *Path) { to.Backup.Failed = "x" }},
		{"drill-age", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Backup.Proven = noon.Add(-36 * 24 * time.Hour) }},
	}
}

func failingRows() []failing {
	return []failing{
		{"sync-base", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Rows.Root = "another" }},
		{"sync-base", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Rows.Base = 11 }},
		{"sync-base", b, Warning, func(from, to *Facts, _, _ *Path) { from.Rows.Base, to.Rows.Base = 0, 0 }},
		{"sync-base", b, Blocker, func(from, to *Facts, _, _ *Path) { from.Rows.Base, to.Rows.Base, to.Rows.Edited = 0, 0, 2 }},
		{"sync-state", "", Warning, func(from, _ *Facts, _, _ *Path) { from.Rows.State = "syncing" }},
		{"sync-state", "", Blocker, func(from, _ *Facts, _, _ *Path) { from.Rows.State = "failed" }},
		{"sync-state", "", Blocker, func(from, _ *Facts, _, _ *Path) { from.Rows.State = "conflict" }},
		{"sync-pending", b, Warning, func(from, _ *Facts, _, _ *Path) { from.Rows.Edited = 1 }},
		{"sync-pending", b, Warning, func(from, _ *Facts, _, _ *Path) { from.Rows.Edited = 2 }},
		{"sync-age", b, Warning, func(_, to *Facts, _, _ *Path) { to.Rows.Checked = noon.Add(-11 * time.Minute) }},
		{"sync-age", b, Warning, func(_, to *Facts, _, _ *Path) { to.Rows.Checked = 0 }},
		{"drift", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Rows.Edited = 1 }},
		{"drift", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Rows.Edited = 3 }},
	}
}

func failingFeeds() []failing {
	return []failing{
		{"feeds-same", "", Blocker, func(_, to *Facts, _, _ *Path) { to.Feeds = to.Feeds[:1] }},
		{"feeds-same", "", Warning, func(from, _ *Facts, _, _ *Path) { from.Feeds = from.Feeds[:1] }},
		{"feeds-same", "", Warning, func(_, to *Facts, _, _ *Path) { to.Feeds[0].Settings = "other" }},
		{"feeds-live", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Feeds[0].State = "connecting" }},
		{"feeds-live", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Feeds[0].State = "down" }},
		{"feeds-paused", b, Warning, func(_, to *Facts, _, _ *Path) { to.Feeds[0].State = "paused" }},
		{"incarnation", "", Blocker, func(_, to *Facts, _, _ *Path) { to.Feeds[0].Incarnation = "two" }},
		{"feed-behind", "", Warning, func(_, to *Facts, _, _ *Path) { to.Feeds[0].Last = noon.Add(-62 * time.Second) }},
		{"gaps", b, Warning, func(_, to *Facts, _, _ *Path) { to.Feeds[1].Gaps = 2 }},
		{"fill", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Filling = "pbx" }},
	}
}

func failingTimetables() []failing {
	lame := func() *Deep { return &Deep{Asked: Asked{Looked: 4, Cannot: []Hindered{{"report", "no such file"}}}} }
	reason := "new disk"
	return []failing{
		{"timetables-read", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Timetables.Unreadable = 1 }},
		{"timetables-read", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Timetables.Unreadable = 1 }},
		{"timetables-run", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Deep = lame() }},
		{"timetables-run", b, Warning, func(from, to *Facts, _, _ *Path) { from.Deep, to.Deep = lame(), lame() }},
		{"timetables-run", b, Warning, func(_, to *Facts, _, _ *Path) { to.Deep = &Deep{Asked: Asked{Left: 1}} }},
		{"timetables-always", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Deep.Always = lame().Asked }},
		{"timetables-always", b, Warning, func(_, to *Facts, _, _ *Path) { to.Deep.Always = lame().Asked }},
		{"timetables-always", b, Warning, func(_, to *Facts, _, _ *Path) { to.Deep.Always = Asked{Left: 1} }},
		{"timetables-running", a, Warning, func(from, _ *Facts, _, _ *Path) {
			from.Timetables.Running = []Run{{Timetable: "report", Started: noon, TimeoutS: 60}, {Timetable: "export"}}
		}},
		{"maintenance", a, Warning, func(from, _ *Facts, _, _ *Path) { from.Maintenance = &reason }},
		{"maintenance", b, Blocker, func(_, to *Facts, _, _ *Path) { to.Maintenance = &reason }},
	}
}

func notOK(all []Check) []Check {
	return slices.DeleteFunc(slices.Clone(all), func(c Check) bool { return c.Level == OK })
}

func TestWhatIsReadyHasNothingToSay(t *testing.T) {
	from, to := ready()
	all := Switchover(from, to, Usual(), open...)
	if bad := notOK(all); len(bad) > 0 || len(all) < len(rows()) {
		t.Errorf("%d checks: %+v", len(all), bad)
	}
	if bad := notOK(Promote(to, Usual())); len(bad) > 0 {
		t.Errorf("promote: %+v", bad)
	}
}

// Each check fails for what it is there for, and for nothing else.
func TestEachCheckFailsAlone(t *testing.T) {
	for _, f := range failings() {
		from, to := ready()
		paths := slices.Clone(open)
		f.make(&from, &to, &paths[0], &paths[1])
		bad := notOK(Switchover(from, to, Usual(), paths...))
		if len(bad) != 1 || bad[0].Name != f.check || bad[0].Side != f.side || bad[0].Level != f.level || bad[0].Compared == "" {
			t.Errorf("%s of %q, %s: %+v", f.check, f.side, f.level, bad)
		}
		if len(bad) == 1 && bad[0].Level == Blocker && bad[0].Fix == "" {
			t.Errorf("%s says nothing to do", f.check)
		}
	}
}

// Whoever moves the role is not in its own way.
func TestItsOwnRunbook(t *testing.T) {
	from, to := ready()
	from.Runbook, from.Drains, to.Runbook = &Runbook{ID: "x"}, "x", &Runbook{ID: "x", Stale: true}
	limits := Usual()
	if !Blocked(Switchover(from, to, limits, open...)) {
		t.Error("another one is not told of it")
	}
	limits.Runbook = "x"
	if bad := notOK(Switchover(from, to, limits, open...)); len(bad) > 0 {
		t.Errorf("%+v", bad)
	}
}

func TestEachCheckIsProven(t *testing.T) {
	proven := map[string]bool{}
	for _, f := range failings() {
		proven[f.check+string(f.level)], proven[f.check] = true, true
	}
	seen := map[string]bool{}
	for _, r := range rows() {
		if !proven[r.name] {
			t.Errorf("nothing makes %s fail", r.name)
		}
		if seen[r.name] {
			t.Errorf("%s is there twice", r.name)
		}
		seen[r.name] = true
	}
}

// A server that is promoted alone is asked for what its twin has no part in.
func TestPromote(t *testing.T) {
	reason := "new disk"
	for name, c := range map[string]struct {
		make  func(*Facts)
		check string
		level Level
	}{
		"a primary":             {func(f *Facts) { f.Role = node.Primary }, "role", Blocker},
		"no facts":              {func(f *Facts) { *f = Facts{} }, "role", Blocker},
		"no twind":              {func(f *Facts) { f.Process = Process{} }, "twind", Blocker},
		"a full disk":           {func(f *Facts) { f.Disk.Store = "full" }, "store", Blocker},
		"restored":              {func(f *Facts) { f.Held = "restored" }, "held", Blocker},
		"maintenance":           {func(f *Facts) { f.Maintenance = &reason }, "maintenance", Blocker},
		"an open switch-over":   {func(f *Facts) { f.Runbook = &Runbook{ID: "x"} }, "runbook", Warning},
		"edited":                {func(f *Facts) { f.Rows.Edited = 3 }, "drift", Warning},
		"never synced":          {func(f *Facts) { f.Rows.Base = 0 }, "sync-base", Warning},
		"edits that never came": {func(f *Facts) { f.Rows.State = "pending" }, "sync-pending", Warning},
		"a feed is down":        {func(f *Facts) { f.Feeds[0].State = "down" }, "feeds-live", Warning},
		"cannot run":            {func(f *Facts) { f.Deep = &Deep{Asked: Asked{Cannot: []Hindered{{"report", "no such file"}}}} }, "timetables-run", Warning},
		"cannot be backed up":   {func(f *Facts) { f.Deep.Always.Cannot = []Hindered{{"backup", "read-only"}} }, "timetables-always", Warning},
	} {
		_, to := ready()
		c.make(&to)
		if bad := notOK(Promote(to, Usual())); len(bad) != 1 || bad[0].Name != c.check || bad[0].Level != c.level {
			t.Errorf("%s: %+v", name, bad)
		}
	}
}

// Whoever has the role is found, also where only one has told.
func TestSides(t *testing.T) {
	primary, secondary := ready()
	for name, c := range map[string]struct{ here, there, from, to Facts }{
		"on the primary":          {primary, secondary, primary, secondary},
		"on the secondary":        {secondary, primary, primary, secondary},
		"on the primary, alone":   {primary, Facts{}, primary, Facts{}},
		"on the secondary, alone": {secondary, Facts{}, Facts{}, secondary},
		"two of a kind":           {secondary, secondary, secondary, secondary},
	} {
		if from, to := Sides(c.here, c.there); from.Server != c.from.Server || to.Server != c.to.Server {
			t.Errorf("%s: from %q to %q", name, from.Server, to.Server)
		}
	}
	for _, f := range []Facts{primary, secondary} {
		from, to := Sides(f, Facts{})
		if !Blocked(Switchover(from, to, Usual())) {
			t.Errorf("%s alone is ready", f.Name)
		}
	}
	if all := Switchover(Facts{}, Facts{}, Usual()); !Blocked(all) {
		t.Errorf("nobody is ready: %+v", all)
	}
}

func TestSortedIsGravestFirst(t *testing.T) {
	all := Sorted([]Check{{Name: "a", Level: OK}, {Name: "b", Level: Warning}, {Name: "c", Level: Blocker}, {Name: "d", Level: Warning}})
	var got []string
	for _, c := range all {
		got = append(got, c.Name)
	}
	if !slices.Equal(got, []string{"c", "b", "d", "a"}) {
		t.Error(got)
	}
}

func TestVersionsApart(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		apart int
		known bool
	}{
		{"2026a", "2026a", 0, true},
		{"2026b", "2026a", 1, true},
		{"2025c", "2026a", 1, true},
		{"2026a", "2025c", 1, true},
		{"2025c", "2026b", 2, true},
		{"2024a", "2026a", 4, true},
		{"", "2026a", 0, false},
		{"of go1.26.0", "2026a", 0, false},
	} {
		if apart, known := zonesApart(c.a, c.b); apart != c.apart || known != c.known {
			t.Errorf("%q and %q: %d, %v", c.a, c.b, apart, known)
		}
	}
}

func TestJudge(t *testing.T) {
	primary, secondary := ready()
	alone := primary
	alone.Pair, alone.Twin = "", Other{}
	broken := secondary
	broken.Disk.Store = "full"
	for name, c := range map[string]struct {
		here, there Facts
		from, to    string
		want        node.Readiness
	}{
		"ready":         {primary, secondary, a, b, node.Readiness{Switchover: true, Promote: true, Because: []string{}}},
		"on the other":  {secondary, primary, a, b, node.Readiness{Switchover: true, Promote: true, Because: []string{}}},
		"nobody paired": {alone, Facts{}, a, "", node.Readiness{Because: []string{"twin-answers: no twin is paired"}}},
		"the primary is away": {secondary, Facts{}, a, b, node.Readiness{
			Promote: true, Because: []string{"cms-a: twin-answers: what it is doing is not known"},
		}},
		"the secondary is away": {primary, Facts{}, a, b, node.Readiness{Because: []string{
			"cms-b: twin-answers: what it is doing is not known", "role: what the secondary is doing is not known",
		}}},
		"its disk is full": {primary, broken, a, b, node.Readiness{Because: []string{"cms-b: store: nothing can be stored: the disk is full"}}},
	} {
		v := Judge(c.here, c.there, Usual(), open...)
		if v.From != c.from || v.To != c.to {
			t.Errorf("%s: from %q to %q", name, v.From, v.To)
		}
		got := v.Readiness()
		for i, check := range slices.DeleteFunc(Sorted(v.Switchover), func(c Check) bool { return c.Level == OK }) {
			want := node.ReadyCheck{Name: check.Name, Side: check.Side, Level: string(check.Level), Compared: check.Compared, Fix: check.Fix}
			if i >= len(got.Checks) || got.Checks[i] != want {
				t.Errorf("%s: check %d is not %v, of %v", name, i, want, got.Checks)
			}
		}
		got.Checks = nil
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What is told is told in sentences, and no more exactly than anybody reads.
func TestWordsForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		53449 * time.Millisecond: "53s", 1234 * time.Millisecond: "1.234s", 90 * time.Minute: "1h30m0s", 5 * time.Hour: "5 hours", 72 * time.Hour: "3 days",
	} {
		if got := rough(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int64]string{
		1: "1 stretch was not heard, and is not filled: pbx", 2: "2 stretches were not heard, and are not filled: pbx",
	} {
		if f := gaps(question{it: Facts{Feeds: []Feed{{Name: "pbx", Gaps: n}}}}); f.text != want {
			t.Errorf("%q, want %q", f.text, want)
		}
	}
}
