package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

const (
	watchInterval = 2 * time.Second
	clearScreen   = "\x1b[H\x1b[2J"
)

// watch shows something again and again: what the verb shows once. Being
// interrupted is how it ends.
func watch(ctx context.Context, call *cli.Call, verb string, show func() error) error {
	screen := call.Out
	onScreen := call.Format == cli.Text && cli.IsTerminal(screen)
	var frame bytes.Buffer
	if onScreen {
		call.Out = &frame
	}
	return repeat(ctx, func() error {
		if err := show(); err != nil {
			return err
		}
		if onScreen { // at once, so that it does not flicker
			columns, rows := cli.Screen(screen)
			fmt.Fprintf(screen, "%s%s", clearScreen, fitted(frame.String(), verb, columns, rows))
			frame.Reset()
		}
		return nil
	})
}

// repeat looks every two seconds, until it is interrupted.
func repeat(ctx context.Context, look func() error) error {
	for {
		if err := look(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return interrupted(ctx)
		case <-time.After(watchInterval):
		}
	}
}

// fitted cuts a text at its end, so that its beginning stays on a screen. The
// last row is left to the cursor; 0 rows are any number. The verb shows all.
func fitted(text, verb string, columns, rows int) string {
	lines := strings.SplitAfter(text, "\n")
	if n := len(lines); lines[n-1] == "" {
		lines = lines[:n-1]
	}
	taken := make([]int, len(lines)) // rows up to and with each line
	used := 0
	for i, line := range lines {
		length := utf8.RuneCountInString(strings.TrimSuffix(line, "\n"))
		used += max(1, (length+columns-1)/max(columns, 1))
		taken[i] = used
	}
	if rows == 0 || used < rows {
		return text
	}
	kept := 0
	for kept < len(lines) && taken[kept] <= rows-2 { // one for what says so
		kept++
	}
	return strings.Join(lines[:kept], "") + fmt.Sprintf("... %d more lines; %s shows all\n", len(lines)-kept, verb)
}

// writeAlarms writes an alarm a line. Why a feed is down stands below the feeds.
func writeAlarms(w io.Writer, doc node.Document) {
	for _, a := range doc.Alarms {
		text := a.Text
		for _, f := range doc.Feeds {
			if a.Code == "feed_down" && f.Error != "" {
				text = strings.TrimSuffix(text, ": "+f.Error)
			}
		}
		if a.AckedBy != "" {
			text += " (acknowledged by " + a.AckedBy + ")"
		}
		fmt.Fprintf(w, "%s since %s: %s\n", a.Severity, a.Since.Format(time.RFC3339), inert.Text(text))
	}
}

// writeReasons says why feeds are not live, but for those of which an alarm has
// said it in full.
func writeReasons(w io.Writer, feeds []node.FeedDocument, alarms []node.Alarm) {
	said := func(f node.FeedDocument) bool {
		for _, a := range alarms {
			if a.Code == "feed_warning" && a.Text == fmt.Sprintf("feed %q: %s", f.Name, f.Error) {
				return true
			}
		}
		return false
	}
	for _, f := range feeds {
		if f.Error != "" && !said(f) {
			fmt.Fprintf(w, "%s: %s\n", inert.Text(f.Name), inert.Text(f.Error))
		}
		if f.Unproven {
			fmt.Fprintf(w, "%s: coverage is unproven: nothing acknowledges what its upstream says\n", inert.Text(f.Name))
		}
		if f.Untimed > 0 {
			fmt.Fprintf(w, "%s: records without time: %d; the twins cannot be compared on them\n", inert.Text(f.Name), f.Untimed)
		}
	}
}
