package admin

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"
)

func target() Kind {
	return Kind{
		Name: "target", Short: "where notifications and reports are sent to", Label: "name",
		Fields: []Field{
			name(), description(),
			{Name: "type", Short: "how they are sent", Type: Choice, Choices: []string{"mail", "webhook", "syslog"}, Required: true},
			{Name: "address", Short: "where to: a mail address, a URL, or a host and port", Type: Text, Required: true},
			{Name: "severity", Short: "alarms of this severity or worse", Type: Choice, Choices: []string{"warning", "error"}, Default: "warning"},
			{Name: "off", Short: "nothing is sent for now", Type: Bool},
		},
		check: checkTarget,
	}
}

func checkTarget(r Row) error {
	address := r.Body.Text("address")
	switch r.Body.Text("type") {
	case "mail":
		if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
			return fmt.Errorf("address is %q: want a mail address, as noc@example.com", address)
		}
	case "webhook":
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return fmt.Errorf("address is %q: want a URL, as https://hooks.example.com/twin", address)
		}
		if u.User != nil {
			return fmt.Errorf("address has a password in it: secrets are files named in twin.toml")
		}
	case "syslog":
		host, port, ok := strings.Cut(address, ":")
		if !ok || host == "" || port == "" {
			return fmt.Errorf("address is %q: want a host and a port, as log.example.com:6514", address)
		}
	}
	return nil
}
