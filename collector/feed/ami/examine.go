package ami

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

const (
	examineTime  = 3 * time.Second // that is listened for events
	examineLimit = 1 << 20         // ListCommands of a user with all rights is long
	namedActions = 5               // of those that write allows
)

// Test implements feed.Tester. It takes some three seconds when it logs in.
func (s *Source) Test(ctx context.Context, login bool) []feed.Check {
	var checks []feed.Check
	var open *feed.Address
	for _, door := range s.dialer.Doors() {
		check := s.reach(ctx, door)
		if check.Result != feed.Fail && open == nil {
			open = &door
		}
		checks = append(checks, check)
	}
	if !login || open == nil {
		return checks
	}
	conn, err := s.dialer.Open(ctx, *open)
	if err != nil {
		return append(checks, feed.Check{Name: "login", Result: feed.Fail, Text: err.Error()})
	}
	defer conn.Close() //nolint:errcheck // goodbye was said
	interrupt := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer interrupt()
	return append(checks, s.examine(ctx, conn)...)
}

// reach checks one door without logging in.
func (s *Source) reach(ctx context.Context, door feed.Address) feed.Check {
	check := feed.Check{Name: "address " + door.String(), Result: feed.Pass, Text: "an Asterisk manager answers"}
	if err := s.dialer.Check(ctx, door); err != nil {
		check.Result, check.Text = feed.Fail, err.Error()
		return check
	}
	if ip := net.ParseIP(door.Host); !door.Secure && door.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		check.Result = feed.Warn
		check.Text += ", but names and numbers cross the network in clear: use tls:// (tlsenable = yes in manager.conf, port 5039)"
	}
	return check
}

// An examination is what was heard of an upstream in a short while.
type examination struct {
	booted  bool
	offset  time.Duration // of its clock to ours
	clock   error         // why that is not known
	rights  []string      // actions that need a right to write
	timed   int           // events
	untimed int
	classes map[string]bool
	pingID  string
	listID  string
}

func (s *Source) examine(ctx context.Context, conn net.Conn) []feed.Check {
	t := newTalk(conn, examineLimit)
	x := &examination{classes: map[string]bool{}, clock: errors.New("no answer to Ping")}
	version, err := t.login(ctx, s.own, x.take)
	if version != "" {
		version = ", manager version " + strings.ToValidUTF8(version, "?")
	}
	if err != nil {
		return []feed.Check{{Name: "login", Result: feed.Fail, Text: lostText(err)}}
	}
	checks := []feed.Check{{Name: "login", Result: feed.Pass, Text: "as " + s.own.Username + version}}
	if err := x.listen(t); err != nil {
		return append(checks, feed.Check{Name: "events", Result: feed.Fail, Text: err.Error()})
	}
	t.goodbye()
	return append(checks, x.fullyBooted(), x.clocks(), x.write(), x.timestamps(), x.read(s.own.Events))
}

// lostText leaves out the word for the gap list: here there is none.
func lostText(err error) string {
	if lost, ok := errors.AsType[*feed.Lost](err); ok {
		return lost.Err.Error()
	}
	return err.Error()
}

// listen asks what is to be asked and hears for a while what comes.
func (x *examination) listen(t *talk) (err error) {
	if err := t.conn.SetDeadline(time.Now().Add(examineTime)); err != nil {
		return err
	}
	if x.pingID, err = t.say("Ping"); err != nil {
		return err
	}
	if x.listID, err = t.say("ListCommands"); err != nil {
		return err
	}
	for {
		block, err := t.in.next()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, errTooLong):
		case err != nil:
			return err
		default:
			if err := x.take(block); err != nil {
				return err
			}
		}
	}
}

func (x *examination) take(block []byte) error {
	m := parse(block)
	switch {
	case m.response != nil && string(m.actionID) == x.pingID:
		x.pong(m)
	case m.response != nil && string(m.actionID) == x.listID:
		x.rights = rights(block)
	case m.event == nil || m.actionID != nil:
	case string(m.event) == "FullyBooted":
		x.booted = true
	case m.time == nil:
		x.untimed++
	default:
		x.timed++
		for class := range strings.SplitSeq(header(block, "Privilege"), ",") {
			if class != "" && class != "all" { // "all" stands behind each
				x.classes[class] = true
			}
		}
	}
	return nil
}

func (x *examination) pong(m message) {
	at, err := parseTime(m.time)
	x.clock, x.offset = err, at.Sub(record.At(time.Now()))
}

// rights returns the actions of a ListCommands answer that need one:
// "Originate: Originate a call.  (Priv: originate,all)".
func rights(block []byte) []string {
	var need []string
	for line := range lines(block) {
		name, rest, ok := strings.Cut(strings.TrimSpace(string(line)), ":")
		_, priv, found := strings.Cut(rest, "(Priv: ")
		if ok && found && !strings.HasPrefix(priv, "<none>") {
			need = append(need, name)
		}
	}
	return need
}

func (x *examination) fullyBooted() feed.Check {
	if x.booted {
		return feed.Check{Name: "start-up time", Result: feed.Pass, Text: "FullyBooted tells it"}
	}
	return feed.Check{
		Name: "start-up time", Result: feed.Warn,
		Text: "no FullyBooted, so that a restart cannot be told from a broken connection: add class system to read in manager.conf and to events in twin.toml",
	}
}

func (x *examination) clocks() feed.Check {
	c := feed.Check{Name: "clock", Result: feed.Pass}
	switch {
	case x.clock != nil:
		c.Result, c.Text = feed.Fail, "the answer to Ping tells no time, so nothing proves what was heard: "+x.clock.Error()
	case x.offset.Abs() > clockTolerance:
		c.Result, c.Text = feed.Warn, fmt.Sprintf("differs from ours by %s: let both follow NTP", x.offset.Round(time.Millisecond))
	default:
		c.Text = "differs from ours by " + x.offset.Round(time.Millisecond).String()
	}
	return c
}

func (x *examination) write() feed.Check {
	if len(x.rights) == 0 {
		return feed.Check{Name: "write", Result: feed.Pass, Text: "the user may not change anything"}
	}
	named := strings.Join(x.rights[:min(len(x.rights), namedActions)], ", ")
	if len(x.rights) > namedActions {
		named += ", ..."
	}
	return feed.Check{
		Name: "write", Result: feed.Warn,
		Text: fmt.Sprintf("the user may do more than listen (%s): leave write empty in manager.conf", named),
	}
}

func (x *examination) timestamps() feed.Check {
	c := feed.Check{Name: "timestamps", Result: feed.Pass, Text: "events carry them"}
	switch {
	case x.untimed > 0:
		c.Result, c.Text = feed.Fail, fmt.Sprintf("%d of %d events have none: set timestampevents = yes in [general] of manager.conf, then \"manager reload\"",
			x.untimed, x.timed+x.untimed)
	case x.timed == 0:
		c.Result, c.Text = feed.Warn, fmt.Sprintf("no event within %s: cannot tell; timestampevents = yes must be set in [general] of manager.conf", examineTime)
	}
	return c
}

// read compares the classes that were heard with those that were asked for.
func (x *examination) read(asked string) feed.Check {
	heard := slices.Sorted(maps.Keys(x.classes))
	c := feed.Check{Name: "read", Result: feed.Pass, Text: "heard classes " + strings.Join(heard, ",")}
	var quiet []string
	for class := range strings.SplitSeq(asked, ",") {
		if class = strings.TrimSpace(class); !x.classes[class] && (class != "system" || !x.booted) {
			quiet = append(quiet, class)
		}
	}
	switch {
	case len(heard) == 0:
		c.Result, c.Text = feed.Warn, fmt.Sprintf("no event within %s: cannot tell; read = %s must be set in manager.conf", examineTime, asked)
	case len(quiet) > 0:
		c.Result = feed.Warn
		c.Text += fmt.Sprintf("; nothing of %s within %s: fine when it is quiet, otherwise add to read in manager.conf", strings.Join(quiet, ","), examineTime)
	}
	return c
}
