package setup

import (
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
)

// An Action is what a step does.
type Action string

// The actions, in the order in which they are done.
const (
	Examine     Action = "examine"   // the feed's upstream; nothing is changed
	MakeData    Action = "make_data" // the directory
	WriteSecret Action = "write_secret"
	PinHost     Action = "pin_host" // of the SFTP server that the feed reads from
	WriteConfig Action = "write_config"
	Init        Action = "init"
	Start       Action = "start" // the service
	Show        Action = "show"  // the line for the twin
)

// A State is what became of a step.
type State string

// The states.
const (
	Todo    State = "todo"
	Done    State = "done"    // by this call
	Already State = "already" // by an earlier one
	ByHand  State = "by_hand" // a person has to
)

// A Step is one thing to do. Doing it again changes nothing.
type Step struct {
	Do    Action `json:"do"`
	Text  string `json:"text"` // without the secret
	State State  `json:"state"`
}

// A User owns the data directory.
type User struct {
	Name     string
	UID, GID int
}

// A Service is what systemd says of twind.
type Service struct {
	There  bool // it can be started here, by us, and runs this configuration
	Active bool // it runs, and will after a boot
}

// Seen is what is there.
type Seen struct {
	Root    bool
	Owner   User
	Config  *config.Config // nil if there is none
	Secret  string         // in the secret file, if that is as it must be; else ""
	Pinned  bool           // the host key that the goal wants to be
	Data    bool           // the directory is there
	Self    *node.Self     // nil if this server is not initialized
	Service Service
}

// A Goal is what is wanted.
type Goal struct {
	File       string // twin.toml
	Text       string // what it is to say, unless it is there
	Name, Data string
	Role       string
	Feed       string
	SecretFile string // "" if the feed has none
	Secret     string
	Pin        *Pin   // nil if no host key is to be pinned
	Pages      string // where health and status are told; "" if nowhere
	Listen     string // of Twin's own SSH server; "" if the system's lets the twin in
	Address    string // that the twin is told; "" if this host's name
}

// ErrAnother is returned when this server is initialized as another one.
var ErrAnother = errors.New("this server is another one")

// Plan lists all steps; those that are done already are among them. It refuses
// to make another server of one that is there: ErrAnother.
func Plan(g Goal, s Seen) ([]Step, error) {
	if err := another(g, s.Self); err != nil {
		return nil, err
	}
	reader := "0640"
	if s.Root {
		reader = fmt.Sprintf("0640, root and the group of %s", s.Owner.Name)
	}
	var steps []Step
	add := func(do Action, done bool, format string, args ...any) {
		state := Todo
		if done {
			state = Already
		}
		steps = append(steps, Step{do, fmt.Sprintf(format, args...), state})
	}
	if g.Feed != "" {
		how := ""
		if g.SecretFile != "" {
			how = ", and log in"
		}
		add(Examine, s.Config != nil && s.Self != nil, "examine the upstream of feed %q%s", g.Feed, how)
	}
	add(MakeData, s.Data, "make the directory %s (0700 %s)", g.Data, s.Owner.Name)
	if g.SecretFile != "" {
		add(WriteSecret, s.Secret == g.Secret, "write the secret to %s (0600 %s)", g.SecretFile, s.Owner.Name)
	}
	if g.Pin != nil {
		add(PinHost, s.Pinned, "pin the host key of %s, %s, in %s (0644)", g.Pin.Address, g.Pin.Fingerprint(), g.Pin.File)
	}
	add(WriteConfig, s.Config != nil, "write %s (%s)", g.File, reader)
	add(Init, s.Self != nil, "make this server %s, %s", g.Name, g.Role)
	if s.Service.There {
		add(Start, s.Service.Active, "systemctl enable --now twind")
	} else {
		steps = append(steps, Step{Start, "twind --config " + g.File, ByHand})
	}
	add(Show, false, "print the line for the twin")
	return steps, nil
}

// another refuses a server that is there and is not the one that is wanted.
func another(g Goal, self *node.Self) error {
	if self == nil || self.Name == g.Name && string(self.Role) == g.Role {
		return nil
	}
	return fmt.Errorf("%w: %s is %q, %s; nothing was changed", ErrAnother, g.Data, self.Name, self.Role)
}
