package app

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// A move whose runner gives no sign of life is an alarm, on whichever server, until
// somebody goes on with it or ends it.
func TestAHaltedMoveIsAnAlarm(t *testing.T) {
	for intent, next := range map[node.Intent]string{
		node.IntentSwitchover: "twinctl switchover --resume, or --abort, on either server",
		node.IntentPromote:    "twinctl promote --primary-is-down on cms-b, or twinctl switchover --abort",
	} {
		haltedMove(t, intent, next)
	}
}

func haltedMove(t *testing.T, intent node.Intent, next string) {
	synctest.Test(t, func(t *testing.T) {
		s := initialized(t, configured(t, oneFeed), io.Discard)
		n := s.data.Node
		said := func() string {
			t.Helper()
			if err := s.roles.look(t.Context()); err != nil {
				t.Fatal(err)
			}
			var all concerns
			s.roles.alarms(&all)
			if len(all) == 0 {
				return ""
			}
			return all[0].code + ": " + all[0].text
		}
		book := node.Runbook{
			ID: "x", Intent: intent, Giver: "cms-a", Taker: "cms-b", Actor: "ann", Runner: "cms-a",
			Options: json.RawMessage(`{}`), Result: json.RawMessage(`{}`),
		}
		step := node.RunbookNote{Seq: 1, Step: "drain", State: node.NoteBegun}
		if before := said(); before != "" {
			t.Errorf("before it began: %q", before)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(n.OpenRunbook(t.Context(), book))
		must(n.NoteRunbook(t.Context(), "x", "cms-a", step))
		time.Sleep(node.RunnerLost)
		if now := said(); now != "" {
			t.Errorf("its runner may live: %q", now)
		}
		time.Sleep(time.Second)
		if now := said(); !strings.HasPrefix(now, "switchover_halted: ") || !strings.Contains(now, " from cms-a to cms-b has halted at drain (begun by ann at ") || !strings.HasSuffix(now, next) {
			t.Errorf("said %q", now)
		}
		must(n.NoteRunbook(t.Context(), "x", "cms-a"))
		if now := said(); now != "" {
			t.Errorf("somebody goes on with it: %q", now)
		}
		time.Sleep(node.RunnerLost + time.Second)
		must(n.EndRunbook(t.Context(), node.Runbook{ID: "x", Runner: "cms-a", State: node.RunbookFailed, Result: json.RawMessage(`{}`)}))
		if now := said(); now != "" {
			t.Errorf("it was ended: %q", now)
		}
	})
}
