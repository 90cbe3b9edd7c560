package feed

import (
	"errors"
	"fmt"
)

// Options are the keys of a [[feed]] section that all kinds understand.
type Options struct {
	Name       string    `toml:"name"`
	Kind       string    `toml:"kind"`
	Format     string    `toml:"format"`
	Source     string    `toml:"source"`      // feeds that tell of the same calls name the same source
	Counts     *bool     `toml:"counts"`      // reports read this feed of its source
	Time       *TimeSpec `toml:"time"`        // where the text format finds the time
	FrameLimit int       `toml:"frame_limit"` // bytes; longer input is rejected
	QueueLimit int       `toml:"queue_limit"` // bytes heard and not yet stored
}

// The limits unless said.
const (
	DefaultFrameLimit = 64 << 10
	DefaultQueueLimit = 4 << 20
	overrunQueueLimit = 64 << 20
	maxFrameLimit     = 16 << 20
)

// A TimeSpec says where a line of text has its time and how that is written.
type TimeSpec struct {
	Field     int    `toml:"field"`     // counted from 1
	Separator string `toml:"separator"` // "" means runs of white space
	Layout    string `toml:"layout"`    // Go's reference time, or "epoch" (seconds, with or without a fraction)
	Zone      string `toml:"zone"`      // IANA name; UTC unless said; ignored where the layout has its own
}

// Fill sets what was left out and refuses what cannot be.
func (o *Options) Fill(k Kind) error {
	if o.FrameLimit == 0 {
		o.FrameLimit = DefaultFrameLimit
	}
	if o.FrameLimit < 256 || o.FrameLimit > maxFrameLimit {
		return &KeyError{"frame_limit", fmt.Errorf("%d bytes: want 256 to %d", o.FrameLimit, maxFrameLimit)}
	}
	if o.QueueLimit == 0 {
		o.QueueLimit = DefaultQueueLimit
		if k.Overruns {
			o.QueueLimit = overrunQueueLimit
		}
	}
	if o.QueueLimit < 2*o.FrameLimit {
		return &KeyError{"queue_limit", fmt.Errorf("%d bytes: want at least two frames, %d", o.QueueLimit, 2*o.FrameLimit)}
	}
	if o.Format == "" {
		o.Format = k.Format
	}
	if o.Format == "" {
		return &KeyError{"format", errors.New("missing: kind " + k.Name + " can carry several, say which")}
	}
	if o.Source == "" {
		o.Source = o.Name
	}
	return nil
}
