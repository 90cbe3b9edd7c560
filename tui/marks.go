package tui

import (
	"maps"
	"slices"
)

// marked are the keys of rows that somebody marked, to do one thing to all of them.
type marked map[string]bool

// among returns those of keys that are marked, in their order.
func (m marked) among(keys []string) []string {
	if len(m) == 0 {
		return nil
	}
	var all []string
	for _, key := range keys {
		if m[key] {
			all = append(all, key)
		}
	}
	return all
}

// rows returns those that are marked. What can be done is asked for with each key
// and each picture: where nothing is marked, as nearly always, no row is looked at.
func (m marked) rows(rows []Row) []Row {
	if len(m) == 0 {
		return nil
	}
	var all []Row
	for _, r := range rows {
		if m[r.Key] {
			all = append(all, r)
		}
	}
	return all
}

// markActs are the keys that mark rows; are is what rows that are marked are.
func markActs(row, one, are string) []act {
	off := ""
	if row == "" {
		off = "there is no row to mark"
	}
	return []act{
		{key: " ", name: one, off: off, goes: func(f frame) (frame, wish) { return f.mark(are) }},
		{key: "*", name: one + ", all that is shown", off: off, goes: func(f frame) (frame, wish) { return f.markShown(are) }},
	}
}

// mark marks the row that is chosen, or takes its mark away, and goes on to the
// next one.
func (f frame) mark(are string) (frame, wish) {
	p, _ := f.page()
	row := f.chosen(p)
	if row == "" {
		f.message = notice{"there is no row to mark", usual}
		return f, wish{}
	}
	return f.toggled([]string{row}).scrolled(1).tallied(are), wish{}
}

// markShown marks all rows that the filter shows; where all are, it takes the
// marks away.
func (f frame) markShown(are string) (frame, wish) {
	p, ok := f.page()
	var keys, bare []string
	if ok && p.table != nil {
		for _, i := range f.rows(p) {
			keys = append(keys, p.table.keys[i])
		}
	}
	m := f.spot().marks
	for _, key := range keys {
		if !m[key] {
			bare = append(bare, key)
		}
	}
	if len(bare) > 0 {
		keys = bare
	}
	if len(keys) == 0 {
		f.message = notice{"there is no row to mark", usual}
		return f, wish{}
	}
	return f.toggled(keys).tallied(are), wish{}
}

// toggled marks what is not marked, and the reverse.
func (f frame) toggled(keys []string) frame {
	s, m := f.spot(), marked{}
	maps.Copy(m, s.marks)
	for _, key := range keys {
		if m[key] {
			delete(m, key)
		} else {
			m[key] = true
		}
	}
	s.marks = m
	f.version++
	return f.moved(f.browse().at(s))
}

// tallied says how many are marked.
func (f frame) tallied(are string) frame {
	p, _ := f.page()
	n := 0
	if p.table != nil {
		n = len(f.spot().marks.among(p.table.keys))
	}
	f.message = notice{counted(n, "row") + " " + are + "; esc ends that", usual}
	return f.settled()
}

// levels returns what is marked where somebody is, and on the level above.
func (b browse) levels() (here, above marked) {
	n := len(b.spots)
	here = b.spots[n-1].marks
	if n > 1 {
		above = b.spots[n-2].marks
	}
	return here, above
}

// split returns the rows that are not marked, and those that are.
func (m marked) split(keys []string) (bare, with []string) {
	with = m.among(keys)
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return m[key] }), with
}
