//go:build real

package admin

import "testing"

// The TestReal of this file draw more histories than tests that run all the
// time can afford.

func TestRealTheChangeLogFoldsToTheState(t *testing.T) { foldsToTheState(t, 200) }

func TestRealUndoReturns(t *testing.T) { undoReturns(t, 200) }

func TestRealSyncKeepsBothInStep(t *testing.T) { keepsBothInStep(t, 200) }
