//go:build real

package apply_test

import (
	"testing"

	"pgregory.net/rapid"
)

// TestRealWhateverFails draws more histories than a test that runs all the time
// can afford.
func TestRealWhateverFails(t *testing.T) {
	draw(t, 200, func(rt *rapid.T) { whateverFails(t, rt) })
}

// TestRealSpoolKeepsWhatCame does so too.
func TestRealSpoolKeepsWhatCame(t *testing.T) { spoolKeepsWhatCame(t, 200) }
