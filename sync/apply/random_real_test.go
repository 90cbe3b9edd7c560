//go:build real

package apply_test

import "testing"

// TestRealWhateverFails draws more histories than a test that runs all the time
// can afford.
func TestRealWhateverFails(t *testing.T) { draw(t, 200) }
