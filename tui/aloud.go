package tui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// How much is written at once: so wide that little is cut off, which nobody could
// look up.
const (
	aloudWidth  = 160
	aloudHeight = 40
)

// Aloud is the screens for somebody who is read to: nothing is ever drawn anew.
// What is seen is written a line below another, and a key is a line that is
// typed: its name, "#3" for the third row, or the text that is asked for. It
// ends when the input does, or with ctx, and with nothing that it began running.
func Aloud(ctx context.Context, from Sources, o Options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	v := aloud{from: from, out: o.Out}
	v.f = newFrame(screens(from))
	v.f.width, v.f.height, v.f.looks, v.f.may = aloudWidth, aloudHeight, o.Look, o.May
	v.f.view = view{Now: time.Now(), flags: flags(o.Config), local: o.Local}
	lines := typedLines(ctx, o.In)
	v.grant(ctx, wish{look: true})
	if _, err := fmt.Fprintln(o.Out, "A line is a key: ? tells them, #3 chooses the third row, esc goes back, save ends a form, q leaves."); err != nil {
		return err
	}
	for {
		v.look(ctx)
		if err := v.write(); err != nil {
			return err
		}
		select {
		case line, ok := <-lines:
			if !ok || !v.typed(ctx, line) {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// typedLines returns what is typed, a line at a time. Who reads goes on until
// the input ends, which is when the program does.
func typedLines(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// An aloud is a frame that is written.
type aloud struct {
	f    frame
	from Sources
	out  io.Writer
	// written is when what is asked was written: a yes that was typed before is
	// not about it.
	written time.Time
	head    [headLines]string // as it was written last
}

// headLines stand above each page: who is who, and the screens. They are written
// where they are others than before: nobody wants them read out after every key.
const headLines = 2

// look looks at the pair.
func (v *aloud) look(ctx context.Context) {
	seen := glimpse(ctx, v.from.Pair)
	v.f.Now, v.f.Failed = seen.at, seen.err
	if seen.err == nil {
		v.f.State, v.f.Looked = seen.state, seen.at
	}
	v.f = v.f.settled()
}

// write writes what is seen, and what can be typed.
func (v *aloud) write() error {
	var b strings.Builder
	blank := 0
	for i, l := range v.f.lines() {
		text := l.draw(Theme{}, aloudWidth)
		if i < headLines {
			said, _, _ := strings.Cut(strings.TrimSpace(text), "  ") // without the clock
			if said == v.head[i] {
				continue
			}
			v.head[i] = said
		}
		if text == "" {
			blank++ // at the end of the page they say nothing
			continue
		}
		if blank > 0 {
			b.WriteString("\n")
		}
		blank = 0
		b.WriteString(text + "\n")
	}
	_, err := fmt.Fprintf(v.out, "%s> ", b.String())
	v.written = time.Now()
	return err
}

// typed does what a line says. It returns false when somebody leaves.
func (v *aloud) typed(ctx context.Context, line string) bool {
	if k := v.f.asking; k != nil && k.rung == afterPlan && k.question() == nil {
		read := *k
		read.ripe = time.Since(v.written) >= ripeAfter
		v.f.asking = &read
	}
	for _, key := range v.f.keysOf(line) {
		f, w := v.f.press(key)
		if v.f = f; w.quit {
			return false
		}
		v.grant(ctx, w)
	}
	return ctx.Err() == nil
}

// keysOf returns the keys that a typed line stands for.
func (f frame) keysOf(line string) []string {
	text := strings.TrimSpace(line)
	if text == "esc" {
		return []string{"esc"}
	}
	letters := strings.Split(line, "")
	switch {
	case f.form != nil && text == "save":
		return []string{"ctrl+s"}
	case f.form != nil && (text == "up" || text == ""):
		return []string{map[bool]string{true: "up", false: "down"}[text == "up"]}
	case f.form != nil:
		return append(append([]string{"end", "ctrl+u"}, letters...), "down")
	case f.asking != nil && (f.asking.question() != nil || f.asking.rung == afterName), f.filter != nil, f.palette != nil:
		return append(append([]string{"end", "ctrl+u"}, letters...), "enter")
	}
	if row, ok := strings.CutPrefix(text, "#"); ok {
		if n, err := strconv.Atoi(row); err == nil && n > 0 {
			keys := []string{"g"}
			for range min(n-1, mostRows) {
				keys = append(keys, "j")
			}
			return keys
		}
	}
	switch text {
	case "":
		return nil
	case keyName(" "):
		return []string{" "}
	}
	return []string{text}
}

// mostRows is how far a row can be named by its number.
const mostRows = 1000

// grant does what a key wishes for, and waits until it is done.
func (v *aloud) grant(ctx context.Context, w wish) {
	switch {
	case w.run != nil:
		to := &transcript{}
		exit := v.from.Do.Do(ctx, w.run, to)
		to.end(exit)
		j := *v.f.job
		j.said, j.ended, j.exit, j.top = nil, true, exit, 0
		j.said, _, _ = to.read()
		v.f.job = &j
		v.f = v.f.ended()
		w.look = true
	case w.plan != nil:
		to := &transcript{}
		exit := v.from.Do.Do(ctx, w.plan, to)
		to.end(exit)
		words, _, _ := to.read()
		v.f = v.f.plannedSo(words, exit)
	case w.check && v.f.asking != nil:
		would, err := v.from.Editor.Try(ctx, v.f.draft)
		v.f = v.f.tried(tried{plan: v.f.asking.serial, would: would, err: err})
	case w.check && v.f.form != nil:
		would, err := v.from.Editor.Try(ctx, drafted(v.f.draft, v.f.form.edits()...))
		v.f = v.f.tried(tried{serial: v.f.form.serial, would: would, err: err})
	case w.save:
		text, err := v.from.Editor.Save(ctx, v.f.draft)
		v.f = v.f.savedSo(saved{text, err})
		w.look = true
	}
	if s := v.f.screen(); w.look && s.look != nil {
		k, _ := glance(ctx, s, v.from, v.f.browse().place)
		v.f = v.f.took(v.f.placeID(), k)
	}
}
