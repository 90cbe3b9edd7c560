package deliver

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
)

// program writes a shell script of the site's own.
func program(t *testing.T, text string) Hook {
	t.Helper()
	name := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return Hook{Program: name, Timeout: 30 * time.Second}
}

// The program gets the facts as they are, and as variables that do no harm;
// and of ours nothing.
func TestHookIsToldTheFacts(t *testing.T) {
	t.Setenv("TWIN_NAME", "not for others")
	out := t.TempDir()
	h := program(t, "cat >"+out+"/in; env >"+out+"/env; pwd >"+out+"/pwd; echo $# >"+out+"/args")
	l := crossed()
	l.To = "$(reboot)"
	if err := h.Tell(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var got Letter
	if err := json.Unmarshal([]byte(read("in")), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(l, got); diff != "" {
		t.Error(diff)
	}
	if read("pwd") != "/\n" || read("args") != "0\n" {
		t.Errorf("in %s with %s arguments", read("pwd"), read("args"))
	}
	env := read("env")
	for _, want := range []string{
		"TWIN_FACT_TYPE=crossing\n", "TWIN_FACT_ID=7\n", "TWIN_FACT_TO=$(reboot)\n", "TWIN_FACT_OBJECT=sales\\x1b[2J\n",
		"TWIN_FACT_NAME=Too\\r\\nBcc: all@example.com\n", "TWIN_FACT_VALUE=3\n", "TWIN_FACT_REPEATED=0\n", "TWIN_FACT_AT=2026-11-21T12:00:00Z\n",
	} {
		if !strings.Contains(env, want) {
			t.Errorf("no %s in\n%s", want, env)
		}
	}
	if strings.Contains(env, "not for others") {
		t.Errorf("it has our environment:\n%s", env)
	}
}

// No variable of the program's is a setting: twinctl, called by it, would obey.
func TestHookVariablesAreNoSettings(t *testing.T) {
	for _, v := range variables(crossed()) {
		name, _, _ := strings.Cut(v, "=")
		for _, s := range config.Settings() {
			if name == s.Env() || name == config.FileVariable {
				t.Errorf("%s is a setting", name)
			}
		}
	}
}

func TestHookFails(t *testing.T) {
	open := program(t, "")
	if err := os.Chmod(open.Program, 0o777); err != nil {
		t.Fatal(err)
	}
	plain := program(t, "")
	if err := os.Chmod(plain.Program, 0o600); err != nil {
		t.Fatal(err)
	}
	slow := program(t, "sleep 60 & sleep 60")
	slow.Timeout = 100 * time.Millisecond
	for name, c := range map[string]struct {
		hook Hook
		want Trouble
		says string
	}{
		"not there":            {Hook{Program: "/nowhere/hook"}, Trouble{Away: true}, "no such file"},
		"a directory":          {Hook{Program: t.TempDir()}, Trouble{Away: true}, "not a regular file"},
		"not to be executed":   {plain, Trouble{Away: true}, "chmod +x"},
		"others can change it": {open, Trouble{Away: true}, "chmod go-w"},
		"it fails":             {program(t, `printf '\033[2Jno modem' >&2; exit 3`), Trouble{Doubtful: true}, `exit status 3: \x1b[2Jno modem`},
		"it talks too much":    {program(t, `yes | head -c 100000; echo the end; exit 1`), Trouble{Doubtful: true}, "the end"},
		"it does not end":      {slow, Trouble{Doubtful: true}, "had not ended after 100ms"},
	} {
		t.Run(name, func(t *testing.T) {
			got := trouble(t, c.hook.Tell(t.Context(), crossed()))
			if got.Away != c.want.Away || got.Doubtful != c.want.Doubtful || !strings.Contains(got.Error(), c.says) || len(got.Error()) > 4<<10 {
				t.Errorf("%+v: %v", got, got)
			}
		})
	}
}

// A program that leaves something behind which holds its output has done its work.
func TestHookLeavesSomethingBehind(t *testing.T) {
	begun := time.Now()
	if err := program(t, "sleep 30 & exit 0").Tell(t.Context(), crossed()); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestHookEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := filepath.Join(t.TempDir(), "begun")
	h := program(t, "touch "+out+"; sleep 60")
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(out); err == nil {
				cancel()
			}
		}
	}()
	if got := trouble(t, h.Tell(ctx, crossed())); !got.Doubtful || !strings.Contains(got.Error(), "ended with twind") {
		t.Errorf("%+v", got)
	}
}
