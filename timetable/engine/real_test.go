//go:build real

package engine

import "testing"

func TestRealYear(t *testing.T) { someDays(t, 366) }

// TestRealPairs is the model of two engines at length.
func TestRealPairs(t *testing.T) { manyPairs(t, 10_000) }
