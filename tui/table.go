package tui

import (
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/sieve"
)

// A field is a column of a table.
type field struct {
	title string
	right bool // numbers and lengths
	most  int  // columns of the terminal that it takes unless there is room; 0: as many as it needs
	rank  int  // what has a higher one is left out first where there is no room; 0 never is
}

// A table is rows under headings. What stands in the cells may be foreign: it
// is made inert where it is drawn.
type table struct {
	fields []field
	keys   []string                       // of the rows, each its own
	cells  func(i int, now sight) []piece // of a row, one for each field
	empty  string                         // what is said where there are no rows
	opens  bool                           // a row opens to more

	uncounted bool   // how many rows there are says nothing
	marks     marked // the rows before which a mark stands
}

// tableOf is a table with a row for each of all. Cells are made when they are
// looked at: of many rows most never are.
func tableOf[T any](all []T, fields []field, key func(T) string, cells func(T, sight) []piece) table {
	t := table{fields: fields, keys: make([]string, len(all))}
	for i := range all {
		t.keys[i] = key(all[i])
	}
	t.cells = func(i int, as sight) []piece { return cells(all[i], as) }
	return t
}

// measured is how many rows are looked at for how wide the columns are, beside
// those in sight.
const measured = 200

// markSign stands before a row that is marked.
const markSign = "#"

// spacing is what stands between two columns.
const spacing = 2

// texts returns what a row says.
func texts(cells []piece) []string {
	all := make([]string, len(cells))
	for i, c := range cells {
		all[i] = c.text
	}
	return all
}

func (t table) titles() []string {
	all := make([]string, len(t.fields))
	for i, f := range t.fields {
		all[i] = f.title
	}
	return all
}

// passing returns which rows a filter lets through.
func (t table) passing(typed string, now sight) []int {
	f := sieve.Read(typed).Over(t.titles())
	var all []int
	if len(f) == 0 {
		all = make([]int, 0, len(t.keys))
	}
	for i := range t.keys {
		if len(f) == 0 || takes(f, t.cells(i, now)) {
			all = append(all, i)
		}
	}
	return all
}

// takes reports whether a row passes a filter: a cell for each column.
func takes(f sieve.Sieve, cells []piece) bool {
	return f.Takes(func(i int) string { return cells[i].text })
}

// A layout is which columns are shown, and how wide.
type layout struct {
	shown  []int
	widths []int
}

// arrange fits the columns into width: columns of high rank go first, then the
// widest is narrowed. rows are those that will be in sight.
func (t table) arrange(rows [][]piece, width int) layout {
	natural := make([]int, len(t.fields))
	for i, f := range t.fields {
		natural[i] = wide(f.title)
		for _, cells := range rows {
			natural[i] = max(natural[i], wide(foreign(cells[i].text)))
		}
	}
	var l layout
	for i, f := range t.fields {
		l.shown = append(l.shown, i)
		w := natural[i]
		if f.most > 0 {
			w = min(w, max(f.most, wide(f.title)))
		}
		l.widths = append(l.widths, w)
	}
	for l.width() > width && t.drop(&l) {
	}
	for l.width() > width && l.narrow() {
	}
	for i, at := range l.shown {
		if room := width - l.width(); room > 0 && l.widths[i] < natural[at] {
			l.widths[i] += min(room, natural[at]-l.widths[i])
		}
	}
	return l
}

func (l layout) width() int {
	n := -spacing
	for _, w := range l.widths {
		n += w + spacing
	}
	return n
}

// drop leaves out the column that can be done without best; false: none can.
func (t table) drop(l *layout) bool {
	worst := -1
	for i, at := range l.shown {
		if t.fields[at].rank > 0 && (worst < 0 || t.fields[at].rank >= t.fields[l.shown[worst]].rank) {
			worst = i
		}
	}
	if worst < 0 {
		return false
	}
	l.shown, l.widths = slices.Delete(l.shown, worst, worst+1), slices.Delete(l.widths, worst, worst+1)
	return true
}

// narrow takes a column from the widest; false: none has one to give.
func (l *layout) narrow() bool {
	const least = 1
	widest := 0
	for i, w := range l.widths {
		if w > l.widths[widest] {
			widest = i
		}
	}
	if len(l.widths) == 0 || l.widths[widest] <= least {
		return false
	}
	l.widths[widest]--
	return true
}

// line puts cells under their headings.
func (t table) line(l layout, cells []piece) line {
	var all line
	for i, at := range l.shown {
		if i > 0 {
			all = append(all, piece{text: strings.Repeat(" ", spacing)})
		}
		c := cells[at]
		text := foreign(c.text)
		if t.fields[at].right {
			text = right(text, l.widths[i])
		} else {
			text = left(text, l.widths[i])
		}
		all = append(all, piece{text, c.tone})
	}
	return all
}

// draw returns the heading and the rows from top on, in height lines: rows are
// those that pass, chosen is the one of them that the keys are about.
func (t table) draw(rows []int, s spot, as sight, height int) []line {
	if height <= 0 {
		return nil
	}
	if len(t.keys) == 0 || len(rows) == 0 {
		said := t.empty
		if len(t.keys) > 0 {
			said = "no row is as the filter says: esc ends it"
		}
		var lines []line
		for _, part := range wrap(foreign(said), as.width-2) {
			lines = append(lines, line{{" ", usual}, {part, usual}})
		}
		return lines[:min(len(lines), height)]
	}
	room := height - 1
	first := min(max(0, s.top), max(0, len(rows)-room))
	seen := rows[first:min(len(rows), first+room)]
	cells := make([][]piece, 0, len(seen)+measured)
	for _, i := range seen {
		cells = append(cells, t.cells(i, as))
	}
	for _, i := range rows[:min(len(rows), measured)] {
		cells = append(cells, t.cells(i, as))
	}
	edge := 1
	if len(t.marks) > 0 {
		edge = 2
	}
	l := t.arrange(cells, as.width-edge)
	heads := make([]piece, len(t.fields))
	for i, f := range t.fields {
		heads[i] = piece{f.title, quiet}
	}
	lines := []line{append(line{{left("", edge), usual}}, t.line(l, heads)...)}
	for n, at := range seen {
		row, mark := t.line(l, cells[n]), ""
		if t.marks[t.keys[at]] {
			mark = markSign
		}
		if first+n == s.index {
			row = append(line{{left(">"+mark, edge), picked}}, row.in(picked)...).to(as.width)
			row[len(row)-1].tone = picked
		} else {
			row = append(line{{left(" "+mark, edge), strong}}, row...)
		}
		lines = append(lines, row)
	}
	return lines
}

// in returns the line in one tone.
func (l line) in(as tone) line {
	all := slices.Clone(l)
	for i := range all {
		all[i].tone = as
	}
	return all
}
