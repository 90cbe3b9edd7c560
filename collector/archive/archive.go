// Package archive brings into a feed's history what the upstream said before it
// was collected, or while it was not, from files that somebody kept.
//
// Records have the keys that collecting the same file gives them. So what was
// collected is not stored again, whatever is brought in twice is stored once, and
// what was cut short goes on when it is brought in again. Of a kind whose
// upstream repeats itself, identical records of one instant are one, as ever.
//
// A file is one delivery: those of one feed may come in any order, and one at a
// time. A last line without its end is half a line, and rejected.
package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// History is where records are brought. *history.DB has the methods.
type History interface {
	Import(ctx context.Context, name string, kind int, records []record.Record) (history.Outcome, error)
	Foresee(ctx context.Context, name string, records []record.Record) (history.Outcome, error)
}

// Options say what to bring in, and how gently.
type Options struct {
	Feed   feed.Options // with its name and format
	Kind   feed.Kind
	DryRun bool // nothing is stored
	// Room is called before each transaction, with how long the last one took,
	// and returns how many records it may store. nil: as many as are useful.
	Room   func(ctx context.Context, took time.Duration) (rows int)
	Report func(Progress) // called after each transaction; may be nil
}

// Rows is how many records one transaction stores at the most: more gains nothing.
const Rows = 20_000

// Progress is how far one file is.
type Progress struct {
	File        string
	Read, Bytes int64   // of the file as it is on disk
	Records     int64   // of the file, so far
	Rate        float64 // records a second since the beginning of the file
}

// A Result is what became of the files, in their order.
type Result struct {
	Files   []File    `json:"files"`
	Skipped []Skipped `json:"skipped"` // numbers of calls that are missing between files
	// Missing is the time of calls whose numbers are skipped in a file or between
	// files, and stand in none of the others.
	Missing []record.Span `json:"-"`
}

// A File is what became of one. A time is zero where there was no record.
type File struct {
	File     string         `json:"file"`
	Records  int64          `json:"records"` // those that were read
	Added    int64          `json:"added"`   // to the history; of a dry run: that would be
	Already  int64          `json:"already"` // were there
	TooOld   int64          `json:"too_old"` // are of a time that is kept no more
	Rejected int64          `json:"rejected"`
	First    record.Instant `json:"first"`
	Last     record.Instant `json:"last"`
	Refusals []Refusal      `json:"refusals"` // the first of the rejected
	Skipped  []Skipped      `json:"skipped"`  // numbers of calls that are missing in the file
	TookS    float64        `json:"took_s"`

	numbers *feed.Numbers // of its calls
}

// A Refusal is a piece of a file that is no record.
type Refusal struct {
	Line   int64  `json:"line"` // in a binary file the head is the first
	Reason string `json:"reason"`
	Head   string `json:"head"` // how it begins
}

// A Skipped is some numbers that the upstream gave to calls that are not told of.
type Skipped struct {
	First int64          `json:"first"`
	Last  int64          `json:"last"`
	From  record.Instant `json:"from"` // the calls before and behind them were told of these times
	Until record.Instant `json:"until"`
}

// ErrNoFile tells that a path is of no file with something in it: a directory, or
// a pipe.
var ErrNoFile = errors.New("not a regular file")

// manyTold is how many refusals, and stretches of numbers, are told of a file.
const manyTold = 20

// Import brings in the files, one after the other. It ends at the first one that
// cannot be read to its end, or is not of the format (*feed.ShapeError): what was
// stored until then stays, and is told in the result beside the error.
func Import(ctx context.Context, into History, paths []string, opt Options) (Result, error) {
	done := Result{Files: []File{}, Skipped: []Skipped{}}
	var numbers []*feed.Numbers
	for _, path := range paths {
		f, err := importFile(ctx, into, path, opt)
		done.Files, numbers = append(done.Files, f), append(numbers, f.numbers)
		if err != nil {
			return done, fmt.Errorf("file %s: %w", path, err)
		}
	}
	var missing []feed.Missing
	for _, n := range numbers {
		missing = append(missing, n.Missing()...)
	}
	missing = slices.DeleteFunc(missing, func(m feed.Missing) bool { return m.In(numbers) })
	lost := feed.Between(numbers)
	done.Skipped = skipped(lost)
	for _, m := range append(missing, lost...) {
		done.Missing = append(done.Missing, m.Span())
	}
	return done, nil
}

// skipped tells the first of what is missing.
func skipped(missing []feed.Missing) []Skipped {
	told := []Skipped{}
	for _, m := range missing[:min(len(missing), manyTold)] {
		told = append(told, Skipped{m.First, m.Last, m.From, m.Until})
	}
	return told
}

func importFile(ctx context.Context, into History, path string, opt Options) (File, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := open(ctx, path)
	if err != nil {
		return File{File: path}, err
	}
	defer s.Close() //nolint:errcheck // it was only read
	format, err := feed.NewFormat(opt.Feed)
	if err != nil {
		return File{File: path}, err
	}
	r := newReader(s, format, opt)
	go r.run(ctx)
	w := writer{into: into, opt: opt, begun: time.Now(), from: s, done: File{File: path}}
	err = w.run(ctx, r)
	cancel()
	<-r.ended
	return w.finish(r), err
}
