package preflight

import (
	"time"

	"github.com/twinctl/twin/collector/node"
)

func pairID(q question) finding {
	if q.it.Pair == "" || q.it.Pair != q.other.Pair {
		return block("twinctl pair check", "%s is of pair %q, %s of pair %q", q.it.Name, q.it.Pair, q.other.Name, q.other.Pair)
	}
	return ok("both are of pair %s", q.it.Pair)
}

// twinIdentity is that each knows the other, and not itself or a third.
func twinIdentity(q question) finding {
	t := q.it.Twin
	if t.Server != q.other.Server || t.Name != q.other.Name || q.it.Server == q.other.Server {
		return block("twinctl pair accept LINE, on "+q.it.Name, "it has accepted %s (%s), and %s (%s) answers", t.Name, t.Server, q.other.Name, q.other.Server)
	}
	return ok("its twin is %s (%s)", t.Name, t.Server)
}

// loginKey compares what the other logs in with and what it is let in with. Who
// got in has proven it.
func loginKey(q question) finding {
	have, want := q.other.Key, q.it.Twin.Key
	switch {
	case q.back().open():
		return ok("%s was let in", q.other.Name)
	case have == "" || want == "":
		return warn("twinctl pair check", "by which key %s logs in is not known", q.other.Name)
	case have != want:
		return block("twinctl pair accept LINE, on "+q.it.Name, "%s logs in with %s, and is let in with %s", q.other.Name, have, want)
	}
	return ok("%s is let in with %s", q.other.Name, have)
}

// hostKey compares what the other shows with what was pinned: only that gets a
// link. Where the system's sshd shows it the other need not be able to tell.
func hostKey(q question) finding {
	have, want := q.other.HostKey, q.it.Twin.HostKey
	switch {
	case want == "":
		return block("twinctl pair accept LINE, on "+q.it.Name, "no host key of %s is pinned", q.other.Name)
	case q.path().open():
		return ok("%s has shown what is pinned", q.other.Name)
	case have != "" && have != want:
		return block("twinctl pair accept LINE, on "+q.it.Name, "%s shows %s, and %s is pinned", q.other.Name, have, want)
	}
	return ok("%s is pinned for %s", want, q.other.Name)
}

func roles(q question) finding {
	text := "%s is %s, %s is %s"
	args := []any{q.it.Name, q.it.Role, q.other.Name, q.other.Role}
	if q.it.Role != node.Primary || q.other.Role != node.Secondary {
		return block("twinctl role show, on both", text, args...)
	}
	return ok(text, args...)
}

// epochs is that the primary is the newest one that anybody has heard of, and
// that the next epoch of the other can be none of its own.
func epochs(q question) finding {
	from, to := q.it, q.other
	highest := max(from.Seen, to.Seen, to.Epoch)
	switch {
	case highest > from.Epoch:
		return block("twinctl role show, on both", "%s is primary by epoch %d, and epoch %d was heard of: it is superseded", from.Name, from.Epoch, highest)
	case (from.Epoch-to.Epoch)%2 == 0:
		return block("twinctl pair accept LINE, on both", "epoch %d of %s and %d of %s are both %s: their epochs could collide",
			from.Epoch, from.Name, to.Epoch, to.Name, []string{"even", "odd"}[from.Epoch&1])
	case to.Seen < from.Epoch:
		return warn("twinctl pair check, on "+to.Name, "%s has heard of epoch %d, and %s is primary by epoch %d", to.Name, to.Seen, from.Name, from.Epoch)
	}
	return ok("%s is primary by epoch %d, the highest that either has seen", from.Name, from.Epoch)
}

func held(q question) finding {
	if q.it.Held == "" {
		return ok("nothing holds it")
	}
	fix := "twinctl status, on " + q.it.Name
	if q.it.Backup.Restored {
		fix = "twinctl rejoin, on " + q.it.Name
	}
	return block(fix, "it is held: %s", q.it.Held)
}

// runbook is that nobody moves the role already, beside the one who asks.
func runbook(q question) finding {
	b, own := q.it.Runbook, q.limits.Runbook
	switch {
	case b != nil && b.ID != own && b.Stale:
		return block("twinctl switchover --resume or --abort", "a %s, begun by %s at %s and run by %s, has halted at %s",
			b.Intent, b.Actor, b.Begun.Time().Format(time.RFC3339), b.Runner, b.Step)
	case b != nil && b.ID != own:
		return block("twinctl switchover status", "a %s, begun by %s at %s and run by %s, is under way: it is at %s",
			b.Intent, b.Actor, b.Begun.Time().Format(time.RFC3339), b.Runner, b.Step)
	case q.it.Drains != "" && q.it.Drains != own:
		return block("twinctl switchover status", "its role is being moved")
	}
	return ok("nobody else moves the role")
}

func calm(q question) finding {
	was := q.it.At.Sub(q.it.Since)
	if max(q.it.Seen, q.other.Seen) > 1 && was < q.limits.Calm {
		return warn("wait "+rough(q.limits.Calm-max(0, was)), "%s became primary only %s ago", q.it.Name, rough(max(0, was)))
	}
	return ok("%s has been primary for %s", q.it.Name, rough(was))
}
