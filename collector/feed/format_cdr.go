package feed

import (
	"fmt"

	"github.com/twinctl/twin/collector/record"
)

// endColumn is where a line of Asterisk's Master.csv has the time at which the
// call ended, which is when the line is written.
const endColumn = 12

func newCDR(o Options) (Format, error) {
	zone, err := o.onlyZone()
	if err != nil {
		return nil, err
	}
	written := layoutReader{layout: databaseLayout, zone: zone}
	return func(raw []byte) (record.Instant, error) {
		end, ok := cells(raw, endColumn, 1)
		if !ok {
			return 0, fmt.Errorf("no column %d: not a line of cdr_csv", endColumn)
		}
		at, err := written.read(end)
		if err != nil {
			return 0, fmt.Errorf("column %d, the end of the call: %w", endColumn, err)
		}
		return at, nil
	}, nil
}
