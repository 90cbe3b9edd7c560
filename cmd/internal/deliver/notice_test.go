package deliver

import (
	"testing"
	"time"
)

func TestNoticeReads(t *testing.T) {
	l := Letter{Fact: Fact{
		Type: Notice, Server: "cms-a", Role: "primary", At: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
		Severity: "warning", Code: Notice, Object: "timetable Nightly\x1b[2J", Text: "no archive\r\ntonight",
	}}
	if got, want := l.Subject(), `[cms-a] warning: no archive\r\ntonight`; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	want := `no archive\r\ntonight

at         2026-11-21T12:00:00Z
server     cms-a, primary
severity   warning
sent by    timetable Nightly\x1b[2J
`
	if got := l.Body(); got != want {
		t.Errorf("body:\n%s", got)
	}
}
