package app

import (
	"errors"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
)

// What a restored primary holds is older than what its twin has seen.
func TestARestoredPrimaryPushesNothing(t *testing.T) {
	a, _ := twins(t)
	if err := a.MayPush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Node.Restore(t.Context(), node.Restored{Backup: "b", Actor: "anna"}, 0); err != nil {
		t.Fatal(err)
	}
	if err := a.MayPush(t.Context()); !errors.Is(err, ErrHeld) || cli.Verdict(err) != cli.Refused {
		t.Errorf("%v", err)
	}
}
