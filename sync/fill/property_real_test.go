//go:build real

package fill

import "testing"

// TestRealFillMakesTwinsEqual draws more histories than a test that runs all the
// time can afford.
func TestRealFillMakesTwinsEqual(t *testing.T) { fillMakesTwinsEqual(t, 500) }
