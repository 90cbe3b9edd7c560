package node

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

func TestMaintenance(t *testing.T) {
	n, _ := ledgerOf(t, Primary)
	ctx := t.Context()
	set := func(m Maintenance) Maintenance {
		t.Helper()
		is, err := n.SetMaintenance(ctx, m)
		if err != nil {
			t.Fatal(err)
		}
		if read, err := n.Maintenance(ctx); err != nil || read != is {
			t.Errorf("read %+v, %v, want %+v", read, err, is)
		}
		return is
	}
	acts := func() int { return count(t, n, `SELECT count(*) FROM audit WHERE verb LIKE 'maintenance.%'`) }
	now := record.At(time.Now())
	if is := set(Maintenance{Actor: "ann"}); is.On || acts() != 0 {
		t.Errorf("none: %+v, %d acts", is, acts())
	}
	first := set(Maintenance{On: true, Reason: "disks", Actor: "ann"})
	if !first.Holds(now.Add(1000*time.Hour)) || first.Since < now || acts() != 1 {
		t.Errorf("begun: %+v, %d acts", first, acts())
	}
	until := now.Add(time.Hour)
	second := set(Maintenance{On: true, Reason: "more disks", Actor: "bob", Until: until})
	if second.Since != first.Since || !second.Holds(until-1) || second.Holds(until) || acts() != 2 {
		t.Errorf("changed: %+v, %d acts", second, acts())
	}
	// One whose time is over is not gone on with.
	set(Maintenance{On: true, Reason: "short", Actor: "bob", Until: now})
	if third := set(Maintenance{On: true, Reason: "anew", Actor: "bob"}); third.Since <= first.Since {
		t.Errorf("after one that is over: since %v, the first was since %v", third.Since, first.Since)
	}
	if is := set(Maintenance{Actor: "ann"}); is != (Maintenance{}) || is.Holds(now) || acts() != 5 {
		t.Errorf("ended: %+v, %d acts", is, acts())
	}
	if _, err := n.AuditVerify(ctx); err != nil {
		t.Error(err)
	}
}
