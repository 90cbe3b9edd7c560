package admin

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// TestCalendarIsReadWhole holds that no field of the row is left behind.
func TestCalendarIsReadWhole(t *testing.T) {
	site := time.FixedZone("site", -5*60*60)
	row := Row{Kind: "calendar", Key: "payday", Body: Body{
		"hours": []string{"mon-fri 08:00-18:00"}, "holidays": []string{"2026-12-31"}, "days": []string{"last working"},
	}}
	abroad := Row{Kind: "calendar", Key: "abroad", Body: Body{"zone": "Asia/Tokyo", "hours": []string{"mon-fri 08:00-18:00"}}}
	for _, c := range []struct {
		row  Row
		at   time.Time
		want bool
	}{
		{row, time.Date(2026, 12, 30, 13, 0, 0, 0, time.UTC), true},
		{row, time.Date(2026, 12, 30, 12, 59, 0, 0, time.UTC), false},
		{row, time.Date(2026, 12, 29, 13, 0, 0, 0, time.UTC), false},
		{row, time.Date(2026, 12, 31, 13, 0, 0, 0, time.UTC), false},
		{abroad, time.Date(2026, 12, 29, 23, 0, 0, 0, time.UTC), true},
		{abroad, time.Date(2026, 12, 30, 13, 0, 0, 0, time.UTC), false},
	} {
		calendar, err := Calendar(c.row, site)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.Open(record.At(c.at)); got != c.want {
			t.Errorf("%s at %s: %v", c.row.Key, c.at, got)
		}
	}
}
