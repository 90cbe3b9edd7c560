package feed

import (
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/ech"
	"github.com/twinctl/twin/collector/record"
)

// newECH makes the format of an Avaya External Call History, in both forms. The
// time is the end of the segment, for then it is counted.
func newECH(o Options) (Format, error) {
	zone, err := o.onlyZone()
	if err != nil {
		return nil, err
	}
	return func(raw []byte) (record.Instant, error) {
		r, err := ech.Read(raw)
		if err != nil {
			return 0, fmt.Errorf("not a record of ech: %w", err)
		}
		at, err := r.Time(ech.SegStop, zone)
		if err != nil {
			return 0, fmt.Errorf("end of the segment: %w", err)
		}
		if at == 0 {
			return 0, errors.New("end of the segment: none")
		}
		return at, nil
	}, nil
}
