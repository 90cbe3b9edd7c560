package tail

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFollow(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(*site)
		said   []string
		begins []string
	}{
		"a file that grows": {
			func(s *site) { s.write(line(1, "a")); s.collect(); s.write(line(2, "b")); s.collect() },
			[]string{"1 a#0", "2 b#0"},
			[]string{"from 1"},
		},
		"identical lines": {
			func(s *site) { s.write(line(1, "a") + line(1, "a") + line(1, "b") + line(1, "a")); s.collect() },
			[]string{"1 a#0", "1 a#1", "1 b#0", "1 a#2"},
			[]string{"from 1"},
		},
		"identical lines far apart": {
			func(s *site) { // as calls that are written when they end, with the time when they began
				s.write(line(1, "a") + line(11, "b") + line(21, "c") + line(1, "a"))
				s.collect()
				s.restart()
				s.write(line(31, "d") + line(1, "a"))
				s.collect()
			},
			[]string{"1 a#0", "11 b#0", "21 c#0", "1 a#1", "31 d#0", "1 a#2"},
			[]string{"from 1", "continues"},
		},
		"identical lines over a crash": {
			func(s *site) {
				s.write(line(1, "a") + line(1, "a"))
				s.collect()
				s.write(line(1, "a"))
				s.poll()
				s.restart()
				s.write(line(1, "a"))
				s.collect()
			},
			[]string{"1 a#0", "1 a#1", "1 a#2", "1 a#3"},
			[]string{"from 1", "continues"},
		},
		"carriage returns, NUL bytes and empty lines": {
			func(s *site) {
				s.write("\x00\x00" + strings.ReplaceAll(line(1, "a"), "\n", "\r\n") + "\r\n\n")
				s.collect()
			},
			[]string{"1 a#0"},
			[]string{"from 1"},
		},
		"half a line waits": {
			func(s *site) {
				s.write(line(1, "a") + "17")
				s.collect()
				s.restart()
				s.collect()
				s.write(line(2, "b")[2:])
				s.collect()
			},
			[]string{"1 a#0", "2 b#0"},
			[]string{"from 1", "continues"},
		},
		"renamed": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.write(line(2, "b"))
				s.rename()
				s.write(line(3, "c"))
				s.collect()
			},
			[]string{"1 a#0", "2 b#0", "3 c#0"},
			[]string{"from 1"},
		},
		"renamed, and written on until the new file has a line": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.rename()
				s.write("")
				s.collect()
				old, err := os.OpenFile(s.rotated(1), os.O_APPEND|os.O_WRONLY, 0)
				s.must(err)
				_, err = old.WriteString(line(2, "b"))
				s.must(err)
				s.must(old.Close())
				s.collect()
				s.write(line(3, "c"))
				s.collect()
			},
			[]string{"1 a#0", "2 b#0", "3 c#0"},
			[]string{"from 1"},
		},
		"renamed three times while nobody looked": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.write(line(2, "b"))
				s.restart()
				for n := range int64(3) {
					s.rename()
					s.write(line(3+n, "c"))
				}
				s.collect()
			},
			[]string{"1 a#0", "2 b#0", "3 c#0", "4 c#0", "5 c#0"},
			[]string{"from 1", "continues"},
		},
		"copied and cut": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.write(line(2, "b"))
				s.copyAndCut()
				s.collect()
				s.write(line(3, "a longer one than before"))
				s.collect()
			},
			[]string{"1 a#0", "2 b#0", "3 a longer one than before#0"},
			[]string{"from 1"},
		},
		"copied and cut twice while nobody looked": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.write(line(2, "b"))
				s.copyAndCut()
				s.write(line(3, "c") + line(3, "c") + line(3, "c"))
				s.copyAndCut()
				s.write(line(4, "d"))
				s.restart()
				s.collect()
			},
			[]string{"1 a#0", "2 b#0", "3 c#0", "3 c#1", "3 c#2", "4 d#0"},
			[]string{"from 1", "continues"},
		},
		"cut without a copy, and grown again": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.must(os.Truncate(s.path, 0))
				s.write(line(5, "b") + line(6, "c"))
				s.collect() // looks twice before it gives up
				s.collect()
			},
			[]string{"1 a#0", "5 b#0", "6 c#0"},
			[]string{"from 1", "from now"},
		},
		"gone while nobody looked": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.restart()
				s.must(os.Remove(s.path))
				s.write(line(5, "b"))
				s.collect()
				s.collect()
			},
			[]string{"1 a#0", "5 b#0"},
			[]string{"from 1", "from now"},
		},
		"other logs of a like name": {
			func(s *site) {
				s.write(line(1, "a"))
				s.collect()
				s.rename()
				for _, name := range []string{"-error", ".1.gz", "er", ".lock"} {
					s.must(os.WriteFile(s.path+name, []byte(line(2, "no")), 0o600))
				}
				s.write(line(3, "c"))
				s.collect()
			},
			[]string{"1 a#0", "3 c#0"},
			[]string{"from 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			c.do(s)
			s.want(c.said, c.begins)
			if len(s.rejected) > 0 {
				t.Errorf("rejected: %q", s.rejected)
			}
		})
	}
}

func TestFollowRejects(t *testing.T) {
	s := newSite(t)
	s.write("no time\n" + line(1, "a") + strings.Repeat("x", 257) + "\n" + line(2, "b"))
	s.collect()
	s.restart()
	s.write("half")
	s.collect()
	s.rename()
	s.write(line(3, "c"))
	s.collect()
	s.restart()
	s.collect()
	s.want([]string{"1 a#0", "2 b#0", "3 c#0"}, []string{"from 1", "continues", "continues"})
	var got []string
	for _, text := range s.rejected {
		got = append(got, strings.TrimPrefix(text, s.path))
	}
	want := []string{
		`, byte 0: no "|": not a line of queue_log`,
		", byte 21: line is longer than frame_limit = 256",
		": was left in the middle of its last line",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
}
