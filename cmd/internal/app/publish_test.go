package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
)

// reads returns what is in a file; "" if there is none.
func reads(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// TestPublish follows a role through file and hook for more than ten minutes.
func TestPublish(t *testing.T) {
	dir := t.TempDir()
	told, hook := filepath.Join(dir, "told"), filepath.Join(dir, "hook")
	script := "#!/bin/sh\necho \"$TWIN_HOOK $TWIN_NODE $TWIN_ROLE $TWIN_EPOCH $TWIN_PAIR $TWIN_REASON\" >>" + told + "\ntest ! -e " + dir + "/no\n"
	if err := os.WriteFile(hook, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		cfg := configured(t, oneFeed+"[hooks]\non_role_change = [\""+hook+"\"]\n")
		s := initialized(t, cfg, io.Discard)
		paired(t, s.data.Node)
		var is atomic.Pointer[acting]
		var by atomic.Pointer[config.Config]
		is.Store(&acting{role: node.Primary, epoch: 5})
		by.Store(cfg)
		p := s.publisher
		p.acting = func(context.Context) (acting, error) { return *is.Load(), nil }
		p.config = by.Load
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- p.run(ctx) }()
		after := func(d time.Duration, file, hook string, alarms int) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := reads(t, cfg.Role.File); got != file {
				t.Errorf("the file says %q, want %q", got, file)
			}
			if got := reads(t, told); got != hook {
				t.Errorf("the hook was told %q, want %q", got, hook)
			}
			if err := os.Remove(told); hook != "" && err != nil {
				t.Error(err)
			}
			var all concerns
			if p.alarms(&all); len(all) != alarms {
				t.Errorf("alarms: %+v, want %d", all, alarms)
			}
		}
		const as, second = "on_role_change cms-a ", time.Second
		after(second, "primary 5\n", as+"primary 5 P \n", 0)
		if info, err := os.Stat(cfg.Role.File); err != nil || info.Mode() != roleFileMode {
			t.Errorf("%v: %v", info.Mode(), err)
		}
		is.Store(&acting{role: node.Primary, epoch: 5, why: "nobody knows"})
		after(second, "held 5\n", as+"held 5 P nobody knows\n", 0)
		is.Store(&acting{role: node.Secondary, epoch: 5})
		after(second, "secondary 5\n", as+"secondary 5 P \n", 0)
		after(second, "secondary 5\n", "", 0)
		if err := os.Remove(cfg.Role.File); err != nil {
			t.Fatal(err)
		}
		after(publishAgain, "secondary 5\n", as+"secondary 5 P \n", 0)

		// What fails is said, and tried again.
		if err := os.WriteFile(filepath.Join(dir, "no"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		is.Store(&acting{role: node.Primary, epoch: 7})
		after(second, "primary 7\n", as+"primary 7 P \n", 1)
		after(publishRetry, "primary 7\n", as+"primary 7 P \n", 1)
		after(publishRetry, "primary 7\n", "", 1)
		if err := os.Remove(filepath.Join(dir, "no")); err != nil {
			t.Fatal(err)
		}
		after(publishRetry, "primary 7\n", as+"primary 7 P \n", 0)

		// Another file, and no hook.
		by.Store(configured(t, oneFeed+"[role]\nfile = \""+dir+"/elsewhere\"\n"))
		after(second, "", "", 0)
		if got := reads(t, filepath.Join(dir, "elsewhere")); got != "primary 7\n" {
			t.Errorf("the other file says %q", got)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// A hook that was called for a role that is no more is ended before the next.
func TestPublishEndsTheHookBefore(t *testing.T) {
	dir := t.TempDir()
	told, hook := filepath.Join(dir, "told"), filepath.Join(dir, "hook")
	script := "#!/bin/sh\necho $TWIN_ROLE >>" + told + "\ntest $TWIN_ROLE = secondary || exec sleep 60\n"
	if err := os.WriteFile(hook, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	s := initialized(t, configured(t, oneFeed+"[hooks]\non_role_change = [\""+hook+"\"]\n"), io.Discard)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.publisher.run(ctx) }()
	says := func(want string) {
		t.Helper()
		for late := time.Now().Add(30 * time.Second); reads(t, told) != want; <-time.After(10 * time.Millisecond) {
			if time.Now().After(late) {
				t.Fatalf("the hook was told %q, want %q", reads(t, told), want)
			}
		}
	}
	says("primary\n")
	begun := time.Now()
	if _, err := s.data.Node.Seen(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	says("primary\nheld\n")
	if _, err := s.data.Node.StepDown(t.Context(), "twind"); err != nil {
		t.Fatal(err)
	}
	says("primary\nheld\nsecondary\n")
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRoleFile(t *testing.T) {
	dir := t.TempDir()
	path := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path("behind", "primary 1\n"), link); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ file, says string }{
		"none yet":          {filepath.Join(dir, "none"), ""},
		"an older one":      {path("old", "secondary 2\n"), ""},
		"of another sort":   {path("other", "SQLite format 3"), "does not say a role"},
		"empty":             {path("empty", ""), "does not say a role"},
		"a directory":       {dir, "does not say a role"},
		"a link":            {link, "does not say a role"},
		"nowhere":           {filepath.Join(dir, "no", "role"), "no such file"},
		"left half-written": {path("half", "primary 3\n"), ""},
	} {
		if name == "left half-written" {
			path("half.new", "pri")
		}
		before := reads(t, filepath.Join(dir, "other"))
		err := writeRoleFile(c.file, "primary 5")
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
		if err == nil && reads(t, c.file) != "primary 5\n" {
			t.Errorf("%s: it says %q", name, reads(t, c.file))
		}
		if reads(t, filepath.Join(dir, "other")) != before {
			t.Errorf("%s: another file was written over", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestRolePages asks as a load balancer does, in every state of the role.
func TestRolePages(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	n := s.data.Node
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	demote := func(ctx context.Context) error {
		if _, err := n.Seen(ctx, 2); err != nil {
			return err
		}
		_, err := n.StepDown(ctx, "ann")
		return err
	}
	for _, c := range []struct {
		name               string
		do                 func(context.Context) error
		primary, secondary string
	}{
		{"primary", func(context.Context) error { return nil }, "ok", "this server is primary"},
		{"draining", func(ctx context.Context) error { return n.Drain(ctx, "R", time.Minute) }, "this server is about to act as primary no longer: the role is being moved", "this server is primary"},
		{"refilled", func(ctx context.Context) error { return n.Refill(ctx, "R") }, "ok", "this server is primary"},
		{"superseded", func(ctx context.Context) error { _, err := n.Seen(ctx, 2); return err }, "this server does not act as primary: it is superseded by epoch 2", "this server is primary"},
		{"secondary", demote, "this server is secondary", "ok"},
		{"primary again", func(ctx context.Context) error {
			_, err := n.TakeOver(ctx, node.Takeover{Actor: "ann"})
			return err
		}, "ok", "this server is primary"},
	} {
		do(c.do(t.Context()))
		for path, want := range map[string]string{"/primary": c.primary, "/secondary": c.secondary} {
			status := http.StatusServiceUnavailable
			if want == "ok" {
				status = http.StatusOK
			}
			if got, body := get(t, s, path); got != status || body != want+"\n" {
				t.Errorf("%s: %s: %d %q, want %q", c.name, path, got, body, want)
			}
			w := httptest.NewRecorder()
			s.pages().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodHead, path, nil))
			if w.Code != status {
				t.Errorf("%s: HEAD %s: %d", c.name, path, w.Code)
			}
		}
	}
	if _, err := s.publisher.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, body := get(t, s, "/metrics")
	for _, want := range []string{`twin_role{role="primary"} 1`, `twin_role{role="secondary"} 0`, `twin_role{role="held"} 0`, "twin_epoch 3", "twin_epoch_seen 3"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}

// A primary that starts and was not told by its twin who is primary sends
// nobody to itself.
func TestRolePagesHeld(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	paired(t, s.data.Node)
	if status, body := get(t, s, "/primary"); status != http.StatusServiceUnavailable || !strings.Contains(body, whyAlone) {
		t.Errorf("/primary: %d %q", status, body)
	}
	if a, err := s.acting(t.Context()); err != nil || a.line() != "held 1" {
		t.Errorf("%+v: %v", a, err)
	}
}
