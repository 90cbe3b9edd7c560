package feed

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

// session begins a session that hears from now on.
func (d *desk) session(t *testing.T) record.Instant {
	t.Helper()
	from := record.At(time.Now())
	d.Begin(Session{From: from}, "here")
	d.next(t)
	return from
}

func TestTimesThatCannotBeTrueAreRejected(t *testing.T) {
	year1990 := record.At(time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC))
	synctest.Test(t, func(t *testing.T) {
		now := record.At(time.Now()) // the bubble's clock stands while nobody waits
		for at, kept := range map[record.Instant]bool{
			now: true, now + record.Hour: true, now + record.Hour + 1: false,
			year1990: true, year1990 - 1: false, 0: false, -1: false,
		} {
			d := newDesk(1<<20, Kind{})
			d.tellAt(t, at, "x")
			d.Flush()
			b := d.next(t)
			if kept != (len(b.Records) == 1) || kept != (b.Rejected == 0) || string(b.Position) != "after x" {
				t.Errorf("at %s: %+v", at, b)
			}
			if !kept && (b.Quarantine[0].Reason != Clock || !strings.Contains(b.Quarantine[0].Text, at.String())) {
				t.Errorf("at %s: %+v", at, b.Quarantine[0])
			}
		}
	})
}

func TestRejectionsKeepTheBeginningOfSome(t *testing.T) {
	d := newDesk(1<<20, Kind{})
	for i := range headsPerBatch + 5 {
		d.Reject(Rejected, fmt.Sprint(i), bytes.Repeat([]byte("x"), i*20), []byte("here"))
	}
	b := d.next(t)
	if b.Rejected != headsPerBatch+5 || len(b.Quarantine) != headsPerBatch || string(b.Position) != "here" {
		t.Errorf("%d rejected, %d heads, position %q", b.Rejected, len(b.Quarantine), b.Position)
	}
	for i, q := range b.Quarantine {
		if len(q.Head) != min(i*20, headLen) || q.Text != fmt.Sprint(i) || q.At == 0 {
			t.Errorf("head %d: %d bytes, %+v", i, len(q.Head), q)
		}
	}
	checkMarks(t, b.Marks) // without a session nothing is heard anyway
}

func TestHoles(t *testing.T) {
	const s = record.Second
	bad := func(d *desk) { d.Reject(Rejected, "bad", nil, nil) }
	hole := func(from, until record.Instant) Mark {
		return Mark{What: HoleMark, From: from, Until: until, Reason: Rejected}
	}
	// Each case tells, and says which marks come of it; the session began at 0,
	// and it is 5 s now.
	for name, c := range map[string]struct {
		tell func(t *testing.T, d *desk, zero record.Instant)
		want []Mark
	}{
		"up to the next record": {
			func(t *testing.T, d *desk, zero record.Instant) {
				d.tellAt(t, zero+s, "good")
				bad(d)
				bad(d)
				d.tellAt(t, zero+3*s, "good")
			},
			[]Mark{hole(s, 3*s)},
		},
		"from the start of the session": {
			func(t *testing.T, d *desk, zero record.Instant) { bad(d); d.tellAt(t, zero+s, "good") },
			[]Mark{hole(0, s)},
		},
		"a record of the same time does not end it": {
			func(t *testing.T, d *desk, zero record.Instant) {
				d.tellAt(t, zero+s, "good")
				bad(d)
				d.tellAt(t, zero+s, "same time")
				d.tellAt(t, zero+s-4, "backwards")
				d.tellAt(t, zero+2*s, "good")
			},
			[]Mark{hole(s, 2*s)},
		},
		"two": {
			func(t *testing.T, d *desk, zero record.Instant) {
				bad(d)
				d.tellAt(t, zero+s, "good")
				bad(d)
				d.tellAt(t, zero+2*s, "good")
			},
			[]Mark{hole(0, s), hole(s, 2*s)},
		},
		"behind what was proven": {
			func(t *testing.T, d *desk, zero record.Instant) {
				<-time.After(61 * time.Second)
				d.Proof(zero + 60*s)
				bad(d)
				d.tellAt(t, zero+61*s, "good")
			},
			[]Mark{{What: ProofMark, Until: 60 * s}, hole(60*s, 61*s)},
		},
		"proof from before the rejection does not end it": {
			func(t *testing.T, d *desk, zero record.Instant) {
				<-time.After(10 * time.Second)
				bad(d)
				d.Proof(zero + 8*s) // what was rejected may be of a later time
				<-time.After(5 * time.Second)
				d.Proof(zero + 16*s)
			},
			[]Mark{hole(0, 16*s), {What: ProofMark, Until: 16 * s}},
		},
		"not where one wrong clock was": {
			func(t *testing.T, d *desk, zero record.Instant) {
				d.tellAt(t, zero+50*60*s, "one wrong clock")
				d.tellAt(t, zero, "good")
				bad(d)
				d.tellAt(t, zero+s, "good")
			},
			[]Mark{hole(0, s)},
		},
		"nor where a wrong clock was last": {
			func(t *testing.T, d *desk, zero record.Instant) {
				<-time.After(10 * time.Second)
				d.tellAt(t, zero+50*60*s, "a wrong clock")
				bad(d)
				<-time.After(10 * time.Second)
				d.tellAt(t, zero+16*s, "good")
				d.Proof(zero + 18*s)
				d.Proof(zero + 20*s)
			},
			[]Mark{hole(15*s, 20*s), {What: ProofMark, Until: 20 * s}},
		},
		// Each answer proves up to the one before, on a clock that is a minute
		// ahead; what came between the first and the second is proven by the third.
		"not ended by proof of what was before, of a clock that is ahead": {
			func(t *testing.T, d *desk, zero record.Instant) {
				<-time.After(5 * time.Second)
				d.Proof(zero + 60*s)
				<-time.After(2 * time.Second)
				bad(d)
				<-time.After(3 * time.Second)
				d.Proof(zero + 65*s)
				<-time.After(5 * time.Second)
				d.Proof(zero + 70*s)
			},
			[]Mark{{What: ProofMark, Until: 60 * s}, hole(12*s, 70*s), {What: ProofMark, Until: 70 * s}},
		},
		"up to the end of the session": {
			func(t *testing.T, d *desk, zero record.Instant) {
				d.tellAt(t, zero+s, "good")
				bad(d)
				d.End(Unreachable, errCut)
			},
			[]Mark{hole(s, s+1), {What: EndMark, Reason: Unreachable}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(1<<20, Kind{})
				zero := d.session(t)
				var got []Mark
				ended := make(chan struct{})
				go func() { <-time.After(5 * time.Second); c.tell(t, d, zero); close(ended) }()
				<-ended
				for _, m := range d.next(t).Marks {
					m.From, m.Until = max(m.From-zero, 0), max(m.Until-zero, 0)
					got = append(got, m)
				}
				checkMarks(t, got, c.want...)
			})
		})
	}
}

// A hole is told with the batch that it began in, as it cannot be known how
// long the next record takes, and again in full length.
func TestAHoleIsToldBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		zero := d.session(t)
		d.Reject(Rejected, "bad", nil, nil)
		checkMarks(t, d.next(t).Marks, Mark{What: HoleMark, From: zero, Until: zero + 1, Reason: Rejected})
		d.Reject(Rejected, "bad", nil, nil)
		checkMarks(t, d.next(t).Marks)
		d.tellAt(t, zero+record.Second, "good")
		checkMarks(t, d.next(t).Marks, Mark{What: HoleMark, From: zero, Until: zero + record.Second, Reason: Rejected})
	})
}

// While a hole has no end, nothing behind its beginning is covered: after a
// crash nobody could tell where it was.
func TestProofStopsAtAnOpenHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		zero := d.session(t)
		d.Reject(Rejected, "bad", nil, nil)
		d.Proof(zero + 3*record.Second)
		checkMarks(t, d.next(t).Marks,
			Mark{What: HoleMark, From: zero, Until: zero + 1, Reason: Rejected},
			Mark{What: ProofMark, Until: zero})
	})
}

func TestProofsAreJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		d.Proof(5) // before the session
		zero := d.session(t)
		for _, until := range []record.Instant{10, 30, 20} {
			d.Proof(zero + until)
			d.tell(t, "x")
		}
		checkMarks(t, d.next(t).Marks, Mark{What: ProofMark, Until: zero + 30})
	})
}

func TestHowASessionEnds(t *testing.T) {
	for name, c := range map[string]struct {
		before func(d *desk)
		reason Reason
		want   Reason
	}{
		"as the source says":              {func(*desk) {}, Mute, Mute},
		"stopped":                         {func(*desk) {}, Stopped, Stopped},
		"stopped for a reason":            {func(d *desk) { d.Leave(Paused) }, Stopped, Paused},
		"lost just before it was stopped": {func(d *desk) { d.Leave(Paused) }, Unreachable, Unreachable},
		"overrun":                         {func(*desk) {}, Overrun, Overrun},
		"overrun on a full disk":          {func(d *desk) { d.Stuck(DiskFull) }, Overrun, DiskFull},
		"overrun after a full disk":       {func(d *desk) { d.Stuck(DiskFull); d.Stuck("") }, Overrun, Overrun},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(1<<20, Kind{})
			d.session(t)
			c.before(d)
			for range 2 { // the second finds no session
				d.End(c.reason, nil)
			}
			checkMarks(t, d.next(t).Marks, Mark{What: EndMark, Reason: c.want})
		})
	}
}

func TestNobodyIsHeardAtFirst(t *testing.T) {
	down := func(d *desk) { d.Report(Health{State: Down, Err: errCut}) }
	for name, c := range map[string]struct {
		tell []func(d *desk)
		want []Mark
	}{
		"down, again and again":    {[]func(*desk){down, down}, []Mark{{What: EndMark, Reason: Unreachable}}},
		"connecting is no gap yet": {[]func(*desk){func(d *desk) { d.Report(Health{State: Connecting}) }}, nil},
		"stopped before it began":  {[]func(*desk){func(d *desk) { d.End(Stopped, nil) }}, nil},
		"refused, then down":       {[]func(*desk){func(d *desk) { d.End(Refused, errCut) }, down}, []Mark{{What: EndMark, Reason: Refused}}},
		"down, then refused":       {[]func(*desk){down, func(d *desk) { d.End(Refused, errCut) }}, []Mark{{What: EndMark, Reason: Unreachable}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(1<<20, Kind{})
			for _, tell := range c.tell {
				tell(d)
			}
			b, ok := d.Take()
			if ok != (c.want != nil) {
				t.Errorf("took one: %v", ok)
			}
			checkMarks(t, b.Marks, c.want...)
		})
	}
}

func TestDownAfterASessionIsNoSecondEnd(t *testing.T) {
	d := newDesk(1<<20, Kind{})
	d.session(t)
	d.End(Mute, errCut)
	d.Report(Health{State: Down, Err: errCut})
	checkMarks(t, d.next(t).Marks, Mark{What: EndMark, Reason: Mute})
}

func TestHealthIsWhatWasSaidLast(t *testing.T) {
	d := newDesk(1<<20, Kind{})
	check := func(state State, address string, err error) {
		t.Helper()
		if got := d.Health(); got != (Health{state, address, err}) {
			t.Errorf("health %+v", got)
		}
	}
	check(Connecting, "", nil)
	d.session(t)
	check(Live, "here", nil)
	d.Report(Health{Live, "here", errCut}) // a warning
	check(Live, "here", errCut)
	d.End(Unreachable, errCut)
	check(Down, "here", errCut)
	d.Report(Health{Connecting, "there", errCut})
	check(Connecting, "there", errCut)
}

// What goes in comes out once and in order, whatever the limits and the speed
// of either side.
func TestWhatGoesInComesOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 70_000)), 1, 200).Draw(t, "sizes")
		flush := rapid.SliceOfN(rapid.Bool(), len(sizes), len(sizes)).Draw(t, "flush")
		d := newDesk(rapid.IntRange(1, 300_000).Draw(t, "limit"), Kind{})
		content := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, sizes[i]) }

		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		var telling sync.WaitGroup
		telling.Go(func() {
			at := record.At(time.Now())
			for i := range sizes {
				if err := d.Record(ctx, record.New(at, uint32(i), content(i)), fmt.Append(nil, i)); err != nil {
					t.Errorf("record %d: %v", i, err)
				}
				if flush[i] {
					d.Flush()
				}
			}
			if err := d.Drain(ctx); err != nil {
				t.Error(err)
			}
		})

		for n := 0; n < len(sizes); {
			b, ok := d.Take()
			if !ok {
				select {
				case <-d.wake:
					continue
				case <-ctx.Done():
					t.Fatalf("%d of %d records came out", n, len(sizes))
				}
			}
			for _, r := range b.Records {
				if int(r.N) != n || !bytes.Equal(r.Raw, content(n)) {
					t.Fatalf("record %d came out as %d, %d bytes", n, r.N, len(r.Raw))
				}
				n++
			}
			if string(b.Position) != fmt.Sprint(n-1) {
				t.Fatalf("position %q behind record %d", b.Position, n-1)
			}
			d.Done()
		}
		telling.Wait()
		if records, bytes := d.Held(); records != 0 || bytes != 0 {
			t.Fatalf("%d records, %d bytes are still held", records, bytes)
		}
	})
}
