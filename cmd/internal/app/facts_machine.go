package app

import (
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/switchover/preflight"
)

// disk tells of the one that the data lies on; stands is what twind says of
// storing on it.
func (w Witness) disk(stands string) preflight.Disk {
	d := preflight.Disk{Store: stands}
	if free, all, err := store.Space(w.Data.Dir); err == nil {
		d.Free, d.All = free, all
	}
	d.Reserve = fileSize(filepath.Join(w.Data.Dir, reserveName)) >= store.ReserveSize
	return d
}

// clockFacts tells how far this machine's clock can be relied on: the kernel
// knows whether anything keeps it right, and twind raises an alarm when it was
// set.
func clockFacts(alarms []node.Alarm) preflight.Clock {
	var c preflight.Clock
	for _, a := range alarms {
		if a.Code == clockStep {
			c.Stepped = record.At(a.Since)
		}
	}
	var t unix.Timex
	if state, err := unix.Adjtimex(&t); err == nil {
		synced := state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
		c.Synced = &synced
	}
	return c
}

// boot tells whether systemd starts twind when the machine starts, "" where it
// is not the service that runs it.
func (w Witness) boot() string {
	if !cli.Installed(w.Config.File) {
		return ""
	}
	wanted, err := filepath.Glob("/etc/systemd/system/*.wants/twind.service")
	if err != nil || len(wanted) == 0 {
		return "disabled"
	}
	return "enabled"
}
