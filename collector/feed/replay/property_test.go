package replay

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A stay is a client's time with the server, from and to milliseconds after
// the start.
type stay struct{ from, to int }

// However clients come and go, each hears exactly what was said while it was
// there, in the recording's order and at its time, and nothing twice.
func TestEveryStayHearsItsOwn(t *testing.T) {
	stays := rapid.Custom(func(r *rapid.T) stay {
		from := rapid.IntRange(1, 400).Draw(r, "from")
		return stay{from, from + rapid.IntRange(1, 400).Draw(r, "for")}
	})
	rapid.Check(t, func(r *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(-3, 40), 0, 40).Draw(r, "steps")
		visits := rapid.SliceOfN(stays, 0, 6).Draw(r, "stays")
		speed := rapid.SampledFrom([]float64{0.5, 1, 3}).Draw(r, "speed")
		shift := rapid.Bool().Draw(r, "shift")
		var problem string
		synctest.Test(t, func(t *testing.T) { problem = playTo(t, steps, visits, Options{Speed: speed, ShiftToNow: shift}) })
		if problem != "" {
			r.Fatal(problem)
		}
	})
}

// playTo plays events that are steps milliseconds apart to the visits, beside
// a client that is there from the start, and returns what is wrong.
func playTo(t *testing.T, steps []int, visits []stay, o Options) string {
	t.Helper()
	offsets := []time.Duration{0}
	for _, s := range steps {
		offsets = append(offsets, max(0, offsets[len(offsets)-1]+time.Duration(s)*time.Millisecond))
	}
	o.Kind, o.Doors = AMI, []Door{{File: recording(t, offsets...)}}
	door := perform(t, o)[0]
	problems := make([]string, 1+len(visits))
	var clients sync.WaitGroup
	all := logIn(t, door)
	start := time.Now()
	for i, v := range visits {
		clients.Go(func() {
			// Between two milliseconds, where nothing is due at any of the speeds.
			<-time.After(time.Duration(v.from)*time.Millisecond + time.Duration(i+1)*time.Microsecond)
			e := logIn(t, door)
			came := time.Since(start)
			<-time.After(time.Duration(v.to-v.from) * time.Millisecond)
			synctest.Wait()
			problems[i+1] = compareStay(e, offsets, o.Speed, came, time.Since(start))
			e.conn.Close()
		})
	}
	clients.Wait()
	pass(time.Minute)
	problems[0] = compareStay(all, offsets, o.Speed, 0, time.Since(start))
	i := slices.IndexFunc(problems, func(p string) bool { return p != "" })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("client %d: %s", i, problems[i])
}

// compareStay returns how what a client heard differs from what was said
// while it was there. It works out the times by itself.
func compareStay(e *ear, offsets []time.Duration, speed float64, from, to time.Duration) string {
	var want []string
	peak := time.Duration(0)
	for n, o := range offsets {
		peak = max(peak, o)
		due := time.Duration(math.Ceil(float64(peak.Microseconds())/speed)) * time.Microsecond
		if due >= from && due <= to {
			want = append(want, fmt.Sprint(n))
		}
	}
	if diff := cmp.Diff(want, names(e.heard())); diff != "" {
		return fmt.Sprintf("from %s to %s (-want +got):\n%s", from, to, diff)
	}
	return ""
}
