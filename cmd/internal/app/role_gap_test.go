package app

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover/preflight"
)

// Programs are told how long nobody was primary in the last move that knows, and
// whether the next one could go well.
func TestMetricsOfAMove(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	demand := func(when string, says bool, lines ...string) {
		t.Helper()
		if err := s.roles.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, body := get(t, s, "/metrics")
		for _, l := range lines {
			if strings.Contains(body, "\n"+l) != says {
				t.Errorf("%s: %q: want %v in\n%s", when, l, says, body)
			}
		}
	}
	demand("before any", false, "twin_role_gap_seconds")
	demand("before anything is known", true, "twin_ready_switchover 0\n", "twin_ready_promote 0\n")
	for i, result := range []string{`{"role_gap_ms":12.5}`, `{"role_gap_ms":null,"epoch":2}`} { // the second is as of a promotion
		book := node.Runbook{ID: strconv.Itoa(i), Intent: node.IntentSwitchover, Giver: "cms-a", Taker: "cms-b", Actor: "ann", Runner: "cms-a", Options: json.RawMessage(`{}`)}
		err := s.data.Node.OpenRunbook(t.Context(), book)
		book.State, book.Result = node.RunbookDone, json.RawMessage(result)
		if err == nil {
			err = s.data.Node.EndRunbook(t.Context(), book)
		}
		if err != nil {
			t.Fatal(err)
		}
		demand(result, true, "twin_role_gap_seconds 0.0125\n")
	}
	s.readiness.at = time.Now()
	s.readiness.is = preflight.Verdict{
		Switchover: []preflight.Check{{Name: "disk", Side: "cms-b", Level: preflight.Blocker}},
		Promote:    []preflight.Check{{Name: "disk", Side: "cms-b", Level: preflight.Warning}},
	}
	demand("then", true, "twin_role_gap_seconds 0.0125\n", "twin_ready_switchover 0\n", "twin_ready_promote 1\n", `twin_not_ready{check="disk",server="cms-b"} 1`+"\n")
}
