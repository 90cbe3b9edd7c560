// Package deliver tells people what happened: by mail, and by a program of the
// site's own. It sends one message and says what came of that; who is told,
// when, and how often it is tried, others decide.
package deliver

import (
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/inert"
)

// The sorts of facts.
const (
	Alarm    = "alarm"
	Crossing = "crossing"
	Report   = "report"
	Notice   = "notice" // what a person, or a timetable, says
)

// A Fact is what somebody is told. It only ever grows.
type Fact struct {
	Type     string    `json:"type"` // alarm, crossing, report or notice
	ID       int64     `json:"id"`   // of the alarm, or of the exception in the server's history; 0 of the others
	Server   string    `json:"server"`
	Role     string    `json:"role"`
	At       time.Time `json:"at"`
	Severity string    `json:"severity"`
	Code     string    `json:"code"`           // of the alarm; the measure of a crossing; what a report asks
	Object   string    `json:"object"`         // of a notice: who says it
	Feed     string    `json:"feed,omitempty"` // of a crossing
	Text     string    `json:"text"`
	// Instead says that the secondary tells, because it cannot reach the primary.
	Instead  bool               `json:"instead_of_primary"`
	Crossing *history.Exception `json:"crossing,omitempty"`
	Report   *Mailing           `json:"report,omitempty"`
}

// A Letter is a fact on its way to one receiver.
type Letter struct {
	Fact

	Message  string `json:"message"`  // the same for each attempt, and for no other letter
	To       string `json:"to"`       // the address
	Repeated bool   `json:"repeated"` // an earlier attempt may have arrived
	// Folder is where the files of a report are until this is sent, and perhaps
	// no longer.
	Folder string `json:"folder,omitempty"`

	Attached []File `json:"-"` // what goes with it, with the texts
}

// A Trouble is why a letter was not sent, as far as is known.
type Trouble struct {
	Err      error
	Doubtful bool // it may have arrived all the same
	Away     bool // nobody at all can be told on this way
	Hopeless bool // nor will a later attempt be better
}

// troubleSays is how many bytes of a trouble are said: it is kept with the
// message, and may quote what a server said.
const troubleSays = 2 << 10

// Error says it, in few words.
func (t *Trouble) Error() string {
	text := t.Err.Error()
	if len(text) > troubleSays {
		text = strings.ToValidUTF8(text[:troubleSays], "") + "..."
	}
	return text
}

// Unwrap returns the cause.
func (t *Trouble) Unwrap() error { return t.Err }

// Subject says it all in a line without anything that a terminal, or a header,
// would act upon.
func (l Letter) Subject() string {
	var marks string
	if l.Instead {
		marks += " (from the secondary)"
	}
	if l.Repeated {
		marks += " (perhaps again)"
	}
	if l.Report != nil {
		return inert.Text(fmt.Sprintf("[%s] %s%s", l.Server, l.Text, marks))
	}
	return inert.Text(fmt.Sprintf("[%s] %s: %s%s", l.Server, l.Severity, l.Text, marks))
}

// Body is the mail's text: a fact a line.
func (l Letter) Body() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", inert.Text(l.Text))
	if l.Report != nil {
		l.Report.write(&b)
	}
	l.facts(&b)
	if l.Instead {
		b.WriteString("\nThe secondary tells this, because it cannot reach the primary: that one may tell it too.\n")
	}
	if l.Repeated {
		b.WriteString("\nAn earlier attempt to send this may have arrived: it has the same Message-ID.\n")
	}
	return b.String()
}

func (l Letter) facts(b *strings.Builder) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "%-10s %s\n", name, inert.Text(value))
		}
	}
	line("at", l.At.UTC().Format(time.RFC3339))
	line("server", l.Server+", "+l.Role)
	if r := l.Report; r != nil {
		line("sent by", r.By)
		return
	}
	line("severity", l.Severity)
	if c := l.Crossing; c != nil {
		line("threshold", titled(c.Threshold, c.Name))
		line("measure", c.Measure)
		line("feed", c.Feed)
		line("of", c.Object)
		line("limit", fmt.Sprintf("%d s, count %d%s", c.Limit, c.Count, percent(c.Percent)))
		line("reached", fmt.Sprint(c.Value))
		line("interval", c.Start.Time().Format(time.RFC3339))
		line("look", "twinctl report exception")
		return
	}
	if l.Type == Notice {
		line("sent by", l.Object)
		return
	}
	line("code", l.Code)
	line("of", l.Object)
	line("look", fmt.Sprintf("twinctl status; twinctl alarm ack %d", l.ID))
}

func titled(key, name string) string {
	if name == "" || name == key {
		return key
	}
	return key + " (" + name + ")"
}

func percent(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d %%", n)
}
