package files

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// ago returns an instant that lies so many seconds back, and its line.
func ago(seconds int, text string) (record.Instant, string) {
	at := time.Now().Add(time.Duration(-seconds) * time.Second).Unix()
	return record.Instant(at) * record.Second, line(at-began, text)
}

// wantMissing says that an instant must lie in a hole.
func (s *site) wantMissing(at record.Instant) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var holes []string
	for _, m := range s.marks {
		if m.What != feed.HoleMark {
			continue
		}
		if m.From <= at && at < m.Until {
			return
		}
		holes = append(holes, fmt.Sprintf("%s to %s", m.From, m.Until))
	}
	s.t.Errorf("nothing is missing at %s: %q", at, holes)
}

// Two nodes write, a file each, and one of these cannot be read: what it held may
// be older than what the other one says, and newer.
func TestAFileOfAnotherNodeThatCannotBeRead(t *testing.T) {
	s := newSite(t, nil)
	s.storage = without{local{}, "node02_2"}
	s.restart()
	_, early := ago(100, "early")
	s.write("node01_1", early)
	s.sweep()
	before, lost := ago(50, "lost")
	_, good := ago(30, "good")
	after, late := ago(10, "lost too")
	s.write("node01_2", good)
	s.write("node02_2", lost+late)
	s.sweep()
	s.sweep()
	s.wantRejected("in/node02_2: permission denied")
	_, next := ago(5, "next")
	s.write("node01_3", next)
	s.sweep()
	s.wantMissing(before)
	s.wantMissing(after)
}

// A line that is too long is followed by a file with an older one.
func TestALineTooLongBeforeAnOlderFile(t *testing.T) {
	s := newSite(t, nil)
	s.common.Format = "cdr_csv"
	s.restart()
	bill := func(seconds int, field string) (record.Instant, string) {
		at := time.Now().UTC().Add(time.Duration(-seconds) * time.Second).Truncate(time.Second)
		return record.At(at), `"` + field + `"` + strings.Repeat(`,"x"`, 10) + at.Format(`,"2006-01-02 15:04:05"`) + "\n"
	}
	_, first := bill(100, "a")
	s.write("a", first)
	s.sweep()
	lost, long := bill(20, strings.Repeat("x", 300))
	_, older := bill(45, "b")
	s.write("b", long)
	s.sweep()
	s.write("c", older)
	s.sweep()
	s.wantMissing(lost)
	if len(s.stored) != 2 {
		t.Errorf("%d records", len(s.stored))
	}
}

// A line that is too long tells its time all the same: it is missing there, also
// when it comes later than it should.
func TestALineTooLongTellsItsTime(t *testing.T) {
	s := newSite(t, nil)
	_, first := ago(7000, "first")
	s.write("a", first)
	s.sweep()
	lost, long := ago(5000, strings.Repeat("x", 300))
	s.write("b", long)
	s.sweep()
	s.wantMissing(lost)
}

// What is rejected before anything good came begins no session, and is missing in
// the one that a record of before begins.
func TestAFirstFileThatCannotBeRead(t *testing.T) {
	s := newSite(t, nil)
	lost, _ := ago(20, "")
	s.write("a", "nonsense\n")
	_, good := ago(40, "good")
	s.write("b", good)
	s.sweep()
	s.wantMissing(lost)
}

// What is missing is told at once: a reader that dies then, and goes on behind it,
// does not take it for heard.
func TestAHoleOutlivesItsReader(t *testing.T) {
	s := newSite(t, nil)
	_, first := ago(100, "first")
	s.write("a", first)
	s.sweep()
	before, _ := ago(50, "")
	after, _ := ago(1, "")
	s.write("b", "nonsense\n")
	s.sweep()
	s.restart()
	_, next := ago(0, "next")
	s.write("c", next)
	s.sweep()
	s.wantMissing(before)
	s.wantMissing(after)
	if got := s.begins(); len(got) != 2 || got[1] != "continues" {
		t.Errorf("sessions: %q", got)
	}
}
