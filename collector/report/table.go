package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// A Table is the answer to a question.
type Table struct {
	Name    string // of the question: queue, agent, call, coverage, ...
	Columns []Column
	Rows    [][]any // each as long as Columns; see Kind for what a cell holds
	// Total is a row for all the others together, with nil where that means
	// nothing. It is itself nil where there is no such row.
	Total []any
	Span  record.Span    // what was looked at, within what was asked for
	Zone  *time.Location // of the site
	By    By             // what a row stands for; "" where that means nothing
	Notes []string       // what a reader must know, a sentence each
}

// A Column is one column of a Table.
type Column struct {
	Name string // in small letters, with underscores; a length ends in _s, a share in _pct
	Kind Kind
	Unit string // "s", "%" or ""
}

// A Kind says what the cells of a column hold. In all of them nil is what
// cannot be known, which is not zero.
type Kind string

// The kinds.
const (
	Words   Kind = "words"   // string, as the feed or a person wrote it: hostile until shown inert
	Count   Kind = "count"   // int64
	Seconds Kind = "seconds" // float64 with at most three decimals
	Percent Kind = "percent" // float64 from 0 to 100 with at most one decimal
	Moment  Kind = "moment"  // time.Time in the site's zone; programs are told UTC
	Flag    Kind = "flag"    // bool
	Split   Kind = "split"   // Parts, whose texts are hostile as Words are
)

// Parts is how a length is split, in seconds, in the order of the names.
type Parts []Part

// A Part is one of them.
type Part struct {
	Name    string
	Seconds float64
}

// String returns "lunch 600, training 90".
func (p Parts) String() string {
	texts := make([]string, len(p))
	for i, part := range p {
		texts[i] = part.Name + " " + strconv.FormatFloat(part.Seconds, 'f', -1, 64)
	}
	return strings.Join(texts, ", ")
}

// MarshalJSON implements json.Marshaler: an object with a key for each part.
func (p Parts) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, part := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(part.Name)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.WriteString(strconv.FormatFloat(part.Seconds, 'f', -1, 64))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// columns makes columns of "name kind" lines.
func columns(lines string) []Column {
	var all []Column
	for line := range strings.Lines(lines) {
		name, kind, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		c := Column{Name: name, Kind: Kind(kind)}
		switch c.Kind {
		case Seconds, Split:
			c.Unit = "s"
		case Percent:
			c.Unit = "%"
		case Words, Count, Moment, Flag:
		}
		all = append(all, c)
	}
	return all
}

// seconds returns a length as a cell.
func seconds(length record.Instant) any { return round(length) }

// round returns a length in seconds, to the millisecond.
func round(length record.Instant) float64 { return math.Round(float64(length)/1000) / 1000 }

// mean returns a length by a count: nil of none.
func mean(length record.Instant, n int64) any {
	if n <= 0 {
		return nil
	}
	return math.Round(float64(length)/float64(n)/1e5) / 10
}

// share returns a percentage to the nearest tenth: nil of none.
func share(part, whole float64) any {
	if whole <= 0 {
		return nil
	}
	return math.Round(1000*min(1, max(0, part/whole))) / 10
}

// shareDown returns a percentage that is never more than it is.
func shareDown(part, whole record.Instant) float64 {
	return math.Floor(1000*float64(part)/float64(whole)) / 10
}
