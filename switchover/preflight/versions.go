package preflight

import (
	"regexp"
	"strconv"
)

// release matches the version of a release, and what is built on top of one.
var release = regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})\b`)

// minors returns how many minor versions two versions are apart: known is false
// where one of them is no release, or another major one lies between.
func minors(a, b string) (apart int, known bool) {
	va, vb := release.FindStringSubmatch(a), release.FindStringSubmatch(b)
	if va == nil || vb == nil || va[1] != vb[1] {
		return 0, false
	}
	return number(va[2]) - number(vb[2]), true
}

// major tells whether both are releases, of different major versions.
func major(a, b string) bool {
	va, vb := release.FindStringSubmatch(a), release.FindStringSubmatch(b)
	return va != nil && vb != nil && va[1] != vb[1]
}

func versions(q question) finding {
	a, b := q.it.Version, q.other.Version
	text, args := "%s runs %s, %s runs %s", []any{q.it.Name, a, q.other.Name, b}
	apart, known := minors(a, b)
	switch {
	case a == b:
		return ok(text, args...)
	case major(a, b), known && (apart < -1 || apart > 1):
		return block("install the same version on both", text, args...)
	}
	return warn("install the same version on both", text, args...)
}

// schemas may differ while one twin is newer; rows that are too far apart the
// secondary cannot take.
func schemas(q question) finding {
	a, b := q.it.Schemas, q.other.Schemas
	const fix = "install the same version on both"
	apart := q.it.Rows.Catalogue - q.other.Rows.Catalogue
	switch {
	case apart < -1 || apart > 1:
		return block(fix, "kinds of rows of %s are version %d, of %s %d", q.it.Name, q.it.Rows.Catalogue, q.other.Name, q.other.Rows.Catalogue)
	case a != b || apart != 0:
		return warn(fix, "node.db, admin.db and history.db of %s are of schema %d, %d and %d, of %s %d, %d and %d",
			q.it.Name, a.Node, a.Admin, a.History, q.other.Name, b.Node, b.Admin, b.History)
	}
	return ok("node.db, admin.db and history.db are of schema %d, %d and %d on both", a.Node, a.Admin, a.History)
}

// tzdata matches a version of the time-zone data.
var tzdata = regexp.MustCompile(`^(\d{4})([a-z])$`)

// zonesApart returns how many versions of the time-zone data two are apart,
// where that can be told. The first of a year follows any of the year before.
func zonesApart(a, b string) (apart int, known bool) {
	va, vb := tzdata.FindStringSubmatch(a), tzdata.FindStringSubmatch(b)
	if va == nil || vb == nil {
		return 0, false
	}
	years, letters := number(vb[1])-number(va[1]), int(vb[2][0])-int(va[2][0])
	switch {
	case years < 0:
		return zonesApart(b, a)
	case years == 0:
		return max(letters, -letters), true
	case years == 1:
		return int(vb[2][0]-'a') + 1, true
	}
	return 2 * years, true
}

// zones differ in when a slot is: what one has run the other may run again.
func zones(q question) finding {
	a, b := q.it.Zones, q.other.Zones
	const fix = "install the same time-zone data (tzdata) on both, and restart twind"
	if a == b && a != "" {
		return ok("time-zone data is %s on both", a)
	}
	text, args := "time-zone data of %s is %q, of %s %q", []any{q.it.Name, a, q.other.Name, b}
	if apart, known := zonesApart(a, b); known && apart > 1 {
		return block(fix, text, args...)
	}
	return warn(fix, text, args...)
}

// number reads digits that a pattern has found.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // at most four of them
	return n
}
