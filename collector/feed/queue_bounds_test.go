package feed

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// What cannot be true moves no coverage, whoever tells it.
func TestTheBoundsOfASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := record.At(time.Now())
		for from, want := range map[record.Instant]record.Instant{
			now: now, now - record.Hour: now - record.Hour, now + record.Hour: now + record.Hour,
			now + record.Hour + 1: now, 99_999_999_999 * record.Second: now, 0: now, earliest - 1: now, earliest: earliest,
		} {
			d := newDesk(1<<20, Kind{})
			d.Begin(Session{From: from}, "here")
			m := d.next(t).Marks[0]
			if m.From != want || m.Begin.From != want {
				t.Errorf("from %s it begins at %s, %s; want %s", from, m.From, m.Begin.From, want)
			}
		}
		for until, want := range map[record.Instant]int{
			now: 1, now + record.Hour: 1, now + record.Hour + 1: 0, 99_999_999_999 * record.Second: 0, earliest: 1, earliest - 1: 0,
		} {
			d := newDesk(1<<20, Kind{})
			d.session(t)
			d.Proof(until)
			d.End(Mute, nil)
			if got := len(d.next(t).Marks) - 1; got != want {
				t.Errorf("proof until %s: %d marks, want %d", until, got, want)
			}
		}
	})
}

// A session says how long nobody was heard before it, by our own clock: since
// the last proof but one, because the last tells of the time before it.
func TestASessionSaysWhatWasMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		zero := record.At(time.Now())
		check := func(missed time.Duration) {
			t.Helper()
			d.Begin(Session{From: record.At(time.Now())}, "here")
			if m := d.next(t).Marks[0]; m.Missed != missed || m.Told != record.At(time.Now()) {
				t.Errorf("told at %s, missed %s; want %s", m.Told, m.Missed, missed)
			}
		}
		check(0) // nobody knows
		for i := range record.Instant(3) {
			<-time.After(5 * time.Second)
			d.Proof(zero + 5*i*record.Second)
		}
		d.End(Mute, nil)
		d.next(t)
		<-time.After(time.Minute)
		check(time.Minute + 5*time.Second)
	})
}
