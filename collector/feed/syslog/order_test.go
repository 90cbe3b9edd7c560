package syslog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

// Of two senders one is a little behind the other, as late allows, and what it
// says is rejected: that is missing at its own time.
func TestWhatIsRejectedOfASlowerSender(t *testing.T) {
	for _, transport := range []string{"tcp", "udp"} {
		t.Run(transport, func(t *testing.T) {
			own := &options{Transport: transport, Late: "2s", ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0"}}
			s, address := startOwn(t, own)
			at := func(t time.Time, text string) string {
				return fmt.Sprintf("<13>1 %s pbx app - - - %s\n", t.UTC().Format("2006-01-02T15:04:05.000000Z"), text)
			}
			quick, slow := say(t, transport, address), say(t, transport, address, at(time.Now(), "first"))
			await.Until(t, "hear the slow one", func() bool { said, _ := s.heard(); return len(said) == 1 })
			lost := time.Now()
			write := func(to interface{ Write([]byte) (int, error) }, text string) {
				if _, err := to.Write([]byte(text)); err != nil {
					t.Fatal(err)
				}
			}
			write(quick, at(lost.Add(time.Millisecond), "good"))
			await.Until(t, "hear the quick one", func() bool { said, _ := s.heard(); return len(said) == 2 })
			write(slow, at(lost, strings.Repeat("x", 2*frameLimit)))
			await.Until(t, "reject it", func() bool { _, rejected := s.heard(); return len(rejected) == 1 })
			write(quick, at(time.Now(), "good again"))
			await.Until(t, "hear on", func() bool { said, _ := s.heard(); return len(said) == 3 })
			if !s.missing(record.At(lost)) {
				t.Errorf("nothing is missing at %s: %+v", lost, s.marks)
			}
		})
	}
}

// A message that is too long tells its time: it is missing there, however late it
// comes, also where the header is no part of the record.
func TestATooLongMessageTellsItsTime(t *testing.T) {
	lost := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	const header = "<13>1 2026-02-03T04:05:06Z pbx app - - - "
	long := strings.Repeat("x", 2*frameLimit) + "\n"
	for format, said := range map[string][2]string{
		"syslog":    {one + "\n", header + long},
		"queue_log": {header + "1767225600|good\n", header + fmt.Sprint(lost.Unix()) + "|" + long},
	} {
		for _, transport := range []string{"tcp", "udp"} {
			t.Run(format+" "+transport, func(t *testing.T) {
				own := &options{Transport: transport, Late: "0s", ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0"}}
				s, address := startOf(t, configOf(t, format, own))
				say(t, transport, address, said[0], said[1])
				await.Until(t, "reject it", func() bool { _, rejected := s.heard(); return len(rejected) == 1 })
				if !s.missing(record.At(lost)) {
					t.Errorf("nothing is missing at %s: %+v", lost, s.marks)
				}
			})
		}
	}
}

// missing tells whether an instant lies in a hole.
func (s *store) missing(at record.Instant) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.marks {
		if m.What == feed.HoleMark && m.From <= at && at < m.Until {
			return true
		}
	}
	return false
}
