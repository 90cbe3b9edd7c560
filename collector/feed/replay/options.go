package replay

import (
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/twinctl/twin/collector/feed"
)

// The kinds of upstream that can be played.
const (
	AMI   = "ami"
	Lines = "lines"
)

const (
	maxClients = 64  // that are connected at a time
	maxSpeed   = 1e6 // beyond it, all at once is what is meant
)

// Options say what is played, where and how.
type Options struct {
	Kind       string  // AMI or Lines
	Doors      []Door  // at least one
	Clients    int     // how many must be logged in (lines: connected), over all doors, for the start; 0: one for each door
	Speed      float64 // 1 is real, and what 0 means; math.Inf(1) as fast as each client reads
	ShiftToNow bool    // the first event happens at the start

	Format string         // of lines: where their time is; "text" unless said
	Time   *feed.TimeSpec // of lines in format "text"

	Username   string // with Secret: who may log in; empty: anyone
	Secret     string
	SystemName string // told with FullyBooted; empty: not told

	Log *slog.Logger // nil: nothing is logged
}

// A Door is an address at which one file is played.
type Door struct {
	Listen string // host:port; port 0 takes a free one
	File   string // a name that ends in .gz is unpacked
}

// fill sets what was left out and refuses what cannot be.
func (o *Options) fill() error {
	if o.Kind != AMI && o.Kind != Lines {
		return fmt.Errorf("replay: kind %q: want %q or %q", o.Kind, AMI, Lines)
	}
	if len(o.Doors) == 0 {
		return errors.New("replay: no door: want at least one address with its file")
	}
	if o.Clients == 0 {
		o.Clients = len(o.Doors)
	}
	if o.Clients < 1 || o.Clients > maxClients {
		return fmt.Errorf("replay: start at %d clients: want 1 to %d", o.Clients, maxClients)
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	if !(o.Speed > 0) || o.Speed > maxSpeed && !math.IsInf(o.Speed, 1) {
		return fmt.Errorf("replay: speed %g: want more than 0 and at most %g, or max", o.Speed, maxSpeed)
	}
	if (o.Username == "") != (o.Secret == "") {
		return errors.New("replay: username and secret: want both, or neither to let anyone in")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o.fillFormat()
}

// fillFormat refuses options of one kind that were given for the other.
func (o *Options) fillFormat() error {
	if o.Kind == AMI {
		if o.Format != "" && o.Format != AMI || o.Time != nil {
			return errors.New("replay: format and time: an ami recording has its time in the Timestamp header")
		}
		return nil
	}
	if o.Username != "" || o.SystemName != "" {
		return errors.New("replay: username, secret and system name: lines know no login")
	}
	if o.Format == AMI {
		return errors.New("replay: format ami: its events are more than a line; want kind ami")
	}
	switch o.Format {
	case "":
		o.Format = "text"
	case "smdr", "ech", "cucm_cdr":
		return fmt.Errorf("replay: format %s: its times cannot be shifted; want text, queue_log or cdr_csv", o.Format)
	}
	return nil
}

func (o *Options) load(file string) (*tape, error) {
	data, err := read(file)
	if err != nil {
		return nil, err
	}
	if o.Kind == AMI {
		return cutEvents(file, data)
	}
	return cutLines(file, data, o)
}
