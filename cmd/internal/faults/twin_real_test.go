//go:build real

package faults

import (
	"os"
	"testing"
	"time"
)

// TestRealTwinMix befalls twins with faults, full disks among them: for a
// minute, or as long as TWIN_MIX says (10m).
func TestRealTwinMix(t *testing.T) {
	long := time.Minute
	if said := os.Getenv("TWIN_MIX"); said != "" {
		var err error
		if long, err = time.ParseDuration(said); err != nil {
			t.Fatal(err)
		}
	}
	disk := tmpfs(t, "size=256m")
	full := ballast{t, disk}
	newMix(t, disk, append(mixedFaults(), mixed{"full disk", func(m *mix, _ int) {
		full.space()
		m.wait(8000)
		full.drop()
		eventually(m.t, "it stores again", m.b.ready)
		m.hurts[1] = append(m.hurts[1], stretch{time.Now().Add(-10 * time.Second), time.Now()})
	}, false})).run(long)
}

// newSmallTwins starts two servers on a disk that can be filled: the second
// one's files are on it.
func newSmallTwins(t *testing.T) (*twins, *hall, ballast) {
	t.Helper()
	disk := tmpfs(t, "size=64m")
	calls := newHall(t)
	w := newTwinsAt(t, disk, calls.section("calls"))
	w.start()
	return w, calls, ballast{t, disk}
}

// TestRealTwinFull takes the room from one twin: the other says so and collects
// on, and both have all when there is room again.
func TestRealTwinFull(t *testing.T) {
	t.Parallel()
	w, calls, full := newSmallTwins(t)
	calls.rate.Store(500)
	calls.missed(t, 1000)
	full.space()
	took := eventually(t, "the other says so", func() bool {
		twin := w.a.status().Twin
		return twin.State == "ok" && twin.Store != nil && *twin.Store == "full"
	})
	t.Logf("told after %s", took.Round(100*time.Millisecond))
	n := w.a.committed("calls")
	eventually(t, "collecting", func() bool { return w.a.committed("calls") > n })
	if _, exit, said := w.b.fill(); exit == 0 {
		t.Logf("a fill of one without room: %s", said)
	}
	full.drop()
	eventually(t, "ready again", w.b.ready)
	eventually(t, "the other says so", func() bool {
		twin := w.a.status().Twin
		return twin.State == "ok" && twin.Store != nil && *twin.Store == "ok"
	})
	w.a.undisturbed("calls")
	calls.rate.Store(0)
	w.hasAll("calls", calls.lines())
	if gaps := w.a.gaps("calls"); len(gaps) > 1 { // the last one begins with the end
		t.Errorf("the other server has gaps: %+v", gaps)
	}
}

// TestRealTwinFullFill takes the room from a twin that has much to fill: the
// gap stays open, and is filled when there is room again.
func TestRealTwinFullFill(t *testing.T) {
	t.Parallel()
	w, calls, full := newSmallTwins(t)
	calls.rate.Store(100)
	calls.missed(t, 100)
	w.b.stop()
	w.toA.become(cut)
	for range 300 {
		calls.say(100)
	}
	w.b.start()
	eventually(t, "hearing again", func() bool { return w.b.committed("calls") > 0 })
	full.space()
	eventually(t, "not ready", func() bool { return !w.b.ready() })
	w.toA.become(free)
	pause(t.Context(), 10*time.Second)
	if !w.b.open("calls") {
		t.Error("a gap is called filled without room for what was in it")
	}
	full.drop()
	eventually(t, "filled", func() bool { return w.b.ready() && !w.b.open("calls") })
	w.nothingLeft()
	w.equal()
	calls.rate.Store(0)
	w.hasAll("calls", calls.lines())
}
