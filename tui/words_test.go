package tui

import (
	"math"
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	tests := []struct{ got, want string }{
		{age(-time.Hour), "0s"},
		{age(99*time.Second + 999*time.Millisecond), "99s"},
		{age(100 * time.Second), "1m"},
		{age(100 * time.Minute), "1h"},
		{age(49 * time.Hour), "2d"},
		{age(math.MaxInt64), "106751d"},
		{length(400 * time.Millisecond), "0.4s"},
		{length(61 * time.Second), "1m01s"},
		{length(time.Hour + 2*time.Minute), "1h02m"},
		{length(50 * time.Hour), "2d02h"},
		{speed(0), "0.0/s"},
		{speed(99.94), "99.9/s"},
		{speed(99.96), "100/s"},
		{speed(9_999.4), "9999/s"},
		{speed(12_345), "12.3k/s"},
		{speed(1.5e6), "1.5M/s"},
		{count(0), "0"},
		{count(999), "999"},
		{count(-1000), "-1,000"},
		{count(math.MinInt64), "-9,223,372,036,854,775,808"},
		{gapsOf(1), "1 gap"},
		{gapsOf(1200), "1,200 gaps"},
		{word("disk_full"), "disk full"},
		{argument("pbx-log.1"), "pbx-log.1"},
		{argument("it's"), `'it'\''s'`},
		{argument("-rf"), "'-rf'"},
		{argument(""), "''"},
		{argument("$(id)"), "'$(id)'"},
		{shorten("branch-office-12", 10), "branc~e-12"},
		{shorten("電話交換機電話交換機", 7), "電~換機"},
		{shorten("pbx", 3), "pbx"},
		{shorten("long", 2), "l~"},
		{left("日本", 3), "日~"},
		{right("12", 4), "  12"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
