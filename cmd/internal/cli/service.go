package cli

import (
	"os"
	"path/filepath"
	"strings"
)

// What a person types about twind where the installed service runs it. As a
// hint, or by Local, they are told as they have to be typed on this machine.
const (
	StartTwind   = "systemctl start twind"
	RestartTwind = "systemctl restart twind"
	ReloadTwind  = "systemctl reload twind"
)

// units are the places where the unit of the service may be.
const units = "/etc/systemd/system:/run/systemd/system:/usr/local/lib/systemd/system:/usr/lib/systemd/system:/lib/systemd/system"

// Local returns what is to be typed for one of these on this machine, about the
// twind of a configuration. Anything else it returns as it is.
func Local(command, config string) string {
	return local(command, config, Installed(config))
}

// Installed tells whether the service of this machine runs a configuration.
func Installed(config string) bool { return config == configDefault && installed() }

// installed tells whether systemd runs here and knows twind.
func installed() bool {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return false
	}
	for dir := range strings.SplitSeq(units, ":") {
		if _, err := os.Stat(filepath.Join(dir, "twind.service")); err == nil {
			return true
		}
	}
	return false
}

// local is the rule: the service runs the configuration at its usual place, and
// a person every other.
func local(command, config string, service bool) string {
	if service {
		return command
	}
	start := "twind --config " + config
	switch command {
	case StartTwind:
		return start
	case RestartTwind:
		return "end that process, with kill -KILL if need be, then " + start
	case ReloadTwind:
		return "send twind a hang-up: kill -HUP, with the process that twinctl status shows"
	}
	return command
}
