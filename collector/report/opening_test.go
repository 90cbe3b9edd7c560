package report

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
)

func TestOpening(t *testing.T) {
	standard, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	desk := admin.Body{"hours": []string{"mon-fri 08:00-18:00", "sun 23:00-24:00"}, "holidays": []string{"2026-12-25 Christmas"}}
	abroad := admin.Body{"hours": []string{"mon-fri 08:00-18:00"}, "zone": "America/New_York"}
	for _, c := range []struct {
		body admin.Body
		at   string
		want bool
	}{
		{admin.Body{}, "2026-11-21T03:00:00Z", true},
		{desk, "2026-11-20T07:00:00Z", true}, // a Friday, 08:00
		{desk, "2026-11-20T06:59:59Z", false},
		{desk, "2026-11-20T17:00:00Z", false},
		{desk, "2026-11-21T12:00:00Z", false},
		{desk, "2026-11-22T22:59:59Z", true}, // a Sunday, up to midnight
		{desk, "2026-11-22T23:00:00Z", false},
		{desk, "2026-06-19T06:30:00Z", true}, // in summer
		{desk, "2026-12-25T12:00:00Z", false},
		{abroad, "2026-11-20T12:59:00Z", false},
		{abroad, "2026-11-20T13:00:00Z", true},
	} {
		o, err := Opening(admin.Row{Key: "c", Body: c.body}, standard)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := o(record.At(at)); got != c.want {
			t.Errorf("%v at %s: %v", c.body, c.at, got)
		}
	}
	if _, err := Opening(admin.Row{Key: "c", Body: admin.Body{"zone": "Mars/Olympus"}}, standard); err == nil {
		t.Error("it is open on Mars")
	}
}
