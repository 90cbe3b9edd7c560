package tui

import "time"

// A memo keeps the page that was made last, and which rows of it pass the
// filter: of a picture both are asked for several times, and with a hundred
// thousand rows they are dear. It changes nothing that is seen.
type memo struct {
	of     sighted
	page   page
	typed  string
	rows   []int
	passed bool // rows are those that pass typed
}

// A sighted is what a page depends on: two that are equal make equal pages.
type sighted struct {
	place      string
	version    int // of what is known
	now        time.Time
	width      int
	height     int
	looked     time.Time
	here, twin string
	primary    bool
	looks      string
	drafted    int
	beside     int
	marks      int
}

// shown returns the page that a screen makes of its data.
func (f frame) shown(data any) page {
	as := f.sight()
	of := sighted{f.placeID(), f.version, as.now, as.width, as.height, as.looked, as.here, as.twin, as.primary, as.looks, len(as.draft), len(as.beside), len(as.marks)}
	if f.memo.of != of || f.memo.page.title == "" {
		*f.memo = memo{of: of, page: f.screen().show(data, as)}
	}
	return f.memo.page
}

// rows returns which rows of the page pass the filter.
func (f frame) rows(p page) []int {
	typed := f.spot().filter
	if p.table == nil {
		return nil
	}
	if p.table != f.memo.page.table {
		return p.table.passing(typed, f.sight())
	}
	if !f.memo.passed || f.memo.typed != typed {
		f.memo.rows, f.memo.typed, f.memo.passed = p.table.passing(typed, f.sight()), typed, true
	}
	return f.memo.rows
}
