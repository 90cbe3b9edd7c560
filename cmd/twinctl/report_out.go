package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/page"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

// intoWords say what --into and --mail do.
const intoWords = "With --into it goes to a file, which is there whole or not at all; the format is by the end of its name where -o does not say. " +
	"In the name stand {date}, {week}, {month} and {year} for when the time that it is about begins, {time} for the hour and minute of that, " +
	"{made} for when it was made, {report} and {server} for their names. " +
	"With --mail it is sent, as a page and as CSV, by twind: to targets or mail addresses."

// An outlet is the shape in which an answer leaves, and where to.
type outlet struct {
	into           string
	targets        []string // of mail
	columns, order []string
	filter         rowFilter
}

func (o *outlet) flags(f *cli.FlagSet) {
	o.common(f)
	f.StringArrayVar(&o.targets, "mail", nil, "send it to this `TARGET`, or mail address; may be given again")
}

// common declares those that mean the same everywhere.
func (o *outlet) common(f *cli.FlagSet) {
	f.StringSliceVar(&o.columns, "columns", nil, "only these `COLUMNS`, in this order, with commas between")
	f.StringSliceVar(&o.order, "order", nil, "rows by these `COLUMNS`; with a dash in front, downward")
	o.filter.flag(f)
	intoFlag(f, &o.into)
}

// intoFlag declares --into, which must not be empty: a script may have meant a
// name.
func intoFlag(f *cli.FlagSet, into *string) {
	f.Func("into", "write it to this `FILE`; {date} and others in its name are filled in", func(text string) error {
		*into = text
		if text == "" || text == "-" {
			return errors.New("want the name of a file; without --into it goes to standard output")
		}
		return nil
	})
}

// mailed reports whether somebody is to be sent it.
func (o *outlet) mailed() bool { return len(o.targets) > 0 }

// check holds the flags against each other.
func (o *outlet) check(call *cli.Call) error {
	if o.mailed() && o.into == "" && call.Chosen {
		return fmt.Errorf("-o %s: mail carries a page and CSV; -o is for what is shown or goes --into a file", call.Format)
	}
	if _, err := fileName(o.into, naming{}); err != nil {
		return fmt.Errorf("--into: %w", err)
	}
	return nil
}

// An answer is what is said to a question.
type answer struct {
	question string // "": what its first table is called
	key      string // of the definition; "" if it was asked as it is
	title    string // "": after the question
	from     record.Instant
	zone     *time.Location
	parts    []page.Report // the first is the answer where there is room for one
	// text and document are how more than one part is written; nil where there
	// is one.
	text     func(*cli.Call, []page.Report) error
	document func([]page.Report) any
}

// shape picks and orders columns. Of several parts each has those that it has;
// a part that has none of what was picked is left out.
func (o *outlet) shape(a answer) (answer, error) {
	several := len(a.parts) > 1
	var wrong error
	if a.parts, wrong = o.filter.parts("report "+a.asked(), a.parts); wrong != nil {
		return a, wrong
	}
	if several {
		wrong = unhad(a.parts, slices.Concat(o.columns, o.order))
	}
	var shaped []page.Report
	for _, p := range a.parts {
		columns, order := o.columns, o.order
		if several {
			columns, order = having(p.Table, columns), having(p.Table, order)
		}
		if len(o.columns) > 0 && len(columns) == 0 {
			continue
		}
		p, err := shapedAs(p, columns, order)
		wrong = errors.Join(wrong, err)
		shaped = append(shaped, p)
	}
	a.parts = shaped
	if wrong != nil {
		return a, cli.Fail(cli.Usage, fmt.Errorf("report: %w", wrong), "")
	}
	return a, nil
}

// shapedAs returns a part with such columns and rows. How things went on stays
// in the order of time.
func shapedAs(p page.Report, columns, order []string) (page.Report, error) {
	var err error
	if p.Table, err = p.Table.Sort(order); err != nil {
		return p, err
	}
	if p.Apart != nil {
		apart, err := p.Apart.Sort(order)
		if err != nil {
			return p, err
		}
		p.Apart = &apart
	}
	p.Columns = columns
	_, err = p.Table.Pick(columns)
	return p, err
}

// having returns those of the names, with a dash in front or not, that are
// columns of the table.
func having(t report.Table, names []string) (all []string) {
	for _, name := range names {
		if _, err := t.Pick([]string{strings.TrimPrefix(name, "-")}); err == nil {
			all = append(all, name)
		}
	}
	return all
}

// unhad says which of the names no part has.
func unhad(parts []page.Report, names []string) error {
	for _, name := range names {
		var lacks error
		for _, p := range parts {
			if _, lacks = p.Table.Pick([]string{strings.TrimPrefix(name, "-")}); lacks == nil {
				break
			}
		}
		if lacks != nil {
			return lacks
		}
	}
	return nil
}

// send has an answer leave: to standard output, unless it is said where to.
func (o *outlet) send(ctx context.Context, call *cli.Call, s *site, a answer) error {
	to, err := o.receivers(ctx, call, s) // before anything is written
	if err != nil {
		return err
	}
	if a, err = o.shape(a); err != nil {
		return err
	}
	for i := range a.parts {
		a.parts[i].Server, a.parts[i].Made, a.parts[i].Heading = s.Name, time.Now(), a.title
	}
	if o.into != "" {
		err = o.writeFile(call, s, a)
	}
	if err == nil && o.mailed() {
		err = a.mail(ctx, call, s, to)
	}
	if o.into != "" || o.mailed() {
		return err
	}
	return a.write(call)
}

// write writes the answer in the format that was asked for.
func (a answer) write(call *cli.Call) error {
	switch {
	case call.Format == cli.HTML:
		return page.Write(call.Out, a.parts[0])
	case call.Format == cli.JSON && a.document != nil:
		return call.Show(cli.View{Document: a.document(a.parts)})
	case call.Format == cli.Text && a.text != nil:
		return a.text(call, a.parts)
	}
	return showReport(call, picked(a.parts[0]))
}

// picked returns the table of a part that was shaped, with what was picked.
func picked(p page.Report) report.Table {
	t, err := p.Table.Pick(p.Columns)
	if err != nil { // then it was not shaped
		return p.Table
	}
	return t
}

// writeFile writes the answer to a file, and says so.
func (o *outlet) writeFile(call *cli.Call, s *site, a answer) error {
	path, err := fileName(o.into, a.naming(s.Name))
	if err != nil {
		return cli.Fail(cli.Usage, fmt.Errorf("--into: %w", err), "")
	}
	written := *call
	if format, ok := formatOf(path); ok && !call.Chosen {
		written.Format = format
	}
	var text bytes.Buffer // so that it is said how much it was
	written.Out = &text
	if err := a.write(&written); err != nil {
		return err
	}
	err = s.intoFile(path, func(w io.Writer) error { _, err := w.Write(text.Bytes()); return err })
	switch {
	case errors.Is(err, fs.ErrPermission):
		return cli.Fail(cli.Failed, err, "name a directory that the owner of the data may write to; in a timetable, one that the unit's ReadWritePaths names")
	case errors.Is(err, fs.ErrNotExist):
		return cli.Fail(cli.Failed, err, "mkdir "+filepath.Dir(path))
	case err != nil:
		return err
	}
	fmt.Fprintf(call.Err, "written to %s, %d bytes\n", inert.Text(path), text.Len())
	return nil
}

// formatOf returns the format that a file's name promises.
func formatOf(path string) (cli.Format, bool) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".html", ".htm":
		return cli.HTML, true
	case ".csv":
		return cli.CSV, true
	case ".json":
		return cli.JSON, true
	case ".jsonl", ".ndjson":
		return cli.JSONL, true
	case ".txt":
		return cli.Text, true
	}
	return "", false
}
