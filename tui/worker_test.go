package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A doerFunc is a doer made of a function.
type doerFunc func(ctx context.Context, args []string, out io.Writer) int

func (f doerFunc) Do(ctx context.Context, args []string, out io.Writer) int { return f(ctx, args, out) }

// TestHalt holds that a line that runs is interrupted, that what it said until
// then is there, and that nobody leaves before it has ended.
func TestHalt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var w worker
		begun := w.work(ctx, Sources{Do: doerFunc(func(ctx context.Context, args []string, out io.Writer) int {
			fmt.Fprintf(out, "%s begins\nhalf a li", args[0])
			<-ctx.Done()
			time.Sleep(time.Second) // it takes its time to end
			return 130
		})}, io.Discard)
		first, second := &transcript{}, &transcript{}
		go begun.run([]string{"sync"}, first)()
		synctest.Wait()
		if lines, ended, _ := first.read(); ended || len(lines) != 1 || lines[0] != "sync begins" {
			t.Errorf("it has ended %v, and said %q", ended, lines)
		}
		begun.halt()
		time.Sleep(2 * time.Second)
		if lines, ended, exit := first.read(); !ended || exit != 130 || len(lines) != 2 {
			t.Errorf("interrupted it has ended %v with %d, and said %q", ended, exit, lines)
		}
		go begun.run([]string{"fill"}, second)()
		synctest.Wait()
		stop()
		w.wait()
		if _, ended, _ := second.read(); !ended {
			t.Error("somebody left before it had ended")
		}
		third := &transcript{}
		begun.run([]string{"late"}, third)()
		if lines, _, _ := third.read(); lines != nil {
			t.Error("something is begun after the end")
		}
	})
}

// TestVisit holds that a look at a place ends when another is looked at, and
// that what it finds then is nobody's.
func TestVisit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var w worker
		begun := w.work(ctx, Sources{}, io.Discard)
		s := screen{look: func(ctx context.Context, _ Sources, at place) (any, error) {
			if at.leaf() == "slow" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return "seen", nil
		}}
		slow := make(chan any, 1)
		cmd := begun.place(1, s, place{path: []string{"slow"}}, "a")
		go func() { slow <- cmd() }()
		synctest.Wait()
		fast, ok := begun.place(2, s, place{}, "b")().(visited)
		if !ok || fast.known.data != "seen" || fast.visit != 2 {
			t.Errorf("the second look brings %+v", fast)
		}
		if got := <-slow; got != nil {
			t.Errorf("the first look brings %+v all the same", got)
		}
	})
}

// TestGlanceEnds holds that a look at a place that does not come back fails.
func TestGlanceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, took := glance(t.Context(), screen{look: func(ctx context.Context, _ Sources, _ place) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}, Sources{}, place{})
		if took != lookWithin || !errors.Is(k.failed, context.DeadlineExceeded) || !k.looked.IsZero() {
			t.Errorf("after %s it brings %+v", took, k)
		}
	})
}

// TestTranscriptBounds holds that a line that talks for ever costs bounded memory.
func TestTranscriptBounds(t *testing.T) {
	var to transcript
	long := strings.Repeat("x", 3*maxLine)
	for range maxLines + 10 {
		if n, err := fmt.Fprintln(&to, long); n != len(long)+1 || err != nil {
			t.Fatal(n, err)
		}
	}
	fmt.Fprint(&to, long, long)
	to.end(0)
	lines, _, _ := to.read()
	if len(lines) != maxLines+1 || len(lines[0]) != maxLine || len(lines[maxLines]) != maxLine {
		t.Errorf("%d lines, the first of %d bytes", len(lines), len(lines[0]))
	}
}
