package bench

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/twinctl/twin/fixtures/programs"
)

// administered is how many rows a large site has.
const administered = 32_740

// numbers returns n row numbers, evenly spread over all.
func numbers(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i * administered / n
	}
	return rows
}

// BenchmarkSync makes the secondary what the primary is, from dialling to what
// it reads back. The yardsticks are rsync of admin.db, compressed, and a whole
// copy of it, over the same sshd.
func BenchmarkSync(b *testing.B) {
	if !has(b, "ssh", "rsync", sshdProgram) {
		b.SkipNow()
	}
	program := filepath.Join(programs.In(b), "twinctl")
	b.Run("unchanged", func(b *testing.B) { syncChanged(b, program, 0) })
	b.Run("changed=38", func(b *testing.B) { syncChanged(b, program, 38) })
	b.Run(fmt.Sprintf("first=%d", administered), func(b *testing.B) { syncFirst(b, program) })
}

func syncChanged(b *testing.B, program string, changed int) {
	o := newOffice(b, program)
	o.set(b, numbers(administered), "")
	if c := o.sync(b); c.rows != administered {
		b.Fatalf("%d rows were pushed at first", c.rows)
	}
	for times := 1; b.Loop(); times++ {
		b.StopTimer()
		basis := o.copied(b)
		if changed > 0 {
			o.set(b, numbers(changed), fmt.Sprint(times))
		}
		b.StartTimer()
		c := o.sync(b)
		b.StopTimer()
		if c.rows != changed {
			b.Fatalf("%d rows were pushed", c.rows)
		}
		c.report(b)
		o.beside(b, basis, c)
		b.StartTimer()
	}
}

func syncFirst(b *testing.B, program string) {
	for b.Loop() {
		b.StopTimer()
		o := newOffice(b, program)
		o.set(b, numbers(administered), "")
		b.StartTimer()
		c := o.sync(b)
		b.StopTimer()
		if c.rows != administered {
			b.Fatalf("%d rows were pushed", c.rows)
		}
		c.report(b)
		o.beside(b, b.TempDir(), c)
		b.StartTimer()
	}
}

func (c carried) report(b *testing.B) {
	b.Helper()
	b.ReportMetric(c.took.Seconds()*1e3, "ms")
	b.ReportMetric(c.dialled.Seconds()*1e3, "ms-dialling")
	b.ReportMetric(float64(c.payload), "payload-B")
	b.ReportMetric(float64(c.wire), "wire-B")
}
