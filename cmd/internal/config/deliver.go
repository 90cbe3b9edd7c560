package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/inert"
)

// Deliver is the [deliver] table: how people are told of what happens.
type Deliver struct {
	Exec        string // a program's file; "" for none
	ExecTimeout string // a duration
	AlarmsTo    string // receivers of every alarm of this server, with commas between
}

// Mail is the [mail] table: the server that mail is handed to.
type Mail struct {
	Server       string // host:port; "" for none
	TLS          string // "starttls", "tls" or "none"
	CAFile       string // PEM; "" for the system's
	From         string // address
	Username     string // "" logs in nowhere
	PasswordFile string
}

// The settings of Mail.TLS.
const (
	StartTLS    = "starttls" // asked for in the clear, and demanded
	ImplicitTLS = "tls"      // from the first byte
	NoTLS       = "none"     // for a server on this machine, or in a network of trust
)

// The ways to a receiver.
const (
	ByMail = "mail"
	ByExec = "exec"
)

const (
	leastExecTimeout = time.Second
	mostExecTimeout  = 5 * time.Minute
)

// Receiver writes whom to tell, and how: mail:noc@example.com.
func Receiver(by, address string) string { return by + ":" + address }

// Receivers reads a list of them, as in deliver.alarms_to.
func Receivers(text string) ([]string, error) {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSuffix(strings.TrimSpace(part), ":")
		by, address, _ := strings.Cut(part, ":")
		switch {
		case part == "" && text == "":
			continue
		case by == ByMail:
			if err := mailAddress(address); err != nil {
				return nil, err
			}
		case by != ByExec || address != "" && inert.Name(address) != nil:
			return nil, fmt.Errorf("%q: want mail:ADDRESS or exec:WORD, with commas between", part)
		}
		if slices.Contains(all, part) {
			return nil, fmt.Errorf("%q stands there twice", part)
		}
		all = append(all, part)
	}
	return all, nil
}

func receivers(text string) error {
	_, err := Receivers(text)
	return err
}

// mailAddress wants the plain form. Nothing else may reach an SMTP server.
func mailAddress(s string) error {
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s || inert.Name(s) != nil {
		return fmt.Errorf("%q: want a mail address, as noc@example.com", s)
	}
	return nil
}

func execTimeout(s string) error {
	if d, err := time.ParseDuration(s); err != nil || d < leastExecTimeout || d > mostExecTimeout {
		return fmt.Errorf("%q: want a duration from %s to %s, as 30s", s, leastExecTimeout, mostExecTimeout)
	}
	return nil
}

func mailServer(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" || hostName(host) != nil {
		return fmt.Errorf("%q: want host:port, as smtp.example.com:587", s)
	}
	return portNumber(port)
}

func mailTLS(s string) error {
	if !slices.Contains([]string{StartTLS, ImplicitTLS, NoTLS}, s) {
		return fmt.Errorf("%q: want %s, %s or %s", s, StartTLS, ImplicitTLS, NoTLS)
	}
	return nil
}

func oneLine(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("holds control characters")
	}
	return nil
}

// deliverSettings are those of [deliver] and [mail].
func deliverSettings() []Setting {
	return []Setting{
		{
			Key: "deliver.exec", Doc: `program that is told what happens, as JSON and TWIN_FACT_ variables; "" for none`,
			path: true, check: optional(notEmpty), field: func(c *Config) *string { return &c.Deliver.Exec },
		},
		{
			Key: "deliver.exec_timeout", Doc: "duration after which that program is ended, 1s to 5m", Default: "30s",
			check: execTimeout, field: func(c *Config) *string { return &c.Deliver.ExecTimeout },
		},
		{
			Key: "deliver.alarms_to", Doc: "told of each alarm besides the targets: mail:ADDRESS or exec:WORD, with commas between",
			check: receivers, field: func(c *Config) *string { return &c.Deliver.AlarmsTo },
		},
		{
			Key: "mail.server", Doc: `host:port of the server that mail is handed to; "" for none`,
			check: optional(mailServer), field: func(c *Config) *string { return &c.Mail.Server },
		},
		{
			Key: "mail.tls", Doc: "starttls, tls (from the first byte) or none", Default: StartTLS,
			check: mailTLS, field: func(c *Config) *string { return &c.Mail.TLS },
		},
		{
			Key: "mail.ca_file", Doc: `PEM file of the authorities that are trusted; "" for the system's`,
			path: true, check: optional(notEmpty), field: func(c *Config) *string { return &c.Mail.CAFile },
		},
		{
			Key: "mail.from", Doc: "address that mail comes from",
			check: optional(mailAddress), field: func(c *Config) *string { return &c.Mail.From },
		},
		{
			Key: "mail.username", Doc: `login at that server; "" for none`,
			check: oneLine, field: func(c *Config) *string { return &c.Mail.Username },
		},
		{
			Key: "mail.password_file", Doc: "file whose first line is the password; mode 0600, of the service's user; read at each login",
			path: true, check: optional(notEmpty), field: func(c *Config) *string { return &c.Mail.PasswordFile },
		},
	}
}

// undeliverable finds what of [mail] and [deliver] cannot be meant together: the
// key at fault, and why; "" if nothing is.
func (c *Config) undeliverable() (key, why string) {
	m := c.Mail
	switch {
	case m.Server == "" && m.From != "":
		return "mail.server", "missing: say which server mail is handed to, as smtp.example.com:587"
	case m.Server != "" && m.From == "":
		return "mail.from", "missing: say where mail comes from, as twin@example.com"
	case m.Username != "" && m.PasswordFile == "":
		return "mail.password_file", "missing: mail.username logs in with a password"
	case m.Username == "" && m.PasswordFile != "":
		return "mail.username", "missing: mail.password_file is for a login"
	case m.Username != "" && m.TLS == NoTLS:
		return "mail.tls", `is "none": the password would cross the network in the clear`
	}
	all, _ := Receivers(c.Deliver.AlarmsTo) // it was checked
	for _, r := range all {
		by, _, _ := strings.Cut(r, ":")
		if by == ByMail && m.Server == "" {
			return "deliver.alarms_to", "has " + r + ", but mail.server is not set"
		}
		if by == ByExec && c.Deliver.Exec == "" {
			return "deliver.alarms_to", "has " + r + ", but deliver.exec is not set"
		}
	}
	return "", ""
}
