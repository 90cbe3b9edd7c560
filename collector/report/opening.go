package report

import (
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
)

// Opening returns what tells whether a calendar is open at an instant. site is
// the zone of one that says none.
func Opening(calendar admin.Row, site *time.Location) (func(record.Instant) bool, error) {
	h, err := readHours(calendar, site)
	if err != nil {
		return nil, err
	}
	return h.open, nil
}
