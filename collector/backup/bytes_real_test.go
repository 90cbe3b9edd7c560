//go:build real

package backup

import "testing"

func TestRealOneChangedByteIsFoundAnywhere(t *testing.T) { findsChangedBytes(t, 1) }
