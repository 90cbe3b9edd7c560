package tail

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// many makes so many lines that they are not read at once.
func many(from, n, width int) (text string, said []string) {
	var all strings.Builder
	for i := from; i < from+n; i++ {
		what := fmt.Sprintf("%0*d", width, i)
		all.WriteString(line(int64(i/100), what))
		said = append(said, fmt.Sprintf("%d %s#0", i/100, what))
	}
	return all.String(), said
}

// Whoever tells may wait for hours until there is room. What is cut meanwhile
// without a copy is a gap, even though the end of the file comes next.
func TestCutWhileRead(t *testing.T) {
	s := newSite(t)
	text, said := many(0, 3000, 100)
	s.write(text)
	s.during("0", func() { s.must(os.Truncate(s.path, 0)) })
	s.collect()
	for range 3 {
		s.collect()
	}
	if n := len(s.stored); n == 0 || n == len(said) {
		t.Fatalf("%d lines stored: this proves nothing", n)
	}
	if diff := cmp.Diff([]feed.Reason{feed.Unreachable}, s.ends()); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
	if n := len(s.begins()); n != 2 {
		t.Errorf("sessions %q, want one before the loss and one after", s.begins())
	}
	if len(s.marks) < 2 || s.marks[1].What != feed.EndMark {
		t.Errorf("marks %+v: want nothing proven before the loss", s.marks)
	}
}

// A file that was copied, cut and has grown past where it was read is not read
// on in the middle of something else.
func TestCopiedAndCutWhileRead(t *testing.T) {
	for name, head := range map[string]string{
		"the beginning tells":     "",
		"only what was read last": strings.Repeat(line(0, strings.Repeat("=", 100)), 4),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			before, saidBefore := many(0, 3000, 100)
			after, saidAfter := many(3000, 6000, 77)
			s.write(head + before)
			s.during("0042", func() {
				s.copyAndCut()
				s.write(head + after)
			})
			for range 3 {
				s.collect()
			}
			var got []string
			for _, text := range s.said() {
				if !strings.Contains(text, "===") {
					got = append(got, text)
				}
			}
			if diff := cmp.Diff(append(saidBefore, saidAfter...), got); diff != "" {
				t.Errorf("records (-want +got):\n%.2000s", diff)
			}
			if len(s.begins()) != 1 || len(s.rejected) > 0 {
				t.Errorf("sessions %q, rejected %q: nothing was missed", s.begins(), s.rejected)
			}
		})
	}
}

// A line that was not told is not behind us when the disk fails.
func TestDiskFailsBeforeALineIsTold(t *testing.T) {
	s := newSite(t)
	s.during("two", func() { s.follower.file.close() }) // stands for what follows an EIO
	s.write(line(1, "one") + line(2, "two") + line(3, "three"))
	for range 3 {
		s.collect()
	}
	s.want([]string{"1 one#0", "2 two#0", "3 three#0"}, []string{"from 1"})
}

// After a loss, files that were read before the one that is gone are not read
// again, however long ago the end of a file was seen.
func TestLossReadsNothingAgain(t *testing.T) {
	s := newSite(t)
	s.write(line(1, "a"))
	s.collect()
	s.start.CoveredUntil = record.Instant(began-10) * record.Second // nothing was proven since long ago
	s.restart()
	s.rename()
	s.write(line(2, "b"))
	s.rename()
	text, _ := many(300, 3000, 100)
	s.write(text)
	s.during("0", func() { s.must(os.Truncate(s.path, 0)) })
	for range 4 {
		s.collect()
	}
	if len(s.ends()) == 0 {
		t.Error("no loss was told")
	}
	if s.twice > 0 {
		t.Errorf("%d lines came twice", s.twice)
	}
}
