package app

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/sync/link"
)

// TestRenewal holds that the file is read again when it is another, and that one
// that is wrong, or of another server, is told once and changes nothing.
func TestRenewal(t *testing.T) {
	cfg := configured(t, oneFeed)
	var said strings.Builder
	r := Renew(cfg, func() (*config.Config, error) { return config.Load(cfg.File, config.Source{}, collector.Kinds()) },
		slog.New(slog.NewTextHandler(&said, nil)))
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(cfg.File, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	feed := func() string { return r.Now().Feeds[0].Name }
	if feed() != "log" {
		t.Errorf("the feed is %s", feed())
	}
	write(strings.Replace(oneFeed, `"log"`, `"other"`, 1))
	if feed() != "other" || said.Len() > 0 {
		t.Errorf("the feed is %s; said %s", feed(), said.String())
	}
	for text, want := range map[string]string{
		"nonsense": "configuration not read again, the old one stays",
		strings.Replace(oneFeed, "cms-a", "cms-another", 1): "the configuration is that of another server now",
	} {
		said.Reset()
		write(text)
		_, _ = r.Now(), r.Now()
		if feed() != "other" || strings.Count(said.String(), want) != 1 {
			t.Errorf("the feed is %s; said %s", feed(), said.String())
		}
	}
	if err := os.Remove(cfg.File); err != nil {
		t.Fatal(err)
	}
	if feed() != "other" {
		t.Errorf("the feed is %s", feed())
	}
}

// TestAttend holds that a session that goes on is answered as the server is now.
func TestAttend(t *testing.T) {
	var said strings.Builder
	s := initialized(t, configured(t, oneFeed), &said)
	var asked []*config.Config
	now := func() Peer {
		asked = append(asked, s.config())
		return s.peer("nobody's")
	}
	for range 2 {
		if _, err := attendant(now).Answer(t.Context(), PairCheck, json.RawMessage("{}")); err == nil {
			t.Error("nobody's key is answered")
		}
		s.adopt(t.Context(), configured(t, oneFeed))
	}
	if _, err := attendant(now).Open(t.Context(), "x"); err == nil {
		t.Error("nobody's key reads a file")
	}
	if _, err := attendant(now).Create(t.Context(), "x"); err == nil {
		t.Error("nobody's key writes a file")
	}
	if len(asked) != 4 || asked[0] == asked[1] || asked[2] != s.config() {
		t.Errorf("asked for %v", asked)
	}
	if err := Attend(t.Context(), now, link.Session("else"), struct{ io.ReadWriter }{}); err == nil {
		t.Error("any session is served")
	}
}
