package fill

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// forge changes a page on its way.
func forge(t *testing.T, b []byte, change func(*Page)) []byte {
	t.Helper()
	p, err := parsePage(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rows) > 10 {
		change(&p)
	}
	return encodePage(p)
}

// answer encodes what a twin says instead.
func answer(t *testing.T, a any) []byte {
	t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Whatever a hostile twin says, the fill ends with ErrUntrusted, nothing that
// is forged is stored, and no gap is called filled.
func TestHostileTwin(t *testing.T) {
	other := record.New(noon+11*record.Minute, 0, []byte("of another feed"))
	endless := 0
	for name, spoil := range map[string]func(*testing.T, string, []byte) []byte{
		"a false digest": func(t *testing.T, what string, b []byte) []byte {
			return onRecords(what, b, func() []byte { return forge(t, b, func(p *Page) { p.Rows[7].Raw = []byte("forged") }) })
		},
		"a record in the place of another": func(t *testing.T, what string, b []byte) []byte {
			return onRecords(what, b, func() []byte {
				return forge(t, b, func(p *Page) {
					p.Rows[7].Record = record.New(p.Rows[7].At, 0, []byte("of another feed"))
				})
			})
		},
		"records of another feed alone": func(t *testing.T, what string, b []byte) []byte {
			return onRecords(what, b, func() []byte {
				return forge(t, b, func(p *Page) {
					for i, r := range p.Rows {
						p.Rows[i].Record = record.New(r.At, 0, append([]byte("fax "), r.Raw...))
					}
				})
			})
		},
		"more than it claims": func(t *testing.T, what string, b []byte) []byte {
			return onRecords(what, b, func() []byte {
				return forge(t, b, func(p *Page) {
					r := p.Rows[len(p.Rows)-1]
					r.Record = record.New(r.At+1, 0, other.Raw)
					p.Rows = append(p.Rows, r)
				})
			})
		},
		"without end": func(t *testing.T, what string, b []byte) []byte {
			return onRecords(what, b, func() []byte {
				endless++
				var p Page
				for i := range 100 {
					r := record.New(noon+11*record.Minute, uint32(100*endless+i), other.Raw)
					p.Rows = append(p.Rows, history.Row{Record: r})
				}
				return encodePage(p)
			})
		},
		"from outside of what was asked": func(t *testing.T, what string, b []byte) []byte {
			return onRecords(what, b, func() []byte {
				return forge(t, b, func(p *Page) { p.Rows[len(p.Rows)-1].Record = record.New(hour.To+record.Hour, 0, other.Raw) })
			})
		},
		"out of order": func(t *testing.T, what string, b []byte) []byte {
			return onRecords(what, b, func() []byte { return forge(t, b, func(p *Page) { p.Rows[3], p.Rows[4] = p.Rows[4], p.Rows[3] }) })
		},
		"half a file": func(_ *testing.T, what string, b []byte) []byte {
			return onRecords(what, b, func() []byte { return b[:len(b)/2] })
		},
		"garbage": func(_ *testing.T, what string, b []byte) []byte {
			return onRecords(what, b, func() []byte { return []byte("garbage") })
		},
		"an endless file": func(_ *testing.T, what string, b []byte) []byte {
			return onRecords(what, b, func() []byte { return make([]byte, maxPage+1) })
		},
		"tallies of nothing": func(t *testing.T, what string, b []byte) []byte {
			return on(verbTallies, what, b, func() []byte {
				s := hour
				return answer(t, talliesAnswer{packSlots([]history.Slot{{Start: floor(s.From, widths[0])}}, s, widths[0])})
			})
		},
		"tallies that are none": func(t *testing.T, what string, b []byte) []byte {
			return on(verbTallies, what, b, func() []byte { return answer(t, talliesAnswer{bytes.Repeat([]byte{0xff}, 99)}) })
		},
		"it heard what was not asked": func(t *testing.T, what string, b []byte) []byte {
			return on(verbHeard, what, b, func() []byte {
				return answer(t, heardAnswer{packSpans([]record.Span{{From: noon, To: noon + 1<<50}}, record.Span{From: noon}), 0})
			})
		},
		"it hears on and on": func(t *testing.T, what string, b []byte) []byte {
			return on(verbHeard, what, b, func() []byte { return answer(t, heardAnswer{nil, 1}) })
		},
		"it was there before all time": func(t *testing.T, what string, b []byte) []byte {
			return on(verbExtents, what, b, func() []byte {
				return answer(t, extentsAnswer{map[string]extent{"pbx": {First: -1 << 62, CoveredUntil: 1 << 62}}})
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			before := keysOf(t, a, "pbx", record.Span{})
			honest := keysOf(t, b, "pbx", record.Span{})
			w := newWire(b)
			w.spoil = func(what string, bytes []byte) []byte { return spoil(t, what, bytes) }
			if _, err := Fill(t.Context(), a, Remote{w}, Options{}); !errors.Is(err, ErrUntrusted) {
				t.Errorf("ended with %v", err)
			}
			for k := range keysOf(t, a, "pbx", record.Span{}) {
				if !before[k] && !honest[k] {
					t.Fatalf("stored a forged record at %s", k.At)
				}
			}
			if g := gapsOf(t, a, "pbx")[0]; g.State != history.GapOpen {
				t.Errorf("%+v", g)
			}
			// The same twin, honest again.
			mustFill(t, a, Remote{newWire(b)}, Options{})
			if c := mustCompare(t, a, b, CompareOptions{}); !c.Equal {
				t.Errorf("%+v", c)
			}
		})
	}
}

func onRecords(what string, b []byte, instead func() []byte) []byte {
	return on("records", what, b, instead)
}

func on(want, what string, b []byte, instead func() []byte) []byte {
	if what != want {
		return b
	}
	return instead()
}

// A twin that keeps back what it claims to have is not believed to have given it.
func TestTwinThatWithholds(t *testing.T) {
	a, b := pair(t)
	w := newWire(b)
	w.spoil = func(what string, bytes []byte) []byte {
		return onRecords(what, bytes, func() []byte {
			p, err := parsePage(bytes)
			if err != nil {
				t.Fatal(err)
			}
			return encodePage(Page{Rows: p.Rows[:max(len(p.Rows)-3, 0)]})
		})
	}
	got := one(t, mustFill(t, a, Remote{w}, Options{}))
	if got.Withheld == 0 || got.StillOpen == 0 || got.Lost != 0 {
		t.Errorf("%+v", got)
	}
	got = one(t, mustFill(t, a, Remote{newWire(b)}, Options{}))
	if got.Withheld != 0 || got.StillOpen != 0 {
		t.Errorf("honest again: %+v", got)
	}
}

func TestHostileCompare(t *testing.T) {
	k := record.Key{At: noon + record.Minute}
	for name, keys := range map[string][]record.Key{
		"out of order": {{At: k.At + 1}, k},
		"twice":        {k, k},
		"outside":      {{At: hour.To + 1}},
		"too many":     make([]record.Key, keysPerCall+1),
	} {
		t.Run(name, func(t *testing.T) {
			a, b := open(t), open(t)
			all := said(hour, second)
			hear(t, a, "pbx", hour, all[1:])
			hear(t, b, "pbx", hour, all)
			w := newWire(b)
			w.spoil = func(what string, b []byte) []byte {
				return on(verbKeys, what, b, func() []byte { return answer(t, keysAnswer{packKeys(keys)}) })
			}
			if _, err := Compare(t.Context(), a, Remote{w}, CompareOptions{}); !errors.Is(err, ErrUntrusted) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}
