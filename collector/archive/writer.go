package archive

import (
	"context"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// A writer stores what a reader reads.
type writer struct {
	into  History
	opt   Options
	from  *source
	begun time.Time
	took  time.Duration // of the last transaction
	done  File
}

// run stores until the reader has nothing more. Its error is the reader's, if
// that could not go on.
func (w *writer) run(ctx context.Context, r *reader) error {
	for l := range r.full {
		for rest := l.records; len(rest) > 0; {
			n := len(rest)
			if w.opt.Room != nil {
				n = min(n, w.opt.Room(ctx, w.took))
			}
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			if err := w.store(ctx, rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		r.empty <- l // there is room for as many as there are
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return r.err
}

func (w *writer) store(ctx context.Context, records []record.Record) error {
	begun := time.Now()
	var out history.Outcome
	var err error
	if w.opt.DryRun {
		out, err = w.into.Foresee(ctx, w.opt.Feed.Name, records)
	} else {
		out, err = w.into.Import(ctx, w.opt.Feed.Name, w.opt.Kind.Code, records)
	}
	if err != nil {
		return err
	}
	w.took = time.Since(begun)
	d := &w.done
	d.Records += int64(len(records))
	d.Added += int64(out.Added)
	d.Already += int64(out.Duplicates)
	d.TooOld += int64(out.TooOld)
	for i := range records {
		if d.First == 0 || records[i].At < d.First {
			d.First = records[i].At
		}
		d.Last = max(d.Last, records[i].At)
	}
	if w.opt.Report != nil {
		p := Progress{File: d.File, Read: w.from.read.Load(), Bytes: w.from.size, Records: d.Records}
		p.Rate = float64(p.Records) / max(time.Since(w.begun).Seconds(), 0.001)
		w.opt.Report(p)
	}
	return nil
}

// finish returns what became of the file. The reader has ended.
func (w *writer) finish(r *reader) File {
	d := w.done
	d.TookS = time.Since(w.begun).Seconds()
	d.Rejected, d.Refusals, d.Skipped = r.rejected, r.refusals, skipped(r.numbers.Missing())
	if d.Refusals == nil {
		d.Refusals = []Refusal{}
	}
	d.numbers = r.numbers
	return d
}
