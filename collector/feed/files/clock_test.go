package files

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
)

// A record whose time cannot be true is not kept, so the file that holds it is:
// it may be the only copy.
func TestTimeThatCannotBeTrue(t *testing.T) {
	for name, at := range map[string]int64{"ahead": time.Now().Add(3 * time.Hour).Unix(), "before 1990": 1000} {
		t.Run(name, func(t *testing.T) {
			for after, edit := range map[string]func(*options, string){leave: nil, remove: deleting, archive: archiving} {
				s := newSite(t, edit)
				s.write("a", line(1, "good")+fmt.Sprintf("%d|only copy\n", at)+line(2, "too"))
				s.sweep()
				s.restart()
				s.sweep()
				s.want("1 good#0", "2 too#0")
				switch {
				case after == leave:
					s.wantNames(s.dir, "a")
				default:
					s.wantNames(s.dir)
					s.wantNames(s.options.Error, "a", "a.reason")
				}
				if after == archive {
					s.wantNames(s.options.Archive)
				}
			}
		})
	}
}

// What is told of such a record names the file, and the clock as the reason.
func TestTimeThatCannotBeTrueIsTold(t *testing.T) {
	s := newSite(t, deleting)
	s.write("a", "1000|x\n")
	s.sweep()
	s.wantRejected("in/a, byte 0: its time 1970-01-01T00:16:40.000000Z cannot be true")
	if diff := cmp.Diff([]feed.Reason{feed.Clock}, s.reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}
