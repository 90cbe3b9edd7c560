package main

import (
	"fmt"

	"github.com/twinctl/twin/cmd/internal/page"
	"github.com/twinctl/twin/collector/report"
)

// pageOf returns what goes on a page.
func pageOf(all report.Overview, site report.Settings) page.Report {
	r := page.Report{Table: all.Rows, Meanings: meanings(all.Rows.Name, site)}
	if all.Course.Columns != nil {
		r.Course = &all.Course
	}
	if len(all.Apart.Rows) > 1 {
		r.Apart = &all.Apart
	}
	return r
}

// meanings says how the figures of a report are counted.
func meanings(name string, s report.Settings) []string {
	const coverage = "Coverage is the share of the time in which this server provably listened, rounded down. " +
		"Complete is what was heard as a whole, is over and is counted. What was not heard is unknown, and in no figure."
	switch name {
	case "queue":
		return []string{
			"Service level: " + formulaWords(s) + ", unless a queue has a limit of its own.",
			"Each entry into a queue is one call offered. The share of the abandoned is of the offered. Waits begin with joining the queue.",
			coverage,
		}
	case "agent":
		return []string{
			"Staffed is from login to logout. Who serves several queues has one time, not several. " +
				"Occupancy is talk, wrap-up and pauses that are work, of these and the time available.",
			coverage,
		}
	case "coverage":
		return []string{coverage}
	}
	return nil
}

// formulaWords says in words what admin.Formulas says in columns.
func formulaWords(s report.Settings) string {
	within := fmt.Sprintf("calls answered within %d s, of all ", s.ServiceLevel)
	short := fmt.Sprintf(", without those abandoned within %d s", s.ShortAbandon)
	switch s.Formula {
	case "answered":
		return within + "answered"
	case "completed":
		return within + "completed"
	case "abandoned-within":
		return fmt.Sprintf("calls answered or abandoned within %d s, of all completed or abandoned", s.ServiceLevel)
	case "no-short":
		return within + "answered or abandoned" + short
	case "offered":
		return within + "offered"
	case "offered-no-short":
		return within + "offered" + short
	default:
		return within + "answered or abandoned"
	}
}
