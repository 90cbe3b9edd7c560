package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

func roleCommand() cli.Command {
	return cli.Command{
		Name:  "role",
		Short: "show who is primary, by which epoch, and what waits",
		Examples: []cli.Example{
			{Line: "twinctl role show", Why: "who is this server, and may it act so?"},
			{Line: "twinctl role confirm --epoch 3", Why: "it is primary, though its twin cannot be asked"},
		},
		Sub: []cli.Command{roleShowCommand(), roleConfirmCommand()},
	}
}

func roleShowCommand() cli.Command {
	return cli.Command{
		Name:  "show",
		Short: "show this server's role, and the twin's as it was last told",
		Long: `Shows the role and the epoch by which this server has it, the highest epoch that it has seen, which slots of what only a primary runs are its own, and whether anything keeps it from acting so: a role that is being moved, a higher epoch, a restore, or a twin that was not asked yet who is primary. ` +
			`The last is known while twind runs. The twin's part is what it told last, and how old that is.`,
		Examples: []cli.Example{
			{Line: "twinctl role show"},
			{Line: "twinctl role show --json", Why: "the same for programs"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			doc, err := s.role(ctx, time.Now())
			if err != nil {
				return err
			}
			if call.Format == cli.JSON {
				return call.Show(cli.View{Document: doc})
			}
			return writeRole(call.Out, doc)
		}),
	}
}

// A roleDocument is who this server is, and what it may do as that.
type roleDocument struct {
	Name       string       `json:"name"`
	Role       node.Role    `json:"role"`
	Epoch      int64        `json:"epoch"`      // of its own last change of role
	Seen       int64        `json:"epoch_seen"` // the highest of all
	Since      node.Moment  `json:"since"`
	OwnsFrom   *node.Moment `json:"owns_from"`  // slots after it are, or were, its own; null: it never was primary
	OwnsUntil  *node.Moment `json:"owns_until"` // and up to it; null: it is primary, or never was
	Superseded bool         `json:"superseded"` // a primary that has seen a higher epoch, and acts as one no longer
	Moving     *roleWait    `json:"moving"`     // the runbook that moves the role, null if none does
	Held       *roleWait    `json:"held"`       // why what needs the role waits, null if it does not
	Fenced     *roleWait    `json:"fenced"`     // by whom it was kept from acting as primary, and why; null: by nobody
	Confirmed  *node.Moment `json:"confirmed"`  // when a person said that it is primary in this epoch
	Running    bool         `json:"running"`    // twind, without which nothing is known of the twin but what is old
	Twin       *roleTwin    `json:"twin"`       // null when this server runs alone
}

// A roleWait is why something waits, and until when at the latest.
type roleWait struct {
	Because string       `json:"because"`
	Until   *node.Moment `json:"until"` // null: for as long as that is so
}

// A roleTwin is what the twin told last of itself.
type roleTwin struct {
	Name   string     `json:"name"`
	State  string     `json:"state"`
	Role   *node.Role `json:"role"`
	Seen   *int64     `json:"epoch_seen"`
	SeenAt *time.Time `json:"seen_at"`
}

// role reads it, as it is now.
func (s *site) role(ctx context.Context, now time.Time) (roleDocument, error) {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return roleDocument{}, err
	}
	restored, err := s.data.Node.Held(ctx)
	if err != nil {
		return roleDocument{}, err
	}
	status, err := app.Status(ctx, s.Config, s.data)
	if err != nil {
		return roleDocument{}, err
	}
	d := roleDocument{
		Name: self.Name, Role: self.Role, Epoch: self.Epoch, Seen: self.EpochSeen, Since: node.Moment(self.Since),
		OwnsFrom: someMoment(self.OwnsFrom), OwnsUntil: someMoment(self.OwnsUntil), Superseded: self.Superseded(), Running: status.Running,
	}
	if self.Drains(record.At(now)) {
		d.Moving = &roleWait{"switch-over " + self.DrainingFor, someMoment(self.DrainingUntil)}
	}
	switch t := status.Timetables; {
	case restored != nil:
		d.Held = &roleWait{Because: restoredWords(restored)}
	case status.Running && t != nil && t.Because != "":
		d.Held = &roleWait{t.Because, t.Until}
	}
	if f := app.Fenced(s.data.Dir, self); f != nil {
		d.Fenced = &roleWait{Because: app.DescribeFence(f)}
	}
	if self.ConfirmedAt != 0 && self.ConfirmedEpoch == self.Epoch && self.Role == node.Primary {
		d.Confirmed = someMoment(self.ConfirmedAt)
	}
	if t := status.Twin; t != nil {
		d.Twin = &roleTwin{t.Name, t.State, t.Role, t.Epoch, t.SeenAt}
	}
	return d, nil
}

// restoredWords says why a restored server is held.
func restoredWords(r *node.Restored) string {
	return "it was restored from " + r.Backup + ", and has not rejoined its twin"
}

// someMoment is one of a document, null for none.
func someMoment(at record.Instant) *node.Moment {
	if at == 0 {
		return nil
	}
	return (*node.Moment)(&at)
}

func writeRole(w io.Writer, d roleDocument) error {
	fmt.Fprintf(w, "%s  %s since %s  epoch %d, the highest that was seen is %d\n", inert.Text(d.Name), d.Role, second(&d.Since), d.Epoch, d.Seen)
	if d.Superseded {
		fmt.Fprintf(w, "superseded  by epoch %d: it acts as primary no longer\n", d.Seen)
	}
	switch {
	case d.OwnsUntil != nil:
		fmt.Fprintf(w, "owned the slots after %s, up to %s\n", second(d.OwnsFrom), second(d.OwnsUntil))
	case d.OwnsFrom != nil:
		fmt.Fprintf(w, "owns the slots after %s\n", second(d.OwnsFrom))
	}
	for _, wait := range []struct {
		word string
		*roleWait
	}{{"moving", d.Moving}, {"held", d.Held}, {"fenced", d.Fenced}} {
		if wait.roleWait == nil {
			continue
		}
		until := ""
		if wait.Until != nil {
			until = ", until " + second(wait.Until) + " at the latest"
		}
		fmt.Fprintf(w, "%s  %s%s\n", wait.word, inert.Text(wait.Because), until)
	}
	if d.Confirmed != nil {
		fmt.Fprintf(w, "confirmed  by a person at %s\n", second(d.Confirmed))
	}
	return writeRoleTwin(w, d)
}

func writeRoleTwin(w io.Writer, d roleDocument) error {
	line := "it has no twin"
	if t := d.Twin; t != nil {
		line = fmt.Sprintf("twin %s  has never told its role", inert.Text(t.Name))
		if t.Role != nil && t.Seen != nil && t.SeenAt != nil {
			line = fmt.Sprintf("twin %s  %s, the highest epoch that it has seen is %d: told at %s", inert.Text(t.Name), inert.Text(string(*t.Role)), *t.Seen, t.SeenAt.Format(time.RFC3339))
		}
		line += fmt.Sprintf("; %s now", inert.Text(t.State))
	}
	if !d.Running {
		line += "; twind is not running"
	}
	_, err := fmt.Fprintln(w, line)
	return err
}
