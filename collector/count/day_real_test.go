//go:build real

package count

import "testing"

// TestRealADayOfCalls counts the whole day of 200,000 calls that is promised.
func TestRealADayOfCalls(t *testing.T) { aDay(t, 200_000) }

// TestRealCountsAreThoseOfTheRecords draws more histories than a test that runs
// all the time can afford.
func TestRealCountsAreThoseOfTheRecords(t *testing.T) { thoseOfTheRecords(t, 200) }
