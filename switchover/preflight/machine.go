package preflight

import (
	"strings"
	"time"
)

// linked is that it reaches the other: as was tried, or as it says itself.
func linked(q question) finding {
	fix := "twinctl pair check, on " + q.it.Name
	if p := q.path(); p != nil {
		if p.Err != nil {
			return block(fix, "it does not reach %s: %v", q.other.Name, p.Err)
		}
		return ok("it reaches %s", q.other.Name)
	}
	if t := q.it.Twin; t.State != "ok" {
		return block(fix, "it says that %s is %s", q.other.Name, strings.TrimSuffix(t.State+": "+t.Error, ": "))
	}
	return ok("it says that it reaches %s", q.other.Name)
}

func roundTrip(q question) finding {
	p := q.path()
	switch {
	case !p.open():
		return ok("not measured")
	case p.Trip > q.limits.RoundTrip:
		return warn("", "%s answers in %s: more than %s", q.other.Name, rough(p.Trip), rough(q.limits.RoundTrip))
	}
	return ok("%s answers in %s", q.other.Name, rough(p.Trip))
}

// twind may be dead where the role is taken from: its files are there all the
// same. Who is to have it must run what it brings.
func twind(q question) finding {
	if q.it.Process.PID == 0 {
		return q.grave("systemctl start twind, on "+q.it.Name, "twind does not run")
	}
	return ok("twind runs as process %d", q.it.Process.PID)
}

// twindSpeaks blocks on either side: one that hangs answers no request, and may
// go on later.
func twindSpeaks(q question) finding {
	p := q.it.Process
	if silent := time.Duration(p.SilentS) * time.Second; p.PID != 0 && silent > q.limits.Silent {
		return block("systemctl restart twind, on "+q.it.Name, "twind (process %d) has said nothing for %s: it may hang", p.PID, rough(silent))
	}
	return ok("twind says each second what it does")
}

func stored(q question) finding {
	switch d := q.it.Disk; d.Store {
	case "", "ok":
		return ok("what is heard is stored")
	default:
		return q.grave("twinctl status, on "+q.it.Name, "nothing can be stored: the disk is %s", strings.ReplaceAll(d.Store, "_", " "))
	}
}

func disk(q question) finding {
	const part = 20 // of a disk of which less than so great a part is free little is left
	d := q.it.Disk
	text, args := "%d MiB of %d are free", []any{d.Free >> 20, d.All >> 20}
	switch {
	case d.Free < q.limits.Free:
		return q.grave("make room on "+q.it.Name, text, args...)
	case d.Free < min(d.All/part, q.limits.Room):
		return warn("make room on "+q.it.Name, text, args...)
	}
	return ok(text, args...)
}

func reserve(q question) finding {
	if !q.it.Disk.Reserve {
		return warn("twinctl log, on "+q.it.Name, "no room is kept back for a full disk, on which the role could not be written then")
	}
	return ok("room is kept back for a full disk")
}

func integrity(q question) finding {
	d := q.it.Deep
	switch {
	case d == nil:
		return ok("not looked at")
	case len(d.Unsound) > 0:
		return block("twinctl backup restore, on "+q.it.Name, "%s", strings.Join(d.Unsound, "; "))
	case len(d.Unread) > 0:
		return warn("twinctl audit verify, on "+q.it.Name, "%s could not be read through in time", strings.Join(d.Unread, " and "))
	}
	return ok("node.db and admin.db are sound")
}

func boot(q question) finding {
	switch q.it.Boot {
	case "":
		return ok("whether twind is started at boot is not known")
	case "enabled":
		return ok("twind is started at boot")
	}
	return warn("systemctl enable twind, on "+q.it.Name, "twind is not started at boot")
}

func clockSteady(q question) finding {
	if at := q.it.Clock.Stepped; at != 0 {
		return warn("", "its clock was set, or the machine slept, at %s", at.Time().Format(time.RFC3339))
	}
	return ok("its clock was not set lately")
}

func clockSynced(q question) finding {
	switch s := q.it.Clock.Synced; {
	case s == nil:
		return ok("whether its clock is kept right is not known")
	case !*s:
		return warn("timedatectl status, on "+q.it.Name, "nothing keeps its clock right")
	}
	return ok("its clock is kept right")
}

// clock compares the two by what was measured over the link, else by what the
// exchange found.
func clock(q question) finding {
	var ahead, within time.Duration
	switch p, b := q.path(), q.back(); {
	case p.open():
		ahead, within = p.Ahead, p.Trip/2
	case b.open():
		ahead, within = -b.Ahead, b.Trip/2
	case q.it.Twin.AheadMS != nil:
		ahead = time.Duration(*q.it.Twin.AheadMS) * time.Millisecond
	case q.other.Twin.AheadMS != nil:
		ahead = -time.Duration(*q.other.Twin.AheadMS) * time.Millisecond
	default:
		return warn("twinctl pair check", "how far their clocks are apart is not known")
	}
	text, args := "the clock of %s is %s ahead of that of %s", []any{q.other.Name, rough(ahead), q.it.Name}
	if ahead.Abs() > q.limits.Skew+within {
		return block("set the clocks, as with chrony", text, args...)
	}
	return ok(text, args...)
}
