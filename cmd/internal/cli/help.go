package cli

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Help writes the help of the verb that words lead to; of the program itself
// without words.
func (c *Call) Help(words ...string) error {
	inv := &invocation{path: []*Command{c.root}}
	for _, word := range words {
		if len(inv.command().Sub) == 0 {
			return inv.usage("it has no verb %q", word)
		}
		sub, err := inv.sub(word)
		if err != nil {
			return err
		}
		inv.path = append(inv.path, sub)
	}
	return writeHelp(c.Out, inv.path)
}

// writeHelp writes the manual page of the last command of path.
func writeHelp(w io.Writer, path []*Command) error {
	c := path[len(path)-1]
	p := &page{width: width(w)}
	p.head("NAME")
	p.text("    ", fullName(path)+" - "+c.Short)
	p.usage(path)
	if c.Long != "" {
		p.head("DESCRIPTION")
		p.prose(c.Long)
	}
	p.verbs(c.Sub)
	p.flags(path)
	p.outputs(c.Outputs)
	p.examples(c.Examples)
	p.exits(path)
	_, err := w.Write(p.Bytes())
	return err
}

// A page is help as it grows.
type page struct {
	bytes.Buffer
	width int
}

func (p *page) head(title string) {
	if p.Len() > 0 {
		p.WriteByte('\n')
	}
	p.WriteString(title + "\n")
}

func (p *page) usage(path []*Command) {
	c, name := path[len(path)-1], fullName(path)
	p.head("USAGE")
	if c.Run != nil {
		p.text("    ", strings.Join(strings.Fields(name+" "+c.Args+" [FLAG...]"), " "))
	}
	if len(c.Sub) > 0 {
		p.text("    ", name+" VERB [ARGUMENT...] [FLAG...]")
	}
}

// prose writes paragraphs; lines that begin with white space stay as they are.
func (p *page) prose(long string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(long), "\n\n") {
		if i > 0 {
			p.WriteByte('\n')
		}
		if strings.HasPrefix(paragraph, " ") || strings.HasPrefix(paragraph, "\t") {
			for line := range strings.SplitSeq(paragraph, "\n") {
				p.WriteString("    " + line + "\n")
			}
			continue
		}
		p.text("    ", paragraph)
	}
}

func (p *page) verbs(subs []Command) {
	var listed []Command
	longest := 0
	for _, c := range subs {
		if !c.Hidden {
			listed = append(listed, c)
			longest = max(longest, len(c.Name))
		}
	}
	if len(listed) == 0 {
		return
	}
	p.head("VERBS")
	for _, c := range listed {
		p.entry(fmt.Sprintf("    %-*s  ", longest, c.Name), c.Short)
	}
}

func (p *page) flags(path []*Command) {
	g := newGlobals(path[0])
	own, _ := g.flagsOf(path[len(path)-1])
	if own.HasAvailableFlags() {
		p.head("FLAGS")
		p.WriteString(own.FlagUsagesWrapped(p.width))
	}
	p.head("GLOBAL FLAGS")
	p.WriteString(g.flags.FlagUsagesWrapped(p.width))
}

// outputs lists what -o can be, the default first.
func (p *page) outputs(can []Format) {
	if len(can) > 0 {
		p.head("OUTPUT")
		p.text("    ", "-o "+strings.Join(formatNames(can), ", ")+"; the first unless said")
	}
}

func (p *page) examples(all []Example) {
	if len(all) == 0 {
		return
	}
	p.head("EXAMPLES")
	for _, e := range all {
		if e.Why != "" {
			p.text("    # ", e.Why)
		}
		p.WriteString("    " + e.Line + "\n")
	}
}

// exits lists what the command can end with; for the program, everything.
func (p *page) exits(path []*Command) {
	c := path[len(path)-1]
	can := slices.Concat([]Code{OK, Failed, Usage, Interrupted}, c.Exits)
	switch {
	case len(path) == 1 && len(c.Sub) > 0:
		can = codes()
	case len(path[0].Sub) > 0:
		can = append(can, Unreachable) // by --timeout, which every verb takes
	}
	p.head("EXIT STATUS")
	for _, code := range codes() {
		if slices.Contains(can, code) {
			p.entry(fmt.Sprintf("    %-3d  ", int(code)), code.String())
		}
	}
}

// WriteFilled writes words into lines that are no wider than columns, as far
// as words are not. The first stands behind label, the others below it.
func WriteFilled(w io.Writer, columns int, label, words string) error {
	p := &page{width: columns}
	p.entry(label, words)
	_, err := w.Write(p.Bytes())
	return err
}

// text writes words that are filled into lines, each behind indent.
func (p *page) text(indent, words string) { p.fill(indent, indent, words) }

// entry writes words behind a label; further lines stand below the first word.
func (p *page) entry(label, words string) {
	p.fill(label, strings.Repeat(" ", len(label)), words)
}

func (p *page) fill(first, further, words string) {
	p.WriteString(first)
	at, empty := len(first), true
	for word := range strings.FieldsSeq(words) {
		if !empty && at+1+len(word) > p.width {
			p.WriteString("\n" + further)
			at, empty = len(further), true
		}
		if !empty {
			p.WriteByte(' ')
			at++
		}
		p.WriteString(word)
		at, empty = at+len(word), false
	}
	p.WriteByte('\n')
}
