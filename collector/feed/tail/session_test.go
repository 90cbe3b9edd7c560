package tail

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// What coverage begins with is claimed for ever: a clock that was never set, or
// goes ahead, must not be believed.
func TestFirstLineBeginsCoverage(t *testing.T) {
	for name, c := range map[string]struct {
		first  string
		begins []string
	}{
		"a time like any other":    {line(1, "a"), []string{"from 1"}},
		"beyond all calendars":     {"99999999999|a\n", []string{"from 2"}},
		"a clock that was not set": {"0|a\n", []string{"from 2"}},
		"half an hour ahead":       {fmt.Sprintf("%d|a\n", time.Now().Unix()+1800), []string{"from now"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.write(c.first + line(2, "b"))
			s.collect()
			if diff := cmp.Diff(c.begins, s.begins()); diff != "" {
				t.Errorf("sessions (-want +got):\n%s", diff)
			}
			if now := record.At(time.Now()); s.start.CoveredUntil > now {
				t.Errorf("covered up to %s, which is %s ahead", s.start.CoveredUntil, s.start.CoveredUntil.Sub(now))
			}
		})
	}
}

// After a loss a line that tells of an earlier time does not show since when
// all is heard again: the session must not begin within what was proven.
func TestLossEndsWhereItWasSeen(t *testing.T) {
	s := newSite(t)
	now := func(second int64, text string) string { return fmt.Sprintf("%d|%s\n", time.Now().Unix()+second, text) }
	s.write(now(0, "a"))
	s.collect()
	s.write(now(0, "lost"))
	lost := record.At(time.Now())
	s.must(os.Truncate(s.path, 0))
	s.write(now(-60, "a call that began a minute ago"))
	for range 3 {
		s.collect()
	}
	var begun record.Instant
	for _, m := range s.marks {
		if m.What == feed.BeginMark {
			begun = m.From
		}
	}
	if len(s.ends()) != 1 || begun < lost {
		t.Errorf("ends %q, heard again from %s: lost was a line of %s", s.ends(), begun, lost)
	}
}

// Where times are whole seconds, what was lost may have the time of the first
// line that was not.
func TestLossTakesTheWholeSecond(t *testing.T) {
	s := newSite(t)
	s.write(line(1, "a"))
	s.collect()
	s.start.CoveredUntil = record.Instant(began+2) * record.Second
	s.restart()
	s.must(os.Remove(s.path))
	s.write(line(5, "b") + line(9, "c"))
	for range 2 {
		s.collect()
	}
	s.want([]string{"1 a#0", "5 b#0", "9 c#0"}, []string{"from 1", "from 6"})
}

// A crash after a loss was told, and before anything is heard again, does not
// make it forgotten.
func TestLossOutlivesACrash(t *testing.T) {
	s := newSite(t)
	s.write(line(1, "a"))
	s.collect()
	s.must(os.Truncate(s.path, 0))
	s.write(line(5, "b"))
	s.during("b", func() { s.store() }) // the loss, and not the line
	for range 2 {
		s.poll()
	}
	s.restart()
	for range 2 {
		s.collect()
	}
	s.want([]string{"1 a#0", "5 b#0"}, []string{"from 1", "from now"})
	// So does one after the first line of what follows.
	s.must(os.Truncate(s.path, 0))
	s.write(line(6, "c") + line(7, "d"))
	s.during("d", func() { s.q.Flush(); s.store() })
	for range 2 {
		s.poll()
	}
	s.restart()
	s.collect()
	s.want([]string{"1 a#0", "5 b#0", "6 c#0", "7 d#0"}, []string{"from 1", "from now", "from now"})
	// But once it is heard again, a crash is a crash.
	s.restart()
	s.collect()
	s.want([]string{"1 a#0", "5 b#0", "6 c#0", "7 d#0"}, []string{"from 1", "from now", "from now", "continues"})
}

// What cannot be read for another reason than that it is not there yet wants a
// person.
func TestWarnsOfWhatCannotBeRead(t *testing.T) {
	s := newSite(t)
	var logged bytes.Buffer
	s.follower.log = slog.New(slog.NewTextHandler(&logged, nil))
	s.poll()
	s.must(os.Mkdir(s.path, 0o700)) // not a file to read
	for range 3 {
		s.poll()
	}
	want := []string{"INFO", "WARN"}
	var got []string
	for l := range strings.Lines(logged.String()) {
		_, level, _ := strings.Cut(l, "level=")
		level, _, _ = strings.Cut(level, " ")
		got = append(got, level)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("levels (-want +got):\n%s\n%s", diff, logged.String())
	}
}
