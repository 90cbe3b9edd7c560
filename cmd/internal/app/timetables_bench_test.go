package app

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
)

// manyTimetables is how many a server must carry without being felt.
const manyTimetables = 100_000

// administered makes a primary with that many timetables, which run once a day.
func administered(b *testing.B) *server {
	b.Helper()
	s := initialized(b, configured(b, oneFeed), io.Discard)
	all := []admin.Edit{{Kind: "user", Key: "ann", Body: admin.Body{"permission": "admin"}}}
	for i := range manyTimetables {
		all = append(all, admin.Edit{Kind: "timetable", Body: admin.Body{
			"name": fmt.Sprint("t", i), "owner": "ann", "tasks": []string{fmt.Sprintf("report queue --queue q%d --period yesterday --into /srv/q%d-{date}.csv", i, i)},
			"schedule": fmt.Sprintf("%d %d * * *", i%60, i/60%24),
		}})
	}
	if _, err := s.data.Admin.Change(b.Context(), admin.Author{Actor: "ann", From: "local", Verb: "admin.import"}, all, admin.How{}); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkTimetablesStart is from the files to an engine that has planned all
// timetables, and of that the reading of their rows alone. Its yardstick is
// schedule's BenchmarkLibraryRunner, which reads and writes nothing.
func BenchmarkTimetablesStart(b *testing.B) {
	s := administered(b)
	begin(b, s)() // the first notes from when on each has slots
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			list, err := new(timetableShelf).read(b.Context(), s.data.Admin, sound)
			if err != nil || len(list.Timetables) != manyTimetables {
				b.Fatal(len(list.Timetables), err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			end := begin(b, s)
			b.StopTimer()
			end()
			b.StartTimer()
		}
	})
}

// begin starts an engine anew, waits until it has planned, and returns what
// ends it.
func begin(b *testing.B, s *server) (end func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	s.timekeeper = newTimekeeper(s)
	ended := make(chan error, 1)
	go func() { ended <- s.timekeeper.engine.Run(ctx) }()
	for s.timekeeper.engine.State().At == 0 {
		select {
		case err := <-ended:
			b.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
	return func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
}

// BenchmarkTimetablesEdit reads what one edit changed among all of them; what
// the engine makes of it is its own BenchmarkEdit. To be compared with what the
// edit itself costs.
func BenchmarkTimetablesEdit(b *testing.B) {
	s := administered(b)
	var news timetableNews
	list, err := news.since(b.Context(), s.data.Admin, 0)
	if err != nil {
		b.Fatal(err)
	}
	last, n := list.Generation, 0
	var changing, reading time.Duration
	for b.Loop() {
		n++
		row, err := s.data.Admin.Row(b.Context(), admin.Name{Kind: "timetable", Key: list.Timetables[n%manyTimetables].ID})
		if err != nil {
			b.Fatal(err)
		}
		row.Body["description"] = fmt.Sprint(n)
		began := time.Now()
		if _, err := s.data.Admin.Change(b.Context(), admin.Author{Actor: "ann", From: "local", Verb: "admin.set"}, []admin.Edit{{Kind: row.Kind, Key: row.Key, Body: row.Body}}, admin.How{}); err != nil {
			b.Fatal(err)
		}
		edited := time.Now()
		news, err := news.since(b.Context(), s.data.Admin, last)
		if err != nil || len(news.Timetables) != 1 {
			b.Fatal(len(news.Timetables), err)
		}
		changing, reading = changing+edited.Sub(began), reading+time.Since(edited)
		last = news.Generation
	}
	b.ReportMetric(float64(changing.Microseconds())/float64(n), "change-µs/op")
	b.ReportMetric(float64(reading.Microseconds())/float64(n), "read-µs/op")
}
