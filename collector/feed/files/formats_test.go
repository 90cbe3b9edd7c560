package files

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/calls"
)

// Files with a head, and of records without line ends, are read on where they
// were left, and told as a whole when they are of another format.
func TestFormats(t *testing.T) {
	at := time.Unix(began, 0).UTC()
	var segments []calls.Segment
	var legs []calls.Leg
	for i := range 3 {
		segments = append(segments, calls.Segment{CallID: uint32(7 + i), Number: 1, Start: at, Stop: at.Add(time.Second), Agent: "4001"})
		legs = append(legs, calls.Leg{CallID: 7 + i, From: "1", To: "2", Final: "3", Key: "k", Start: at, Answered: at, End: at.Add(time.Minute)})
	}
	for format, text := range map[string][]byte{
		"ech":      calls.ECH(12, 3, segments),
		"cucm_cdr": calls.CUCM(legs, nil, nil),
	} {
		for _, restart := range []bool{false, true} {
			s := newSite(t, archiving)
			s.common.Format, s.common.FrameLimit = format, 4096
			s.options.After, s.options.Archive, s.options.Stage, s.options.Error = leave, "", "", ""
			s.restart()
			path := filepath.Join(s.dir, "f")
			s.must(os.WriteFile(path, text[:len(text)-100], 0o600))
			s.sweep()
			if len(s.stored) != 2 {
				t.Errorf("%s: %d records of a part", format, len(s.stored))
			}
			if restart {
				s.restart()
			}
			s.must(os.WriteFile(path, text, 0o600))
			s.sweep()
			if len(s.stored) != 3 || s.twice > 0 || len(s.rejected) > 0 {
				t.Errorf("%s, restart %t: %d records, %d twice, rejected %q", format, restart, len(s.stored), s.twice, s.rejected)
			}
		}
		s := newSite(t, archiving)
		s.common.Format, s.common.FrameLimit = format, 4096
		s.restart()
		s.write("cut", string(text[:len(text)-100]))
		s.write("odd", "\x01\x02\x03\x04\x05\x06\x07\x08 what?\n what?\n what?\n")
		s.sweep()
		if got := s.names(s.options.Error); !slices.Contains(got, "odd.reason") || !slices.Contains(got, "cut.reason") && format == "ech" {
			t.Errorf("%s: wrong are %q", format, got)
		}
		s.wantNames(s.options.Stage)
	}
}
