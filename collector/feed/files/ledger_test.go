package files

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noon is when the tests of decisions look for the first time.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// file makes an entry that was changed so many seconds after noon; on this
// machine it came here then too.
func file(name string, second, size int64) entry {
	changed := noon.Add(time.Duration(second) * time.Second)
	e := entry{dir: "/in", name: name, file: markOf(name), size: size, changed: changed, touched: changed}
	e.state = markOf(fmt.Sprint(name, size, changed))
	return e
}

// far makes it one of a server, whose clock is not ours.
func far(e entry) entry {
	e.touched = time.Time{}
	return e
}

// Which files are read, in which order, at one look after another; and what is
// proven when those that may be read were.
func TestLooks(t *testing.T) {
	type round struct {
		at    int64   // seconds after noon
		see   []entry // what is there
		ready string  // what may be read, in order
		gone  string
		heard int64 // seconds after noon; unknown: nobody knows
	}
	const unknown = -1 << 40
	for name, c := range map[string]struct {
		age    string
		stored position
		moves  bool
		rounds []round
	}{
		"the oldest first, then by name": {rounds: []round{
			{0, []entry{file("b", -5, 1), file("c", -9, 1), file("a", -5, 1)}, "c a b ", "", -12},
			{60, []entry{file("b", -5, 1), file("c", -9, 1), file("a", -5, 1), file("d", 1, 1)}, "d ", "", 48},
		}},
		"one that is too young holds back what is proven": {age: "30s", rounds: []round{
			{0, []entry{file("a", -60, 1)}, "a ", "", -12},
			{60, []entry{file("a", -60, 1), file("b", 55, 1)}, "", "", -12},
			{120, []entry{file("a", -60, 1), file("b", 110, 2)}, "", "", -12},
			{180, []entry{file("a", -60, 1), file("b", 110, 2)}, "b ", "", 168},
		}},
		"the clock of a server tells nothing": {age: "30s", rounds: []round{
			{0, []entry{far(file("a", -600, 1)), far(file("b", 900, 1))}, "", "", unknown},
			{20, []entry{far(file("a", -600, 1)), far(file("b", 900, 1))}, "", "", unknown},
			{40, []entry{far(file("a", -600, 1)), far(file("b", 900, 2))}, "a ", "", unknown},
			{70, []entry{far(file("a", -600, 1)), far(file("b", 900, 2))}, "b ", "", 58},
		}},
		"one that comes late is read, whatever its time": {rounds: []round{
			{0, []entry{far(file("b", -5, 1))}, "b ", "", -12},
			{60, []entry{far(file("b", -5, 1)), far(file("a", -9000, 1))}, "a ", "", 48},
			{120, []entry{far(file("b", -5, 1)), far(file("a", -9000, 1))}, "", "", 108},
		}},
		"one that was changed is read": {rounds: []round{
			{0, []entry{file("a", -5, 1)}, "a ", "", -12},
			{60, []entry{file("a", -5, 2)}, "a ", "", 48},
		}},
		"after a restart what is stored decides": {stored: position{Before: noon.Add(-60 * time.Second).UnixNano(), Swept: noon.UnixNano()}, rounds: []round{
			{60, []entry{far(file("old", -61, 1)), file("moved", -61, 1), file("new", -60, 1)}, "new ", "", 48},
		}},
		"one that came while nobody looked is seen by when it came": {stored: position{Before: noon.Add(-60 * time.Second).UnixNano(), Swept: noon.UnixNano()}, rounds: []round{
			{60, []entry{touched(file("a", -900, 1), 30), touched(file("b", -900, 1), -30)}, "a ", "", 48},
		}},
		"what goes away": {age: "30s", rounds: []round{
			{0, []entry{file("a", -60, 1), file("b", -60, 1), file("c", -1, 1)}, "a b ", "", unknown},
			{60, []entry{file("d", 1, 1)}, "d ", "", 48},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			set := settings{late: 10 * time.Second, after: leave}
			if c.age != "" {
				set.age, _ = time.ParseDuration(c.age)
			}
			l := newLedger(&set, &c.stored)
			for _, r := range c.rounds {
				at := noon.Add(time.Duration(r.at) * time.Second)
				k := l.look(at, "/stage")
				for _, e := range r.see {
					k.see(e)
				}
				ready, gone := k.end()
				got := r
				got.ready, got.gone, got.heard = "", "", unknown
				for _, w := range ready {
					got.ready += w.entry.name + " "
					l.finish(&w.entry)
				}
				for _, e := range gone {
					got.gone += e.name + " "
				}
				if heard := l.heard(at); !heard.IsZero() {
					got.heard = int64(heard.Sub(noon) / time.Second)
				}
				if got.ready != r.ready || got.gone != r.gone || got.heard != r.heard {
					t.Errorf("at %d: ready %q, gone %q, heard %d: want %q, %q, %d", r.at, got.ready, got.gone, got.heard, r.ready, r.gone, r.heard)
				}
			}
		})
	}
}

// touched makes an entry one that came here so many seconds after noon.
func touched(e entry, second int64) entry {
	e.touched = noon.Add(time.Duration(second) * time.Second)
	return e
}

// A file that waited to be read, and is gone, is told of; what waits to be
// finished may become another.
func TestGoneBeforeRead(t *testing.T) {
	l := newLedger(&settings{after: leave, age: time.Minute}, &position{})
	k := l.look(noon, "")
	k.see(file("ripe", -61, 1))
	k.see(file("young", -5, 1))
	k.end()
	_, gone := l.look(noon.Add(time.Hour), "").end()
	if len(gone) != 1 || gone[0].name != "ripe" {
		t.Errorf("gone: %v", gone)
	}
}

// However many files there are: what is remembered, and what is stored with each
// record, stays small; and all are read in the end, in their order.
func TestManyFiles(t *testing.T) {
	const many = 3*maxWait + 7
	l, p := newLedger(&settings{after: leave, late: time.Hour}, &position{}), position{LastAt: -1}
	var code encoder
	read := 0
	for round := range 10 {
		k := l.look(noon.Add(time.Duration(round)*time.Minute), "")
		for i := range int64(many) {
			k.see(file(fmt.Sprintf("%05d", (i*7919)%many), (i*7919)%many-many, 1))
			if len(k.left) > 2*maxWait || len(k.newer) > 2*maxDone {
				t.Fatal("it remembers more than it may")
			}
		}
		ready, gone := k.end()
		for _, w := range ready {
			if want := fmt.Sprintf("%05d", read); w.entry.name != want {
				t.Fatalf("file %s is read, want %s", w.entry.name, want)
			}
			read++
			l.finish(&w.entry)
		}
		l.store(&p)
		if floor := time.Unix(0, p.Before); p.Before != 0 && read < many && floor.After(noon.Add(time.Duration(read-many)*time.Second)) {
			t.Fatalf("after %d files all before %s are taken for read", read, floor.Sub(noon))
		}
		code.settle(&p)
		if size := len(code.encode(&p)); size > 4096 || len(gone) > 0 || len(p.Done) > 8*maxDone {
			t.Fatalf("a position of %d bytes, %d gone", size, len(gone))
		}
		if len(ready) == 0 {
			break
		}
	}
	if read != many {
		t.Errorf("%d of %d were read", read, many)
	}
	again := newLedger(&settings{after: leave, late: time.Hour}, &p)
	k := again.look(noon.Add(time.Hour), "")
	for i := range int64(many) {
		k.see(file(fmt.Sprintf("%05d", i), i-many, 1))
	}
	if ready, _ := k.end(); len(ready) > 3600-maxDone+3 {
		t.Errorf("%d are read again: more than came within late", len(ready))
	}
}

func TestOptions(t *testing.T) {
	good := func() *options {
		o, _ := Kind().Options().(*options)
		o.Dir, o.Late = "/in", "2m"
		return o
	}
	for want, edit := range map[string]func(o *options){
		"":                                      func(*options) {},
		"dir: missing: ":                        func(o *options) { o.Dir = "" },
		`dir: "in" is not absolute: `:           func(o *options) { o.Dir = "in" },
		`dir: "ftp://a@b/c": want an absolute`:  func(o *options) { o.Dir = "ftp://a@b/c" },
		`dir: "sftp://b/c": want sftp://user@`:  func(o *options) { o.Dir = "sftp://b/c" },
		`dir: "sftp://a:p@b/c": want sftp://`:   func(o *options) { o.Dir = "sftp://a:p@b/c" },
		"key_file: missing: ":                   func(o *options) { o.Dir = "sftp://a@b/c" },
		"known_hosts_file: missing: ":           func(o *options) { o.Dir, o.KeyFile = "sftp://a@b/c", "/k" },
		`dir: "/in" is a directory of this mac`: func(o *options) { o.KeyFile = "/k" },
		`mask: "[": want `:                      func(o *options) { o.Mask = "[" },
		`mask: "a/*": want `:                    func(o *options) { o.Mask = "a/*" },
		"late: missing: ":                       func(o *options) { o.Late = "" },
		`poll: "0s": want a time from 1s to`:    func(o *options) { o.Poll = "0s" },
		`age: "x": want a time `:                func(o *options) { o.Age = "x" },
		"read_limit: -1: ":                      func(o *options) { o.ReadLimit = -1 },
		"retries: -1: ":                         func(o *options) { o.Retries = -1 },
		`after: "move": want leave, `:           func(o *options) { o.After = "move" },
		`stage: after = "leave" moves nothing`:  func(o *options) { o.Stage = "/s" },
		"archive: missing: ":                    func(o *options) { o.After, o.Error = archive, "/e" },
		`archive: is for after = "archive"`:     func(o *options) { o.After, o.Error, o.Archive = remove, "/e", "/a" },
		"error: missing: ":                      func(o *options) { o.After = remove },
		`error: "/in/e" lies in the directory`:  func(o *options) { o.After, o.Error = remove, "/in/./e" },
		`stage: "/in" is dir already`:           func(o *options) { o.After, o.Error, o.Stage = remove, "/e", "/in" },
		`error: "/s" is stage already`:          func(o *options) { o.After, o.Error, o.Stage = remove, "/s", "/s/" },
		`stage: "s" is not absolute`:            func(o *options) { o.After, o.Error, o.Stage = remove, "/e", "s" },
	} {
		o := good()
		edit(o)
		_, err := o.settle()
		got := ""
		if err != nil {
			got = err.Error()[:min(len(err.Error()), len(want))]
		}
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want == "") {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}
