package page_test

import (
	"math"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/report"
)

// column makes columns of "name kind" words.
func column(words string) []report.Column {
	var all []report.Column
	fields := strings.Fields(words)
	for i := 0; i < len(fields); i += 2 {
		all = append(all, report.Column{Name: fields[i], Kind: report.Kind(fields[i+1])})
	}
	return all
}

const queueColumns = `start moment queue words name words offered count answered count answered_within count
	service_level_pct percent abandoned count abandoned_within count short_abandoned count abandoned_pct percent
	timed_out count exit_key count exit_empty count refused count transferred count completed count ring_no_answer count
	answered_wait_s seconds answered_wait_max_s seconds asa_s seconds abandoned_wait_s seconds talk_s seconds aht_s seconds
	coverage_pct percent complete flag`

// berlin is where the made days are.
func berlin() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}

// queueDay makes a day of so many half hours from 08:00 on: busier at ten and
// at three. The hour from 13:00 on was not heard, half of the one before was.
func queueDay(queues ...[2]any) report.Table {
	begin := time.Date(2026, 11, 20, 8, 0, 0, 0, berlin())
	t := report.Table{
		Name: "queue", Columns: column(queueColumns), Zone: berlin(), By: report.Interval,
		Span:  record.Span{From: record.At(begin), To: record.At(begin.Add(10 * time.Hour))},
		Notes: []string{"Service level: answered within 20 s, of those answered or abandoned.", "2 calls never ended, because the upstream restarted."},
	}
	for i := range 20 {
		at := begin.Add(time.Duration(i) * 30 * time.Minute)
		for n, q := range queues {
			t.Rows = append(t.Rows, append([]any{at, q[0], q[1]}, queueCells(i, n)...))
		}
	}
	t.Total = append([]any{nil, nil, nil}, total(t)...)
	return t
}

func queueCells(i, n int) []any {
	if i == 10 || i == 11 {
		return append(make([]any, 21), 0.0, false)
	}
	busy := 14 + 22*math.Exp(-math.Pow(float64(i)-5, 2)/6) + 16*math.Exp(-math.Pow(float64(i)-14, 2)/5)
	offered := int64(busy) / int64(n+1)
	abandoned := offered / 9
	out := offered / 14
	answered := offered - abandoned - out
	within := answered * (100 - int64(busy)) / 92
	asa := 4 + busy*0.7
	whole, pct := true, 100.0
	if i == 9 {
		whole, pct = false, 51.6
	}
	level := math.Round(1000*float64(within)/float64(answered+abandoned)) / 10
	return []any{
		offered, answered, within, level, abandoned, abandoned / 2, int64(0), math.Round(1000*float64(abandoned)/float64(offered)) / 10,
		out, int64(0), int64(0), nil, answered / 20, answered, answered / 10,
		asa * float64(answered), asa * 4.2, asa, 31 * float64(abandoned), 214.5 * float64(answered), 214.5, pct, whole,
	}
}

// total adds up what can be added, and takes the rest from a made day.
func total(t report.Table) []any {
	sum := make([]any, len(t.Columns)-3)
	for _, row := range t.Rows {
		for i, v := range row[3:] {
			switch v := v.(type) {
			case int64:
				old, _ := sum[i].(int64)
				sum[i] = old + v
			case float64:
				old, _ := sum[i].(float64)
				sum[i] = max(old, v)
			}
		}
	}
	sum[3], sum[7], sum[17], sum[21], sum[22] = 81.4, 11.2, 23.6, 89.9, false
	return sum
}
