package files

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
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

// newCallSite makes a site whose files are of numbered calls, and says when so many
// minutes have passed there.
func newCallSite(t *testing.T) (s *site, at func(minutes int) time.Time) {
	s = newSite(t, nil)
	s.common.Format, s.common.FrameLimit = "ech", 4096
	s.restart()
	return s, func(minutes int) time.Time {
		return time.Unix(began, 0).UTC().Add(time.Duration(minutes) * time.Minute)
	}
}

// What a file skips of the numbers of calls is a hole, told once, also when its
// reader dies and the file is read on; a call that goes on fills it when it ends,
// of whichever reader it was told.
func TestSkippedNumbers(t *testing.T) {
	s, at := newCallSite(t)
	call := func(id uint32, begun, ended int) calls.Segment {
		return calls.Segment{CallID: id, Number: 1, Start: at(begun), Stop: at(ended)}
	}
	first := calls.ECH(12, 3, []calls.Segment{call(7, 0, 1), call(8, 1, 2), call(10, 3, 4), call(12, 4, 5)})
	s.write("a", string(first[:len(first)-493]))
	s.sweep()
	skipped := func(from, until int) feed.Mark {
		return feed.Mark{What: feed.HoleMark, From: record.At(at(from)), Until: record.At(at(until)) + 1, Reason: feed.Skipped}
	}
	s.wantMarks(skipped(2, 4))
	s.restart()
	s.write("a", string(first[len(first)-493:]))
	s.sweep()
	s.wantMarks(skipped(2, 4), skipped(4, 5))
	found := skipped(4, 5)
	found.What = feed.FoundMark
	found.From++ // number 9 is missing still, at that instant the latest
	s.restart()
	s.write("b", string(calls.ECH(12, 4, []calls.Segment{call(11, 3, 60), call(13, 59, 61)})))
	s.sweep()
	s.wantMarks(skipped(2, 4), skipped(4, 5), found)
}

// A file that never comes is a hole once none can come any more, told once, over
// restarts too; should it come all the same, that is filled.
func TestSkippedFile(t *testing.T) {
	s, at := newCallSite(t)
	file := func(number, first, last int) {
		var all []calls.Segment
		for id := first; id <= last; id++ {
			all = append(all, calls.Segment{CallID: uint32(id), Number: 1, Start: at(id), Stop: at(id + 1)})
		}
		s.write(fmt.Sprintf("chr%04d", number), string(calls.ECH(12, uint32(number), all)))
		s.sweep()
	}
	look := func(later time.Duration) {
		s.r.prove(time.Now().Add(later))
		s.drain()
	}
	file(10, 100, 105)
	file(12, 120, 125)
	file(11, 106, 119)
	s.restart()
	look(time.Hour)
	s.wantMarks()

	file(14, 132, 133)
	look(time.Minute)
	s.wantMarks() // it may come yet
	s.restart()
	look(time.Minute + 2*behind)
	lost := feed.Mark{What: feed.HoleMark, From: record.At(at(126)), Until: record.At(at(133)) + 1, Reason: feed.Skipped}
	s.wantMarks(lost)
	look(time.Hour)
	s.wantMarks(lost)
	s.sweep() // the position tells of it
	s.restart()
	look(time.Hour)
	file(13, 126, 131)
	found := lost
	found.What = feed.FoundMark
	s.wantMarks(lost, found)
}

// What was read of a file before it was given up is not missing.
func TestAFileGivenUpSkipsNothing(t *testing.T) {
	s, minute := newCallSite(t)
	for i, name := range []string{"a", "b.gz", "c"} {
		var all []calls.Segment
		for id := range uint32(5) {
			at := minute(5*i + int(id))
			all = append(all, calls.Segment{CallID: uint32(100+5*i) + id, Number: 1, Start: at, Stop: at.Add(time.Minute)})
		}
		text := calls.ECH(12, uint32(i), all)
		if i == 1 {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, err := z.Write(text)
			if err := errors.Join(err, z.Close()); err != nil {
				t.Fatal(err)
			}
			text = b.Bytes()
			text[len(text)-8]++ // its sum
		}
		s.write(name, string(text))
		for range 5 {
			s.sweep()
		}
	}
	s.r.prove(time.Now().Add(time.Hour))
	s.drain()
	s.wantRejected("in/b.gz: unpack it: gzip: invalid checksum")
	for _, m := range s.marks {
		if m.Reason == feed.Skipped {
			t.Errorf("missing: %+v", m)
		}
	}
}

// wantMarks compares the marks that tell of holes.
func (s *site) wantMarks(want ...feed.Mark) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var got []feed.Mark
	for _, m := range s.marks {
		if m.What == feed.HoleMark || m.What == feed.FoundMark {
			got = append(got, m)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("holes (-want +got):\n%s", diff)
	}
}
