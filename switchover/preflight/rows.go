package preflight

// syncBase is that the last sync before the cut-over needs no person: the two
// agreed on something, or there is nothing yet that could be lost.
func syncBase(q question) finding {
	r, p := q.it.Rows, q.other.Rows
	switch {
	case r.Base == 0 && q.alone:
		return warn("twinctl sync, on the primary", "no administration data ever came from the primary")
	case q.alone:
		return ok("it holds what the twins agreed on as generation %d", r.Base)
	case r.Base == 0 && p.Base == 0 && r.Edited == 0:
		return warn("twinctl sync", "the twins have agreed on nothing yet: the first sync would be the last one too")
	case r.Base == 0 && p.Base == 0:
		return block("twinctl sync --first --dry-run", "the twins have agreed on nothing yet, and both have rows")
	case r.Base != p.Base || r.Root != p.Root:
		return block("twinctl sync", "%s goes by generation %d (%s), %s by generation %d (%s): a sync was cut off, or one was restored",
			q.other.Name, p.Base, brief(p.Root), q.it.Name, r.Base, brief(r.Root))
	}
	return ok("both go by generation %d (%s)", r.Base, brief(r.Root))
}

// brief returns as much of a digest as people compare.
func brief(root string) string { return root[:min(len(root), 12)] }

// syncState is that nothing keeps the last sync from being done.
func syncState(q question) finding {
	switch r := q.it.Rows; r.State {
	case "syncing":
		return warn("", "a sync is under way")
	case "failed":
		return block("twinctl sync", "the last sync failed: %s", r.Because)
	case "conflict":
		return block("twinctl sync --dry-run", "rows were edited on both")
	default:
		return ok("no sync failed")
	}
}

func syncPending(q question) finding {
	switch n := q.other.Rows.Edited; {
	case q.alone && q.it.Rows.State == "pending":
		return warn("twinctl sync, on the primary", "rows that were edited on the primary have not come, as it said last")
	case n == 1:
		return warn("twinctl sync", "1 row that was edited on %s has not come yet", q.other.Name)
	case n > 0:
		return warn("twinctl sync", "%d rows that were edited on %s have not come yet", n, q.other.Name)
	}
	return ok("nothing is pending")
}

func syncAge(q question) finding {
	r := q.it.Rows
	if r.Checked == 0 {
		return warn("twinctl sync, on the primary", "the primary has never told where its rows stand")
	}
	if age := q.it.At.Sub(r.Checked); age > q.limits.SyncAge {
		return warn("twinctl sync, on the primary", "the primary told %s ago where its rows stand", rough(age))
	}
	return ok("the primary told at %s where its rows stand", r.Checked)
}

// drift stops the last sync until a person chooses.
func drift(q question) finding {
	switch n := q.it.Rows.Edited; {
	case q.it.Rows.Base == 0:
		return ok("there is no base that it could differ from") // sync-base tells
	case n == 1:
		return block("twinctl sync --dry-run", "1 row was edited on it, which is secondary")
	case n > 0:
		return block("twinctl sync --dry-run", "%d rows were edited on it, which is secondary", n)
	}
	return ok("nothing was edited on it")
}
