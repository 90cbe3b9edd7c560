package tui

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkFirst is the first picture, before anything is known.
func BenchmarkFirst(b *testing.B) {
	for b.Loop() {
		f := newFrame(screens(everySource()))
		f.Now = night
		render(f, 120, 40, Colour())
	}
}

// BenchmarkKey is a key and the picture after it, on a list of a hundred
// thousand rows; every sixty keys a second passes.
func BenchmarkKey(b *testing.B) {
	k := kindOf("agent")
	rows := make([]Row, 100_000)
	for i := range rows {
		rows[i] = rowOf(k, fmt.Sprint(100_000+i), fmt.Sprintf("Agent %d", i))
	}
	for name, keys := range map[string][]string{"down": {"j"}, "end": {"G", "g"}, "filter": {"/", "4", "2", "esc"}} {
		b.Run(name, func(b *testing.B) {
			f := on("Admin", administered{rows: rows}, "agent")
			f.width, f.height = 120, 40
			for n := 0; b.Loop(); n++ {
				if n%60 == 59 {
					f.Now = f.Now.Add(time.Second)
				}
				f, _ = f.press(keys[n%len(keys)])
				render(f, 120, 40, Colour())
			}
		})
	}
}
