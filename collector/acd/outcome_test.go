package acd_test

import (
	"bytes"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// Where a site does not listen to VarSet, the callers' bills tell the same. Who
// was turned away is told by nothing else.
func TestBillsTellOutcomes(t *testing.T) {
	for _, run := range runs {
		if run.format != "ami" {
			continue
		}
		t.Run(run.file, func(t *testing.T) {
			records := keyed(t, run.file, run.format)
			before := len(records)
			records = slices.DeleteFunc(records, func(r told) bool { return bytes.HasPrefix(r.raw, []byte("Event: VarSet")) })
			if len(records) == before {
				t.Fatal("no VarSet was taken out")
			}
			want := expected(t, run.want)
			for name, row := range want {
				delete(row, "refused")
				if len(row) == 0 {
					delete(want, name)
				}
			}
			got := folded(run.format, understood(t, records, run.format))
			if diff := gocmp.Diff(want, columns(got.Queues)); diff != "" {
				t.Errorf("expected, got: %s", diff)
			}
		})
	}
}
