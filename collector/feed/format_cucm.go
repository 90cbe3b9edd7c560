package feed

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/cucm"
	"github.com/twinctl/twin/collector/record"
)

var errHead = errors.New("a line of a file's head: without the files themselves, send the other lines alone")

// newCUCM makes the format of the call detail records of a Cisco Unified
// Communications Manager. The time is the end of the leg, in UTC.
func newCUCM(o Options) (Format, error) {
	if o.Time != nil {
		return nil, &KeyError{"time", errors.New("format cucm_cdr has its own time in UTC, leave this out")}
	}
	return func(raw []byte) (record.Instant, error) {
		if cucm.IsTypes(raw) || cucm.IsNames(raw) && !bytes.Contains(raw, []byte{'\n'}) {
			return 0, errHead
		}
		r, err := cucm.Read(raw)
		if err != nil {
			return 0, fmt.Errorf("not a record of cucm_cdr: %w", err)
		}
		at, known := r.Time(cucm.Disconnect)
		if !known {
			return 0, fmt.Errorf("dateTimeDisconnect: %.64q is not seconds since 1970", r[cucm.Disconnect])
		}
		return at, nil
	}, nil
}
