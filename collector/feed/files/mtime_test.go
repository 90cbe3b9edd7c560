package files

import (
	"io/fs"
	"testing"
	"time"
)

// dated is what a storage says of a file.
type dated struct {
	fs.FileInfo
	at time.Time
}

func (d dated) ModTime() time.Time { return d.at }
func (dated) Size() int64          { return 1 }
func (dated) Sys() any             { return nil }

// A file of a time that nanoseconds cannot hold makes a restart pass over none:
// neither over it, nor over the others.
func TestTimesOutOfRange(t *testing.T) {
	for name, at := range map[string]time.Time{
		"1600": time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), "1601": time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC),
		"0001": {}, "2300": time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC), "9999": time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			odd := newEntry("/in", "odd", dated{at: at})
			a, c := newEntry("/in", "a", dated{at: noon.Add(-time.Hour)}), newEntry("/in", "c", dated{at: noon.Add(-time.Minute)})
			set := settings{after: leave, late: time.Second}
			l, p := newLedger(&set, &position{}), position{LastAt: -1}
			k := l.look(noon, "")
			for _, e := range []entry{odd, a, c} {
				k.see(e)
			}
			k.end()
			l.finish(&a) // the others wait, when it ends
			k = l.look(noon.Add(time.Minute), "")
			for _, e := range []entry{odd, a, c} {
				k.see(e)
			}
			k.end()
			l.store(&p)
			k = newLedger(&set, &p).look(noon.Add(time.Hour), "")
			k.see(odd)
			k.see(c)
			if ready, _ := k.end(); len(ready) != 2 {
				t.Errorf("%d of 2 that wait are seen after a restart, with all before %d", len(ready), p.Before)
			}
		})
	}
}

// What is stored of a time after the last look does not make files pass as read.
func TestStoredTimeAfterTheLook(t *testing.T) {
	p := position{Before: 6770648073709551616, Swept: noon.UnixNano()}
	k := newLedger(&settings{after: leave}, &p).look(noon.Add(time.Hour), "")
	k.see(far(file("a", -60, 1)))
	if ready, _ := k.end(); len(ready) != 1 {
		t.Error("a file that was not read is passed over")
	}
}
