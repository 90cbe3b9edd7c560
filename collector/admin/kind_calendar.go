package admin

import (
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/hours"
)

func calendar() Kind {
	return Kind{
		Name: "calendar", Short: "opening hours, days and holidays", Label: "name",
		Fields: []Field{
			name(), description(),
			{Name: "zone", Short: "the time zone of its hours, days and holidays; left out: as the setting says", Type: Text, check: isZone},
			{Name: "hours", Short: `when it is open, as "mon-fri 08:00-18:00"; none: always`, Type: List, check: hours.CheckHours},
			{Name: "holidays", Short: `when it is closed all day, as "2026-12-25 Christmas"`, Type: List, check: hours.CheckHoliday},
			{Name: "days", Short: `only on these, as "last working", "2nd mon", 15, -1 or "2026-12-24 to 2027-01-06"; none: on every day`, Type: List, check: hours.CheckDay},
		},
		check: func(r Row) error {
			if err := hours.CheckHolidays(r.Body.List("holidays")); err != nil {
				return fmt.Errorf("holidays %w", err)
			}
			return nil
		},
	}
}

// Calendar returns the hours of a row of kind calendar. site is the zone of one
// that says none.
func Calendar(row Row, site *time.Location) (*hours.Calendar, error) {
	b := row.Body
	return hours.Read(hours.Text{
		Zone: b.Text("zone"), Hours: b.List("hours"), Holidays: b.List("holidays"), Days: b.List("days"),
	}, site)
}

func isZone(text string) error {
	_, err := hours.Zone(text)
	return err
}
