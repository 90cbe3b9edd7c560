package launch

import (
	"strings"

	"github.com/twinctl/twin/collector/inert"
)

const tailSize = 1 << 10

// A tail keeps the end of what is written to it.
type tail struct{ end []byte }

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.end = append(t.end, p...)
	if over := len(t.end) - tailSize; over > 0 {
		t.end = append(t.end[:0], t.end[over:]...)
	}
	return len(p), nil
}

// text is what was kept, made inert.
func (t *tail) text() string { return inert.Text(strings.TrimSpace(string(t.end))) }
