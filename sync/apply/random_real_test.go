//go:build real

package apply_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/fixtures/draws"
)

// TestRealWhateverFails draws more histories than a test that runs all the time
// can afford.
func TestRealWhateverFails(t *testing.T) {
	defer draws.Percent(200)()
	rapid.Check(t, func(rt *rapid.T) { whateverFails(t, rt) })
}

// TestRealSpoolKeepsWhatCame does so too.
func TestRealSpoolKeepsWhatCame(t *testing.T) { spoolKeepsWhatCame(t, 200) }
