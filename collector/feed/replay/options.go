package replay

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/feed"
)

// The kinds of upstream that can be played.
const (
	AMI   = "ami"
	Lines = "lines"
	RELP  = "relp"
	Tail  = "tail"
)

// Kinds returns all of them.
func Kinds() []string { return []string{AMI, Lines, RELP, Tail} }

const (
	maxClients = 64  // that are connected at a time
	maxSpeed   = 1e6 // beyond it, all at once is what is meant
)

// Options say what is played, where and how.
type Options struct {
	Kind       string  // one of Kinds
	Doors      []Door  // at least one
	Clients    int     // how many must be logged in (lines: connected; relp: taking messages), over all doors, for the start; 0: one for each door; tail: 0, it begins at once
	Speed      float64 // 1 is real, and what 0 means; math.Inf(1) as fast as each client reads
	ShiftToNow bool    // the first event happens at the start

	Format string         // of lines, whatever the kind that they are told by: where their time is; "text" unless said
	Time   *feed.TimeSpec // of lines in format "text"

	Rotate int // tail: a new file is begun after so many lines; 0: never
	Parts  int // tail, relp: of so many like parts the first is said at once, each further one after a Release; 0: it is one

	Username   string // with Secret: who may log in; empty: anyone
	Secret     string
	SystemName string // told with FullyBooted; empty: not told

	Log *slog.Logger // nil: nothing is logged
}

// A Door is where one file is played.
type Door struct {
	Listen string // ami, lines: host:port; port 0 takes a free one
	To     string // relp: host:port of who is told; tail: the file that grows, which must not be there
	File   string // a name that ends in .gz is unpacked
}

// fill sets what was left out and refuses what cannot be.
func (o *Options) fill() error {
	if !slices.Contains(Kinds(), o.Kind) {
		return fmt.Errorf("replay: kind %q: want one of %s", o.Kind, strings.Join(Kinds(), ", "))
	}
	if err := o.fillDoors(); err != nil {
		return err
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

// Calls tells whether the upstream goes to who hears it, and not the other way
// round: doors then have To, else Listen.
func (o *Options) Calls() bool { return o.Kind == RELP || o.Kind == Tail }

// fillDoors refuses doors that the kind cannot have, and a start that never comes.
func (o *Options) fillDoors() error {
	if len(o.Doors) == 0 {
		return errors.New("replay: no door: want at least one address with its file")
	}
	for _, d := range o.Doors {
		if o.Calls() && (d.To == "" || d.Listen != "") || !o.Calls() && d.To != "" {
			return fmt.Errorf("replay: door of %s: ami and lines listen, relp and tail go to an address or a file", d.File)
		}
	}
	most := maxClients
	switch {
	case o.Kind == Tail && o.Clients != 0:
		return errors.New("replay: clients: who follows a file is not seen; kind tail begins at once")
	case o.Kind == RELP:
		most = len(o.Doors)
	}
	if o.Rotate != 0 && o.Kind != Tail {
		return errors.New("replay: rotate: only a file is rotated; want kind tail")
	}
	if o.Rotate < 0 || o.Parts < 0 || o.Parts > 0 && !o.Calls() {
		return fmt.Errorf("replay: rotate %d, parts %d: want 0 or more, and parts of relp or tail alone", o.Rotate, o.Parts)
	}
	if o.Clients == 0 {
		o.Clients = len(o.Doors)
	}
	if o.Clients < 1 || o.Clients > most {
		return fmt.Errorf("replay: start at %d clients: want 1 to %d", o.Clients, most)
	}
	return nil
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
	t, err := cutLines(file, data, o)
	if err == nil && o.Kind == RELP {
		t.end = "" // a message ends by its length
	}
	return t, err
}
