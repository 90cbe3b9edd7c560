package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/hooks"
)

func TestHooks(t *testing.T) {
	text := "name = \"a\"\n[hooks]\npre_demote = [\"bin/move\", \"a b\", \"<&\"]\npost_switch = []\ntimeout = \"5s\"\n"
	c, file, err := load(t, text, config.Source{
		LookupEnv: env("TWIN_HOOKS_ON_FAILED", `["/usr/bin/tell", ""]`, "TWIN_HOOKS_POST_PROMOTE", ""),
		Set:       []string{`hooks.pre_switch=["/bin/true"]`},
	})
	if err != nil {
		t.Fatal(err)
	}
	move := []string{filepath.Join(filepath.Dir(file), "bin/move"), "a b", "<&"}
	got := c.Hooks.Runnable()
	want := map[string][]string{hooks.PreDemote: move, hooks.OnFailed: {"/usr/bin/tell", ""}, hooks.PreSwitch: {"/bin/true"}}
	if diff := cmp.Diff(want, got.Programs); diff != "" || got.Timeout.String() != "5s" {
		t.Error(diff, got.Timeout)
	}
	for _, v := range c.Values() {
		list, ok := v.Value.([]string)
		if ok != (strings.HasPrefix(v.Key, "hooks.") && v.Key != "hooks.timeout") {
			t.Errorf("%s is %T", v.Key, v.Value)
		}
		if v.Key == "hooks.pre_demote" && (cmp.Diff(move, list) != "" || v.Origin != file+":3") {
			t.Errorf("%+v", v)
		}
	}
	again, _, err := load(t, "", config.Source{Set: append(c.Above(), "name=a")})
	if err != nil {
		t.Fatal(err)
	}
	delete(want, hooks.PreDemote) // the file's own
	if diff := cmp.Diff(want, again.Hooks.Runnable().Programs); diff != "" {
		t.Error(diff)
	}
}

func TestHooksRefused(t *testing.T) {
	for text, want := range map[string]string{
		`pre_demote = "/bin/x y"`:                             `hooks.pre_demote: is text: want a list of texts, as ["/usr/local/bin/tell", "it"]`,
		`pre_demote = ["/bin/x", 5]`:                          "hooks.pre_demote: has the number 5 at place 2: want text in quotes",
		`pre_demote = [""]`:                                   "begins with an empty text",
		`pre_demote = ["/bin/x", "\u0000"]`:                   "holds a NUL byte",
		`pre_demoted = []`:                                    "unknown key: did you mean pre_demote?",
		`timeout = "1h"`:                                      "want a duration from 1s to 5m0s",
		"timeout = \"1s\"\n[role]\nfile = \"\"":               "role.file: is empty",
		`post_switch = [` + strings.Repeat(`"x",`, 101) + `]`: "want at most 100",
	} {
		_, _, err := load(t, "name = \"a\"\n[hooks]\n"+text+"\n", config.Source{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	for _, set := range []string{`x`, `{"a":1}`, `null`, `["/x", 1]`, `["/x"] ["y"]`} {
		if _, _, err := load(t, "name = \"a\"\n", config.Source{Set: []string{"hooks.on_failed=" + set}}); err == nil {
			t.Errorf("%s is taken", set)
		}
	}
}

// No variable of a hook is a setting, or a misspelt one: twinctl, called by it,
// would obey, or complain.
func TestHookVariables(t *testing.T) {
	var environ []string
	for _, name := range hooks.Variables() {
		environ = append(environ, name+"=x")
		for _, s := range config.Settings() {
			if s.Env() == name || name == config.FileVariable {
				t.Errorf("%s is a setting", name)
			}
		}
	}
	if said := config.Unheeded(environ); len(said) > 0 {
		t.Error(said)
	}
}
