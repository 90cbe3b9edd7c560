package count

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
)

// shuffled returns the records in another order, always the same.
func shuffled(records []record.Record) []record.Record {
	all := slices.Clone(records)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// Whatever way the records of a real PBX come, they are counted as somebody
// else has counted them.
func TestRecordingsAreCountedWhateverWayTheyCome(t *testing.T) {
	ways := map[string]func(t *testing.T, r *rig, all []record.Record){
		"as they came": func(t *testing.T, r *rig, all []record.Record) {
			f := r.counting()
			for batch := range slices.Chunk(all, 997) {
				r.commit(t, batch)
				r.catchUp(t, f)
			}
		},
		"in any order": func(t *testing.T, r *rig, all []record.Record) {
			f := r.counting()
			for batch := range slices.Chunk(shuffled(all), 1+len(all)/4) {
				r.commit(t, batch)
				r.catchUp(t, f)
			}
		},
		"with restarts": func(t *testing.T, r *rig, all []record.Record) {
			for batch := range slices.Chunk(all, 1501) {
				r.commit(t, batch)
				r.catchUp(t, r.counting())
			}
		},
		"half of them filled": func(t *testing.T, r *rig, all []record.Record) {
			f := r.counting()
			var missed []record.Record
			for i, batch := range slices.Collect(slices.Chunk(all, 100)) {
				if i%2 == 0 {
					r.commit(t, batch)
					continue
				}
				missed = append(missed, batch...)
			}
			r.catchUp(t, f)
			for batch := range slices.Chunk(missed, 2000) {
				r.merge(t, batch)
				r.catchUp(t, f)
			}
		},
		"rebuilt": func(t *testing.T, r *rig, all []record.Record) {
			r.commit(t, all)
			f := r.counting()
			r.catchUp(t, f)
			w := &work{span: record.Span{From: -1 << 62, To: 1 << 62}, report: func(Progress) {}, done: make(chan struct{})}
			if f.do(t.Context(), w); w.err != nil || w.result.Records != int64(len(all)) {
				t.Fatalf("%+v, %v", w.result, w.err)
			}
		},
	}
	for _, of := range []struct{ records, format, expected string }{
		{"pbx-a.ami.gz", "ami", "expected-pbx-ami.json"},
		{"pbx-b.ami.gz", "ami", "expected-pbx-ami.json"},
		{"queue_log.gz", "queue_log", "expected-pbx-queue_log.json"},
		{"varied-a.ami.gz", "ami", "expected-varied-ami.json"},
		{"varied-b.ami.gz", "ami", "expected-varied-ami.json"},
		{"varied-queue_log.gz", "queue_log", "expected-varied-queue_log.json"},
	} {
		if draws.Raced && of.records != "varied-a.ami.gz" {
			continue
		}
		all, want := recorded(t, of.records, of.format), expected(t, of.expected)
		for way, come := range ways {
			if strings.Contains(of.records, "-b.") && way != "as they came" {
				continue // the second client heard what the first did, in another order
			}
			t.Run(of.records+" "+way, func(t *testing.T) {
				r := &rig{h: openHistory(t), name: "pbx", format: of.format}
				r.commit(t, nil)
				come(t, r, all)
				r.check(t)
				if diff := gocmp.Diff(want, columns(r.counted(t).Queues)); diff != "" {
					t.Errorf("(-expected +counted)\n%s", diff)
				}
			})
		}
	}
}
