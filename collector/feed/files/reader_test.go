package files

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
)

func TestOldestFirst(t *testing.T) {
	s := newSite(t, nil)
	s.write("b", line(1, "b1")+line(1, "b1")+line(2, "b2"))
	s.write("a", line(1, "b1")+line(3, "a"))
	s.write("c", line(4, "c"))
	s.must(os.Chtimes(filepath.Join(s.dir, "c"), s.now.Add(-30*time.Second), s.now.Add(-30*time.Second)))
	s.sweep()
	s.twice = 0 // b1#0 of file a has the key of the one in b: one delivery each
	s.want("4 c#0", "1 b1#0", "1 b1#1", "2 b2#0", "3 a#0")
	s.sweep()
	s.restart()
	s.sweep()
	s.want("4 c#0", "1 b1#0", "1 b1#1", "2 b2#0", "3 a#0")
	if diff := cmp.Diff([]string{"from 4", "continues"}, s.begins()); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
}

// What is still being written is let be until it is not, whether its name or
// its age says so.
func TestBeingWritten(t *testing.T) {
	s := newSite(t, func(o *options, _ string) { o.Mask, o.Age = "*.csv*", "1h" })
	for _, name := range []string{"_a.csv", "a.csv_", ".a.csv", "a.csv.part", ".part.csv", "a.txt"} {
		s.write(name, line(1, name))
	}
	s.write("young.csv", line(1, "young"))
	young := filepath.Join(s.dir, "young.csv")
	s.must(os.Chtimes(young, time.Now(), time.Now()))
	s.sweep()
	s.want()
	s.must(os.Chtimes(young, time.Now(), time.Now().Add(-2*time.Hour)))
	s.must(os.Rename(filepath.Join(s.dir, "_a.csv"), filepath.Join(s.dir, "a.csv")))
	s.sweep()
	s.want("1 _a.csv#0", "1 young#0")
	s.wantRejected()
}

func TestReadLimit(t *testing.T) {
	s := newSite(t, func(o *options, _ string) { o.ReadLimit = 2 })
	var want []string
	for i := range 5 {
		s.write(fmt.Sprint(9-i), line(int64(i), "x"))
		want = append(want, fmt.Sprintf("%d x#0", i))
	}
	for _, n := range []int{2, 4, 5, 5} {
		s.sweep()
		s.want(want[:n]...)
	}
	s.wantRejected()
}

// A file that has grown is read on, whatever happened in between; one that was
// replaced is read as the other one that it is.
func TestChangedUnderItsName(t *testing.T) {
	for name, restart := range map[string]bool{"while it runs": false, "over a restart": true} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			again := func() {
				if restart {
					s.restart()
				}
				s.sweep()
			}
			s.write("a", line(1, "x")+line(1, "x"))
			s.sweep()
			s.write("a", line(1, "x")+line(2, "y"))
			again()
			s.want("1 x#0", "1 x#1", "1 x#2", "2 y#0")
			s.must(os.Remove(filepath.Join(s.dir, "a")))
			s.write("a", line(3, "z")+line(3, "z"))
			again()
			s.must(os.Truncate(filepath.Join(s.dir, "a"), 0))
			s.write("a", strings.Repeat(line(4, "w"), 9))
			again()
			want := []string{"1 x#0", "1 x#1", "1 x#2", "2 y#0", "3 z#0", "3 z#1"}
			for n := range 9 {
				want = append(want, fmt.Sprintf("4 w#%d", n))
			}
			s.want(want...)
			s.wantRejected()
		})
	}
}

// A last line without an end is taken once the file has stayed the same for a
// while.
func TestLastLineWithoutEnd(t *testing.T) {
	s := newSite(t, nil)
	text := line(1, "a") + line(2, "b")
	path := filepath.Join(s.dir, "f")
	s.must(os.WriteFile(path, []byte(text[:len(text)-1]), 0o600))
	s.sweep()
	s.want("1 a#0")
	s.tick("f") // long ago
	s.sweep()
	s.want("1 a#0", "2 b#0")
	s.restart()
	s.sweep()
	s.want("1 a#0", "2 b#0")
	s.wantRejected()
}

func TestPacked(t *testing.T) {
	s := newSite(t, archiving)
	pack := func(name, text string, cut int) {
		var b strings.Builder
		z := gzip.NewWriter(&b)
		_, err := z.Write([]byte(text))
		s.must(err)
		s.must(z.Close())
		s.write(name, b.String()[:b.Len()-cut])
	}
	pack("a.gz", line(1, "a")+line(2, "b"), 0)
	pack("bomb.gz", strings.Repeat("x", 24<<20), 0)
	pack("cut.gz", line(3, "c"), 4)
	s.write("no.gz", line(4, "d"))
	s.write("empty.gz", "")
	s.sweep()
	s.want("1 a#0", "2 b#0", "3 c#0")
	s.wantRejected()
	s.sweep() // tried again
	s.wantNames(s.options.Archive, "a.gz", "empty.gz")
	s.wantNames(s.options.Error, "bomb.gz", "bomb.gz.reason", "cut.gz", "cut.gz.reason", "no.gz", "no.gz.reason")
	if why := s.content(s.options.Error + "/bomb.gz.reason"); !strings.HasPrefix(why, "unpack it: ") || !strings.Contains(why, " bytes become more than ") {
		t.Errorf("bomb: %s", why)
	}
	s.twice = 0 // c was read at each try
	s.wantNames(s.options.Stage)
	s.wantNames(s.dir)
}

// A file with pieces that cannot be kept goes to those that are wrong, and what
// could be is stored.
func TestArchiveAndError(t *testing.T) {
	s := newSite(t, archiving)
	s.write("good", line(1, "a"))
	s.write("bad", line(2, "b")+"what\n"+line(3, "c"))
	s.sweep()
	s.want("1 a#0", "2 b#0", "3 c#0")
	s.wantRejected(`stage/bad, byte 13: no "|": not a line of queue_log`)
	s.write("good", line(4, "d")) // another one of the name
	s.sweep()
	s.restart()
	s.sweep()
	s.want("1 a#0", "2 b#0", "3 c#0", "4 d#0")
	s.wantNames(s.dir)
	s.wantNames(s.options.Stage)
	s.wantNames(s.options.Archive, "good", "good.1")
	s.wantNames(s.options.Error, "bad", "bad.reason")
	if why := s.content(s.options.Error + "/bad.reason"); why != "1 pieces of it were rejected, the others are stored: see the log\n" {
		t.Error(why)
	}
	if s.content(s.options.Archive+"/good") != line(1, "a") || s.content(s.options.Archive+"/good.1") != line(4, "d") {
		t.Error("what was archived is not what was written")
	}
}

// What cannot be read is tried again, then told of; the others are read.
func TestUnreadable(t *testing.T) {
	s := newSite(t, nil)
	s.storage = without{local{}, "b"}
	s.restart()
	s.write("a", line(1, "a"))
	s.write("b", line(2, "b"))
	s.write("c", line(3, "c"))
	s.sweep()
	s.wantRejected()
	s.sweep()
	s.wantRejected("in/b: permission denied")
	if h := s.q.Health(); h.State != feed.Live || h.Err == nil || !strings.Contains(h.Err.Error(), "in/b: permission denied") {
		t.Errorf("health: %+v", h)
	}
	s.storage = local{}
	s.restart()
	s.sweep()
	s.want("1 a#0", "3 c#0")
	s.tick("b")
	s.sweep()
	s.want("1 a#0", "3 c#0", "2 b#0")
	if h := s.q.Health(); h.Err != nil {
		t.Errorf("health: %+v", h)
	}
}

// A file that is gone before it was read to its end is a hole, and one that
// never was seen finished is none.
func TestGone(t *testing.T) {
	s := newSite(t, func(o *options, _ string) { o.ReadLimit, o.Age = 1, "1h" })
	s.write("a", line(1, "a"))
	s.write("b", line(2, "b"))
	s.write("c", line(3, "c"))
	s.must(os.Chtimes(filepath.Join(s.dir, "c"), time.Now(), time.Now()))
	s.sweep()
	s.must(os.Remove(filepath.Join(s.dir, "b")))
	s.must(os.Remove(filepath.Join(s.dir, "c")))
	s.sweep()
	s.want("1 a#0")
	s.wantRejected("in/b: went away before it was read")
	var holes int
	for _, m := range s.marks {
		if m.What == feed.HoleMark {
			holes++
		}
	}
	if holes != 1 {
		t.Errorf("%d holes", holes)
	}
}

// What is stored of one directory says nothing of another one, nor of files that
// the mask left out: they are read, and a gap says that they were not heard.
func TestAnotherMask(t *testing.T) {
	s := newSite(t, func(o *options, _ string) { o.Mask = "a*" })
	s.write("b", line(1, "b"))
	s.write("a", line(2, "a"))
	s.sweep()
	s.options.Mask = "*"
	s.restart()
	s.sweep()
	s.twice = 0 // a was read again
	s.want("2 a#0", "1 b#0")
	if got := s.begins(); len(got) != 2 || got[1] == "continues" {
		t.Errorf("sessions: %q", got)
	}
}

// Files that were left once are not removed for what is said of them: they are
// read again.
func TestLeftThenDeleted(t *testing.T) {
	s := newSite(t, nil)
	s.write("a", line(1, "a"))
	s.write("b", line(2, "b"))
	s.sweep()
	s.options.After, s.options.Error = remove, filepath.Dir(s.dir)+"/error"
	s.must(os.Mkdir(s.options.Error, 0o700))
	s.restart()
	s.sweep()
	if s.twice != 1 { // b was the last one: it is known
		t.Errorf("%d came twice", s.twice)
	}
	s.twice = 0
	s.want("1 a#0", "2 b#0")
	s.wantNames(s.dir)
}

// A directory into which nothing new comes for longer than silence is mute, also
// over a restart, until a record comes: the gap ends there.
func TestSilence(t *testing.T) {
	s := newSite(t, func(o *options, _ string) { o.Silence = "1h" })
	s.write("a", line(1, "a"))
	s.sweep()
	if s.q.Health().State != feed.Live {
		t.Fatalf("health %+v", s.q.Health())
	}
	quiet := func() {
		t.Helper()
		if h := s.q.Health(); h.State != feed.Down || h.Err == nil || h.Err.Error() != "nothing new came for 1h0m0s" {
			t.Errorf("health %+v", h)
		}
		if last := s.marks[len(s.marks)-1]; last.What != feed.EndMark || last.Reason != feed.Mute {
			t.Errorf("marks %+v", s.marks)
		}
	}
	s.r.came = s.r.came.Add(-2 * time.Hour)
	s.sweep()
	quiet()
	covered := s.start.CoveredUntil
	s.restart()
	s.sweep()
	quiet()
	later := time.Now().Add(-10*time.Second).Unix() - began
	s.write("b", line(later, "b"))
	s.sweep()
	s.want("1 a#0", fmt.Sprintf("%d b#0", later))
	var begun *feed.Mark
	for i, m := range s.marks {
		if m.What == feed.BeginMark {
			begun = &s.marks[i]
		}
	}
	if begun.Begin.Continues || begun.From <= covered {
		t.Errorf("begins %+v, covered until %s", begun, covered)
	}
	if s.q.Health().State != feed.Live {
		t.Errorf("health %+v", s.q.Health())
	}
}
