//go:build real

package history

import "testing"

// TestRealNothingIsSilentlyLost draws more histories than a test that runs all
// the time can afford.
func TestRealNothingIsSilentlyLost(t *testing.T) { nothingIsLost(t, 500) }
