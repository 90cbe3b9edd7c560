package app

import (
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// A maintenance without an end is an alarm once it was likely forgotten.
func TestForgottenMaintenance(t *testing.T) {
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	since := func(ago time.Duration) node.Moment { return node.Moment(record.At(now.Add(-ago))) }
	until := since(-time.Hour)
	for name, c := range map[string]struct {
		m    *node.MaintenanceDocument
		says string
	}{
		"none":            {nil, ""},
		"for a day":       {&node.MaintenanceDocument{Since: since(24 * time.Hour), Reason: "disks"}, ""},
		"for longer":      {&node.MaintenanceDocument{Since: since(49*time.Hour + time.Minute), Reason: "disks", Actor: "ann"}, "for 49 h: maintenance: disks (ann): twinctl maintenance off"},
		"that ends":       {&node.MaintenanceDocument{Since: since(49 * time.Hour), Until: &until, Reason: "disks"}, ""},
		"in times before": {&node.MaintenanceDocument{Since: since(-time.Hour)}, ""}, // the clock went back
	} {
		var all concerns
		maintenanceAlarms(&all, c.m, now)
		if len(all) > 1 || (len(all) == 1) != (c.says != "") {
			t.Errorf("%s: %+v", name, all)
			continue
		}
		if len(all) == 1 && (!strings.HasSuffix(all[0].text, c.says) || all[0].severity != "warning") {
			t.Errorf("%s: %+v", name, all[0])
		}
	}
}
