package app

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/tui/console"
)

// What is told of the people who are there.
const (
	mostTold = 100 // sessions
	mostVerb = 60  // bytes of what each asked for, and of where each is
)

// people are how administered users come to this server by its own SSH server.
type people struct {
	*console.Console
	port int
}

// Visitors is the book of who is on the server of a data directory by --as.
func Visitors(data string) console.Book { return console.Book{Dir: filepath.Join(data, "people")} }

// Stays bounds what people take, whichever SSH server let them in.
func Stays(cfg *config.Config) console.Limits {
	sessions, idle, longest := cfg.SSH.People()
	return console.Limits{Sessions: sessions, Idle: idle, Longest: longest}
}

// receiving returns who receives people, nil where nobody can: then they are not
// let in.
func (s *server) receiving() link.People {
	twinctl := s.timekeeper.tasks.twinctl
	if twinctl == "" {
		s.log.Warn("people are not let in by SSH: twinctl is neither beside twind nor in PATH")
		return nil
	}
	s.people = &people{Console: console.New(console.Options{
		Known:   s.knows,
		Command: func(login string) []string { return asPerson(twinctl, s.config(), login) },
		Limits:  func() console.Limits { return Stays(s.config()) },
		Log:     s.log,
	})}
	return s.people
}

// asPerson is the line that serves a login: what the person may do it decides
// itself.
func asPerson(twinctl string, cfg *config.Config, login string) []string {
	line := []string{twinctl, "--config", cfg.File}
	for _, set := range cfg.Above() {
		line = append(line, "--set", set)
	}
	return append(line, "--as", login)
}

// knows tells whether a key is one of those of an administered user.
func (s *server) knows(ctx context.Context, login, line string) (bool, error) {
	row, err := s.data.Admin.Row(ctx, admin.Name{Kind: "user", Key: login})
	if errors.Is(err, admin.ErrNoRow) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(row.Body.List("keys"), func(key string) bool {
		plain, err := link.CheckKey(key)
		return err == nil && plain == line
	}), nil
}

// at notes where people are let in.
func (p *people) at(a net.Addr) {
	if tcp, ok := a.(*net.TCPAddr); ok && p != nil {
		p.port = tcp.Port
	}
}

// describe tells who is there, and by what port they may come.
func (p *people) describe(data string) *node.PeopleDocument {
	d := whoIsHere(data)
	if p != nil && d != nil {
		d.Port = &p.port
	}
	return d
}

// whoIsHere tells who is on the server of a data directory, whether it runs or
// not; nil: the book of that cannot be read. What it says the twin is told, which
// refuses a word that is too long.
func whoIsHere(data string) *node.PeopleDocument {
	here, err := Visitors(data).Sessions()
	if err != nil {
		return nil
	}
	d := &node.PeopleDocument{Sessions: []node.PersonDocument{}}
	for _, one := range here[:min(len(here), mostTold)] {
		d.Sessions = append(d.Sessions, node.PersonDocument{
			Login: one.Login, From: briefly(one.From), Since: node.Moment(record.At(one.Since)), Terminal: one.Terminal,
			Verb: briefly(one.Command),
		})
	}
	return d
}

// briefly returns the beginning of foreign text.
func briefly(text string) string { return inert.Text(text[:min(len(text), mostVerb)]) }
