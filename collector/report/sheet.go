package report

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// A sheet gathers counts by whom they are of and by the rows of the grid.
type sheet[C any] struct {
	*question
	who   *who
	lines map[string]*line[C]
	held  int             // counts in lines
	other map[string]bool // who was counted and not asked for
	add   func(to *C, counts C)

	around bool // what is read tells who there is, and nothing else
}

// A line is all that was counted of one queue or agent.
type line[C any] struct {
	counts []*C   // by row of the grid; nil: nothing was counted
	feeds  []bool // by feed: does it tell of this one?
}

func newSheet[C any](q *question, w *who, add func(*C, C)) *sheet[C] {
	return &sheet[C]{question: q, who: w, lines: map[string]*line[C]{}, add: add, other: map[string]bool{}}
}

// read reads what every feed counted in the span. Where that is nothing at all,
// or nothing of one who was asked for, those have lines too who were counted in
// the week before or behind it: that they were quiet, or that nobody listened,
// must not look as if there were no such queue or agent.
func (s *sheet[C]) read(each func(feed int, span record.Span) error) error {
	spans := []record.Span{s.grid.span}
	for i := 0; i < len(spans); i++ {
		s.around = i > 0
		for feed := range s.feeds {
			if !s.feeds[feed].known {
				continue // it was never begun here
			}
			if err := each(feed, spans[i]); err != nil {
				return err
			}
		}
		if i == 0 && s.wanting() {
			spans = append(spans, record.Span{From: spans[0].From - vicinity, To: spans[0].To + vicinity})
		}
	}
	return s.absent()
}

// wanting tells whether there is a line too few.
func (s *sheet[C]) wanting() bool {
	for key := range s.who.wanted {
		if s.lines[key] == nil && s.who.known[key] == nil {
			return true
		}
	}
	return len(s.lines) == 0
}

// put adds what a feed counted in an interval.
func (s *sheet[C]) put(feed int, start record.Instant, name string, counts C) error {
	row, ok := s.grid.row(start)
	key := s.who.key(name)
	if !s.who.wants(key) {
		s.other[key] = true
		return nil
	}
	if !ok && !s.around {
		return nil
	}
	l := s.lines[key]
	if l == nil {
		l = s.line()
		s.lines[key] = l
	}
	l.feeds[feed] = true
	if s.around {
		return nil
	}
	if l.counts[row] == nil {
		if s.held++; s.held > maxRows {
			return tooMuch()
		}
		l.counts[row] = new(C)
	}
	s.add(l.counts[row], counts)
	return nil
}

func tooMuch() error {
	return fmt.Errorf("%w: more than %d rows: ask for less time, or for longer rows", ErrTooMuch, maxRows)
}

func (s *sheet[C]) line() *line[C] {
	return &line[C]{counts: make([]*C, len(s.grid.rows)), feeds: make([]bool, len(s.feeds))}
}

// absent adds lines for those who were asked for by name and not counted. Of
// one that is in no dictionary either nothing is known: it is ErrUnknown.
func (s *sheet[C]) absent() error {
	for _, key := range slices.Sorted(maps.Keys(s.who.wanted)) {
		if s.lines[key] != nil {
			continue
		}
		if s.who.known[key] == nil {
			return uncounted(s.who.kind, key, s.names())
		}
		l := s.line()
		for i := range l.feeds {
			l.feeds[i] = true // any of them might have told
		}
		s.lines[key] = l
	}
	return nil
}

// names returns all who are known of, administered or counted.
func (s *sheet[C]) names() []string {
	all := maps.Clone(s.other)
	for key := range s.lines {
		all[key] = true
	}
	for key := range s.who.known {
		all[key] = true
	}
	return slices.Collect(maps.Keys(all))
}

// An entry is one row of the answer before it is written.
type entry[C any] struct {
	start  any
	key    string
	counts *C // nil: cannot be known
	heard  heard
	feeds  []bool // that tell of this one
}

// entries yields the rows in order: all that were asked for, with nothing
// counted where that is known to be so.
func (s *sheet[C]) entries(ctx context.Context, yield func(entry[C])) error {
	measured := make([][]heard, len(s.feeds))
	for i := range s.feeds {
		var err error
		if measured[i], _, err = s.measure(ctx, &s.feeds[i]); err != nil {
			return err
		}
	}
	keys := slices.Sorted(maps.Keys(s.lines))
	if len(keys)*len(s.grid.rows) > maxRows {
		return tooMuch()
	}
	for row, start := range s.grid.rows {
		for _, key := range keys {
			l := s.lines[key]
			e := entry[C]{start: start, key: key, counts: l.counts[row], feeds: l.feeds}
			for i, told := range l.feeds {
				if told {
					e.heard = e.heard.add(measured[i][row])
				}
			}
			if e.counts == nil && e.heard.covered > 0 && e.heard.counted > 0 && !e.heard.unknown {
				e.counts = new(C)
			}
			yield(e)
		}
	}
	return nil
}
