package feed

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

func TestSyslogBody(t *testing.T) {
	const line = "1767225600|1.1|sales|SIP/7|CONNECT|4: 5"
	line5424 := "<134>1 2026-01-01T00:00:00.1Z pbx queue_log 12 - "
	for name, c := range map[string]struct{ message, text, syslog string }{
		"raw":                    {line, line, line},
		"raw, line end":          {"\x00" + line + "\r\n", line, line},
		"raw, a space":           {" " + line, line, " " + line},
		"5424":                   {line5424 + "- " + line, line, line5424 + "- " + line},
		"5424, data":             {line5424 + `[a b="\]\""][c] ` + line, line, line5424 + `[a b="\]\""][c] ` + line},
		"5424, mark":             {line5424 + "- \xef\xbb\xbf" + line, line, line5424 + "- \xef\xbb\xbf" + line},
		"5424, two spaces":       {line5424 + "-  " + line, " " + line, line5424 + "-  " + line},
		"5424, no text":          {line5424 + "-", "", line5424 + "-"},
		"3164":                   {"<134>Jan  1 00:00:00 pbx queue_log: " + line, line, "<134>Jan  1 00:00:00 pbx queue_log: " + line},
		"3164, no colon":         {"<134>Jan  1 00:00:00 pbx queue_log " + line, line, "<134>Jan  1 00:00:00 pbx queue_log " + line},
		"3164, no space":         {"<134>Jan  1 00:00:00 pbx queue_log:" + line, line, "<134>Jan  1 00:00:00 pbx queue_log:" + line},
		"3164, process":          {"<134>Jan  1 00:00:00 pbx a[7]: " + line, line, "<134>Jan  1 00:00:00 pbx a[7]: " + line},
		"3164, colons":           {"<134>Jan  1 00:00:00 pbx A::B: " + line, line, "<134>Jan  1 00:00:00 pbx A::B: " + line},
		"3164, no host":          {"<134>Jan  1 00:00:00 queue_log: " + line, line, "<134>Jan  1 00:00:00 queue_log: " + line},
		"rsyslog's forward":      {"<134>2026-01-01T00:00:00.123456+01:00 pbx queue_log: " + line, line, "<134>2026-01-01T00:00:00.123456+01:00 pbx queue_log: " + line},
		"priority alone":         {"<134>" + line, line, "<134>" + line},
		"priority alone, spaced": {"<134> " + line, line, "<134> " + line},
		"no priority":            {"<line> of text", "<line> of text", "<line> of text"},
		"nothing":                {"\n", "", ""},
	} {
		if got := string(SyslogBody(Options{Format: "queue_log"})([]byte(c.message))); got != c.text {
			t.Errorf("%s: %q, want %q", name, got, c.text)
		}
		if got := string(SyslogBody(Options{Format: "syslog"})([]byte(c.message))); got != c.syslog {
			t.Errorf("%s, format syslog: %q, want %q", name, got, c.syslog)
		}
	}
}

func FuzzSyslogBody(f *testing.F) {
	f.Add([]byte("<134>1 - - - - - [a b=\"c\"] text"))
	f.Add([]byte("<134>Jan  1 00:00:00 pbx a: b"))
	f.Add([]byte("<1>"))
	format, err := NewFormat(Options{Format: "syslog"})
	if err != nil {
		f.Fatal(err)
	}
	body := SyslogBody(Options{Format: "text"})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := body(b); !bytes.Contains(b, got) {
			t.Errorf("%q is no part of %q", got, b)
		}
		if at, err := format(b); err != nil && (at != 0 || !errors.Is(err, ErrNoTime)) {
			t.Errorf("%q: %s, %v", b, at, err)
		}
	})
}

func TestSyslogTime(t *testing.T) {
	berlin := &TimeSpec{Zone: "Europe/Berlin"}
	format, err := NewFormat(Options{Format: "syslog", Time: berlin})
	if err != nil {
		t.Fatal(err)
	}
	want := time.Date(2026, 1, 1, 0, 0, 0, 123456000, time.UTC)
	for _, message := range []string{
		"<13>1 2026-01-01T00:00:00.123456Z pbx app - - - text",
		"<13>1 2026-01-01T01:00:00.123456+01:00 pbx app - - [bad data text",
		"<13>2026-01-01T01:00:00.123456+01:00 pbx app: text",
	} {
		if at, err := format([]byte(message)); err != nil || at != record.At(want) {
			t.Errorf("%s: %s, %v", message, at, err)
		}
	}
	now := time.Now()
	stamp := now.In(mustZone(t, "Europe/Berlin")).Format(time.Stamp)
	if at, err := format([]byte("<13>" + stamp + " pbx app: text")); err != nil || at != record.At(now.Truncate(time.Second)) {
		t.Errorf("%s: %s, %v, want %s", stamp, at, err, now)
	}
	for _, message := range []string{
		"", "text", "<13>text", "<13>1 - pbx app - - - text", "<13>1 yesterday pbx app - - - text",
		"<13>Foo 99 12:00:00 pbx app: text", "<999>1 2026-01-01T00:00:00Z - - - - -",
	} {
		if at, err := format([]byte(message)); !errors.Is(err, ErrNoTime) {
			t.Errorf("%q: %s, %v, want no time", message, at, err)
		}
	}
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := loadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestNearestYear(t *testing.T) {
	berlin := mustZone(t, "Europe/Berlin")
	for _, c := range []struct{ stamp, now, want string }{
		{"Jan  1 00:30:00", "2025-12-31T23:30:00Z", "2025-12-31T23:30:00Z"}, // already next year there
		{"Dec 31 23:59:59", "2025-12-31T23:30:00Z", "2025-12-31T22:59:59Z"},
		{"Jan  1 12:00:00", "2025-12-31T12:00:00Z", "2026-01-01T11:00:00Z"},
		{"Jul  3 12:00:00", "2026-12-31T12:00:00Z", "2026-07-03T10:00:00Z"},
		{"Feb 29 12:00:00", "2026-03-01T12:00:00Z", "2024-02-29T11:00:00Z"},
		{"Feb 29 12:00:00", "2027-12-01T12:00:00Z", "2028-02-29T11:00:00Z"},
	} {
		stamp, err := time.Parse(time.Stamp, c.stamp)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := nearestYear(stamp, berlin, now).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s at %s: %s, want %s", c.stamp, c.now, got, c.want)
		}
	}
}
