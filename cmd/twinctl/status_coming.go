package main

import (
	"fmt"
	"io"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// writeComing writes which runs come next, behind what was said of timetables.
func writeComing(w io.Writer, t *node.TimetablesDocument) {
	coming := t.Coming
	if len(coming) == 0 && t.Next != nil {
		coming = []node.NextRun{*t.Next}
	}
	for i, next := range coming {
		fmt.Fprintf(w, "%s%s at %s", []string{"; next ", ", "}[min(i, 1)], inert.Text(next.Timetable), second(&next.At))
	}
}

// writeInterval writes a line about the newest quarter of an hour that is over: a
// hole in it is never shown as nothing.
func writeInterval(w io.Writer, is *node.IntervalDocument) {
	if is == nil {
		return
	}
	heard := "complete"
	if !is.Complete {
		heard = "incomplete: not every feed was heard all of it; twinctl gap list"
	}
	fmt.Fprintf(w, "interval  newest %s, %s\n", second(&is.Start), heard)
}
