package tail

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
)

// Lines that stand in a file which cannot be read any more are a gap; files
// that held none of ours are not.
func TestRotatedOutOfReach(t *testing.T) {
	for name, c := range map[string]struct {
		rotate func(*site) // after "a" was heard and before "c" is written
		missed bool
	}{
		"two rotations, both compressed": {func(s *site) {
			s.must(os.Rename(s.path, s.path+".2.gz"))
			s.write(line(2, "b"))
			s.must(os.Rename(s.path, s.path+".1.gz"))
		}, true},
		"two rotations, to names of another kind": {func(s *site) {
			s.must(os.Rename(s.path, s.path+".thursday"))
			s.write(line(2, "b"))
			s.must(os.Rename(s.path, s.path+".friday"))
		}, true},
		"compressed, and then an empty file": {func(s *site) {
			s.must(os.Remove(s.path))
			s.write(line(2, "b"))
			s.must(os.Rename(s.path, s.path+".1.gz"))
			s.write("")
			s.collect()
		}, true},
		"to a file that may not be read": {func(s *site) {
			if os.Geteuid() == 0 {
				s.t.Skip("root may read everything")
			}
			s.rename()
			s.write(line(2, "b"))
			s.rename()
			s.must(os.Chmod(s.rotated(1), 0))
		}, true},
		"one rotation, compressed": {func(s *site) {
			s.must(os.Rename(s.path, s.path+".1.gz"))
		}, false},
		"one rotation, being compressed": {func(s *site) {
			s.rename()
			s.must(os.WriteFile(s.path+".1.gz", []byte("half of it"), 0o600))
		}, false},
		"another log beside it": {func(s *site) {
			s.rename()
			for _, name := range []string{".errors", "-debug", "-debug.1.gz", ".pid"} {
				s.must(os.WriteFile(s.path+name, []byte(line(2, "no")), 0o600))
			}
			s.must(os.WriteFile(s.path+".state", []byte("moved here, not ours\n"), 0o600))
			s.must(os.Rename(s.path+".state", s.path+".offset"))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, restarted := range []bool{false, true} {
				s := newSite(t)
				s.write(line(1, "a"))
				s.collect()
				c.rotate(s)
				s.write(line(3, "c"))
				if restarted && c.missed { // the place itself may be gone then
					s.restart()
				}
				for range 3 {
					s.collect()
				}
				if diff := cmp.Diff([]string{"1 a#0", "3 c#0"}, s.said()); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
				var want []feed.Reason
				if c.missed {
					want = []feed.Reason{feed.Unreachable}
				}
				if diff := cmp.Diff(want, s.ends()); diff != "" {
					t.Errorf("restarted %t: ends (-want +got):\n%s\nsessions %q", restarted, diff, s.begins())
				}
			}
		})
	}
}

// A file that is still empty has its place, too.
func TestEmptyFileKeepsItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*site)
		said      []string
		begins    []string
	}{
		"still empty": {func(*site) {}, nil, []string{"from now", "continues"}},
		"written":     {func(s *site) { s.write(line(1, "a")) }, []string{"1 a#0"}, []string{"from now", "continues"}},
		"renamed": {
			func(s *site) { s.write(line(1, "a")); s.rename(); s.write(line(2, "b")) },
			[]string{"1 a#0", "2 b#0"},
			[]string{"from now", "continues"},
		},
		"copied and cut": {
			func(s *site) { s.write(line(1, "a")); s.lately(); s.copyAndCut(); s.write(line(2, "b")) },
			[]string{"1 a#0", "2 b#0"},
			[]string{"from now", "continues"},
		},
		"copied, compressed and cut": {
			func(s *site) {
				s.write(line(1, "a"))
				s.lately()
				s.copyAndCut()
				s.must(os.Rename(s.rotated(1), s.rotated(1)+".gz"))
				s.write(line(2, "b"))
			},
			[]string{"2 b#0"},
			[]string{"from now", "from now"},
		},
		"removed, and another": {
			func(s *site) {
				s.must(os.Rename(s.path, fmt.Sprint(s.path, "-kept")))
				s.must(os.Rename(s.path+"-kept", s.t.TempDir()+"/away"))
				s.write(line(2, "b"))
			},
			[]string{"2 b#0"},
			[]string{"from now", "from now"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.write("")
			s.collect()
			s.q.Proof(0) // makes the growing batch due
			for range 2 {
				s.collect()
			}
			s.restart()
			c.meanwhile(s)
			for range 3 {
				s.collect()
			}
			s.want(c.said, c.begins)
		})
	}
}
