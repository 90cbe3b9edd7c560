package admin

import (
	"fmt"
	"net/mail"
)

func target() Kind {
	return Kind{
		Name: "target", Short: "where notifications and reports are sent to", Label: "name",
		Fields: []Field{
			name(), description(),
			{Name: "type", Short: "how they are sent: by mail, or to the program of twin.toml", Type: Choice, Choices: []string{"mail", "exec"}, Required: true},
			{Name: "address", Short: "a mail address, or what the program is told", Type: Text, Required: true, check: isName},
			{Name: "severity", Short: "alarms of this severity or worse", Type: Choice, Choices: []string{"warning", "error", "none"}, Default: "warning"},
			{Name: "off", Short: "nothing is sent for now", Type: Bool},
		},
		check: checkTarget,
	}
}

func checkTarget(r Row) error {
	address := r.Body.Text("address")
	if r.Body.Text("type") != "mail" {
		return nil
	}
	if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
		return fmt.Errorf("address is %q: want a mail address, as noc@example.com", address)
	}
	return nil
}
