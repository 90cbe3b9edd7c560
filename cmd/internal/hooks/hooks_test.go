package hooks

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/launch"
)

func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func moved() Facts {
	return Facts{
		Node: "cms-a", Role: "secondary", Epoch: 1, From: "cms-a", To: "cms-b", Pair: "P", Intent: Planned, Runbook: "R",
		Step: "demote", Tc: time.Date(2026, 11, 21, 13, 0, 0, 250e6, time.FixedZone("", 3600)), Reason: "disk\n$(reboot)\x1b[2J",
	}
}

// The program gets the facts as they are, and as variables that do no harm.
func TestRunTellsTheFacts(t *testing.T) {
	out := t.TempDir()
	h := Hooks{map[string][]string{PreDemote: {script(t, `cat >"$1/in"; env | grep ^TWIN >"$1/env"`), out}}, time.Minute}
	ran, _, err := h.Run(t.Context(), PreDemote, moved())
	if !ran || err != nil {
		t.Fatal(ran, err)
	}
	text, err := os.ReadFile(filepath.Join(out, "in"))
	if err != nil {
		t.Fatal(err)
	}
	var got Facts
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := moved()
	want.Hook = PreDemote
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	env, err := os.ReadFile(filepath.Join(out, "env"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"TWIN_HOOK=pre_demote\n", "TWIN_NODE=cms-a\n", "TWIN_ROLE=secondary\n", "TWIN_EPOCH=1\n", "TWIN_FROM=cms-a\n", "TWIN_TO=cms-b\n",
		"TWIN_PAIR=P\n", "TWIN_INTENT=planned\n", "TWIN_RUNBOOK=R\n", "TWIN_STEP=demote\n", "TWIN_TC=2026-11-21T12:00:00.25Z\n",
		`TWIN_REASON=disk\n$(reboot)\x1b[2J` + "\n",
	} {
		if !strings.Contains(string(env), want) {
			t.Errorf("no %s in\n%s", want, env)
		}
	}
	if n := strings.Count(string(env), "\n"); n != len(Variables()) {
		t.Errorf("%d variables:\n%s", n, env)
	}
}

func TestRun(t *testing.T) {
	h := Hooks{map[string][]string{
		PreSwitch: {script(t, "echo not now >&2; exit 9")},
		OnFailed:  {"/nowhere/hook"},
	}, time.Minute}
	for _, c := range []struct {
		point string
		ran   bool
		exit  int
		says  string
	}{
		{PostSwitch, false, 0, ""},
		{PreSwitch, true, 9, "hook pre_switch: "},
		{OnFailed, true, -1, "hook on_failed: not started: "},
	} {
		ran, result, err := h.Run(t.Context(), c.point, Facts{})
		if ran != c.ran || result.Exit != c.exit || (err == nil) != (c.says == "") || err != nil && !strings.HasPrefix(err.Error(), c.says) {
			t.Errorf("%s: %v %+v %v", c.point, ran, result, err)
		}
		if c.exit == -1 && !errors.Is(err, launch.ErrNotStarted) {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{"hook on_failed: stat /nowhere/hook: no such file or directory"}, h.Problems()); diff != "" {
		t.Error(diff)
	}
}

// What is not known is there all the same, and empty.
func TestRunKnowsNothing(t *testing.T) {
	h := Hooks{map[string][]string{OnFailed: {script(t, `set -u; echo "$TWIN_TC,$TWIN_EPOCH,$TWIN_FROM"; grep -c tc`)}}, time.Minute}
	if _, result, err := h.Run(t.Context(), OnFailed, Facts{}); !strings.HasPrefix(result.Tail, ",0,") || err == nil {
		t.Errorf("%+v %v", result, err)
	}
}
