package replay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// When a recording is moved, its bills go with it: what they tell of the
// beginning of a call lies as long before the event as it did.
func TestWallsMove(t *testing.T) {
	cdr := strings.Join([]string{
		"Event: Cdr", "Privilege: cdr,all", "Timestamp: 1795262400.500000", `CallerID: "2026-11-21 12:00:00" <1>`,
		"StartTime: 2026-11-21 11:59:46", "AnswerTime: ", "EndTime: 2026-11-21 12:00:00", "UserField: StartTime: 2026-11-21 11:59:46",
	}, crlf)
	moved := strings.NewReplacer("1795262400.5", "1800000000.0", "StartTime: 2026-11-21 11:59:46\r\nA", "StartTime: 2027-01-15 07:59:45\r\nA",
		"EndTime: 2026-11-21 12:00:00", "EndTime: 2027-01-15 07:59:59").Replace(cdr)
	other := strings.Replace(cdr, "Event: Cdr", "Event: Cdx", 1)
	const line = `"","1","2","in","""a,"" <1>","A","B","Queue","s,,36","2026-11-21 06:59:46",,"2026-11-21 07:00:00",14,0,"ANSWERED","DOCUMENTATION"`
	movedLine := strings.NewReplacer("2026-11-21 06:59:46", "2027-01-15 02:59:46", "2026-11-21 07:00:00", "2027-01-15 03:00:00").Replace(line)
	newYork := Options{Kind: Lines, Format: "cdr_csv", Time: &feed.TimeSpec{Zone: "America/New_York"}}
	for name, c := range map[string]struct {
		o                Options
		recorded, played string
	}{
		"event":         {Options{Kind: AMI}, cdr + crlf + crlf, moved + crlf + crlf},
		"another event": {Options{Kind: AMI}, other + crlf + crlf, strings.Replace(other, "1795262400.5", "1800000000.0", 1) + crlf + crlf},
		"line":          {newYork, line + "\n", movedLine + "\n"},
		"short line":    {newYork, "x,y\n" + line + "\n", "x,y\n" + movedLine + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Doors = []Door{{File: file(t, "x", c.recorded)}}
			s, err := New(c.o)
			if err != nil {
				t.Fatal(err)
			}
			tape := s.doors[0].tape
			for at, want := range map[record.Instant]string{0: c.recorded, 1_800_000_000 * record.Second: c.played} {
				var got []byte
				for i := range tape.events {
					got = tape.render(got, &tape.events[i], at)
				}
				if d := cmp.Diff(want, string(got)); d != "" {
					t.Errorf("moved to %s (-want +got):\n%s", at, d)
				}
			}
		})
	}
}
