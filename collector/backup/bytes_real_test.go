//go:build real

package backup

import "testing"

// TestRealOneChangedByteIsFoundAnywhere changes each third byte.
func TestRealOneChangedByteIsFoundAnywhere(t *testing.T) { findsChangedBytes(t, 3) }
