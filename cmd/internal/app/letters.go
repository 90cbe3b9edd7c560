package app

import (
	"context"
	"slices"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/deliver"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// mostRows is how many rows of a kind of administration data are looked at.
const mostRows = 10_000

// letters makes messages of what happened: it knows who writes, and to whom.
type letters struct {
	server, role string
	instead      bool                 // of the primary
	always       []string             // receivers of every alarm
	targets      map[string]admin.Row // by key, those that are not off
	unreached    []string             // receivers that could not be told lately
}

// letters reads who is to be told now.
func (s *server) letters(ctx context.Context) (letters, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return letters{}, err
	}
	l := letters{
		server: self.Name, role: string(self.Role), targets: map[string]admin.Row{},
		instead: newStance(self, s.watcher.Standing()).alone(time.Now()),
	}
	if l.always, err = config.Receivers(s.config().Deliver.AlarmsTo); err != nil {
		return letters{}, err
	}
	rows, err := s.data.Admin.Rows(ctx, "target", "", mostRows)
	for _, r := range rows {
		if !r.Body.Bool("off") {
			l.targets[r.Key] = r
		}
	}
	if err != nil {
		return letters{}, err
	}
	unsent, err := s.data.Node.Undelivered(ctx)
	for _, u := range unsent {
		l.unreached = append(l.unreached, u.Receiver)
	}
	return l, err
}

// receiver returns how a target is told.
func receiver(target admin.Row) string {
	return config.Receiver(target.Body.Text("type"), target.Body.Text("address"))
}

// ofAlarm makes the messages of an alarm. That somebody could not be told is
// not told to those who could not.
func (l letters) ofAlarm(a node.KeptAlarm) ([]node.Message, error) {
	to := slices.Clone(l.always)
	for _, t := range l.targets {
		least := t.Body.Text("severity") // "": warning, and worse
		if least != "none" && (least != "error" || a.Severity == "error") {
			to = append(to, receiver(t))
		}
	}
	if a.Code == "undelivered" {
		to = slices.DeleteFunc(to, func(r string) bool { return r == a.Object || slices.Contains(l.unreached, r) })
	}
	return l.messages(node.AboutAlarm(a.ID), to, deliver.Fact{
		Type: deliver.Alarm, ID: a.ID, At: a.Since.Time(), Severity: a.Severity, Code: a.Code, Object: a.Object, Text: a.Text,
		Instead: l.instead,
	}), nil
}

// ofCrossing makes the messages of a crossing for the targets of its threshold.
func (l letters) ofCrossing(e history.Exception, targets []string, insteadOf bool) []node.Message {
	var to []string
	for _, key := range targets {
		if t, ok := l.targets[key]; ok {
			to = append(to, receiver(t))
		}
	}
	return l.messages(node.AboutCrossing(e.ID), to, deliver.Fact{
		Type: deliver.Crossing, ID: e.ID, At: e.At.Time().Truncate(time.Second), Severity: e.Severity, Code: e.Measure,
		Object: e.Object, Feed: e.Feed, Text: e.Text, Instead: insteadOf, Crossing: &e,
	})
}

func (l letters) messages(about string, to []string, fact deliver.Fact) []node.Message {
	fact.Server, fact.Role = l.server, l.role
	slices.Sort(to)
	var all []node.Message
	for _, r := range slices.Compact(to) {
		all = append(all, node.Message{About: about, Receiver: r, Facts: asJSON(fact)})
	}
	return all
}
