package admin

import (
	"fmt"
	"testing"
)

// many is what a large site has.
const many = 32_740

// manyRows are edits that make rows which refer to each other.
func manyRows(n int) []Edit {
	edits := make([]Edit, 0, n)
	for i := range n {
		switch {
		case i%10 == 9:
			edits = append(edits, set("agent-group", fmt.Sprintf("group %d", i), Body{"agents": []string{fmt.Sprint(i - 1), fmt.Sprint(i - 2)}}))
		default:
			edits = append(edits, set("agent", fmt.Sprint(i), Body{"name": fmt.Sprintf("Agent Nr. %d", i), "aliases": []string{fmt.Sprintf("PJSIP/%d", i)}}))
		}
	}
	return edits
}

func bench(b *testing.B, n int) *pair {
	b.Helper()
	p := &pair{newServer(b, b.TempDir(), primary), newServer(b, b.TempDir(), secondary)}
	b.Cleanup(func() { p.a.close(b); p.b.close(b) })
	p.a.change(b, manyRows(n)...)
	return p
}

// Nothing was synced yet: all rows are pending, and are read twice.
func BenchmarkPositionOfAllPending(b *testing.B) {
	p := bench(b, many)
	for b.Loop() {
		p.a.position(b)
	}
}

func BenchmarkPosition(b *testing.B) {
	p := bench(b, many)
	p.sync(b)
	p.a.change(b, set("agent", "7", Body{}))
	for b.Loop() {
		p.a.position(b)
	}
}

func BenchmarkChangeOne(b *testing.B) {
	p := bench(b, many)
	i := 0
	for b.Loop() {
		i++
		p.a.change(b, set("agent", "7", Body{"name": fmt.Sprint(i)}))
	}
}

func BenchmarkApply38(b *testing.B) {
	p := bench(b, many)
	p.sync(b)
	i := 0
	for b.Loop() {
		b.StopTimer()
		i++
		var edits []Edit
		for n := range 38 {
			edits = append(edits, set("agent", fmt.Sprint(n*100), Body{"name": fmt.Sprint(i)}))
		}
		p.a.change(b, edits...)
		f, ops := p.plan(b, nil)
		if err := p.a.Sending(b.Context(), f, ops); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := p.b.Apply(b.Context(), bySync, f, ops); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if _, err := p.a.Agree(b.Context(), bySync, f.To, f.Head); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkFirstApply(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		p := bench(b, 100_000)
		f, ops := p.plan(b, nil)
		b.StartTimer()
		if _, err := p.b.Apply(b.Context(), bySync, f, ops); err != nil {
			b.Fatal(err)
		}
	}
}
