package tui

import (
	"errors"
	"strings"
	"testing"
)

// TestQueuesCut holds that where not all queues fit the one that has crossed a
// threshold is there, then those who wait longest, and that it is said how many are not.
func TestQueuesCut(t *testing.T) {
	f := pictures()["now_many"]
	got := render(f, 80, 24, Theme{})
	_, got, _ = strings.Cut(got, " QUEUES\n")
	got, after, _ := strings.Cut(got, " AGENTS")
	rows := strings.Split(strings.TrimSpace(got), "\n")
	for i, want := range []string{"queue ", "support  ", "branch-03  ", "branch-10  "} {
		if !strings.HasPrefix(strings.TrimSpace(rows[i]), want) {
			t.Errorf("line %d is %q, want %s...", i, rows[i], want)
		}
	}
	shown := len(rows) - 2
	if last, want := rows[len(rows)-1], "and "+count(int64(16-shown))+" more: v shows all"; shown < 3 || strings.TrimSpace(last) != want || after == "" {
		t.Errorf("of 16 queues %d are shown, and it says %q, want %q", shown, last, want)
	}
	if !strings.Contains(rows[0], "service level %") {
		t.Errorf("the service level is left out: %q", rows[0])
	}
	f = f.took(f.placeID(), known{failed: errors.New("database is locked")})
	if got := render(f, 80, 24, Theme{}); !strings.Contains(got, "more: v shows all") {
		t.Errorf("below an error it is not said that queues are left out:\n%s", got)
	}
	if got := render(f, 80, 60, Theme{}); strings.Contains(got, "more: v shows all") || !strings.Contains(got, "branch-00") {
		t.Errorf("where all fit some are left out:\n%s", got)
	}
}
