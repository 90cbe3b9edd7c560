package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const oneFeed = `
name = "cms-a"
data = "data"
http.listen = ""
[[feed]]
name = "log"
kind = "tail"
format = "queue_log"
path = "queue_log"
`

// configured writes a twin.toml and reads it.
func configured(t testing.TB, text string) *config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "twin.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path, config.Source{}, collector.Kinds())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// initialized makes a primary of that configuration. What it logs goes to said.
func initialized(t testing.TB, cfg *config.Config, said io.Writer) *server {
	t.Helper()
	return newServer(cfg, primary(t, cfg), slog.New(slog.NewTextHandler(said, nil)))
}

// primary makes the files of a primary of that configuration.
func primary(t testing.TB, cfg *config.Config) *Data {
	t.Helper()
	if err := Init(t.Context(), cfg.Data, "cms-a", node.Primary); err != nil {
		t.Fatal(err)
	}
	data, err := OpenData(t.Context(), cfg.Data, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := data.Close(); err != nil {
			t.Error(err)
		}
	})
	return data
}

func setFeeds(t *testing.T, s *server) {
	t.Helper()
	if err := s.setFeeds(t.Context(), s.cfg); err != nil {
		t.Fatal(err)
	}
}

// TestToldToEndWhileItStarts holds that this is an end in order, whoever is early.
func TestToldToEndWhileItStarts(t *testing.T) {
	cfg := configured(t, oneFeed)
	if err := Init(t.Context(), cfg.Data, "cms-a", node.Primary); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	var said strings.Builder
	path := filepath.Join(filepath.Dir(cfg.Data), "twin.toml")
	if got := cli.Main(ended, Command(nil), cli.Stdio{Out: io.Discard, Err: &said}, []string{"--config", path}); got != int(cli.OK) {
		t.Errorf("exit status %d: %s", got, &said)
	}
	if !strings.Contains(said.String(), "stopped while it started") {
		t.Errorf("it said %q", &said)
	}
}

func TestOpenDataNeedsInit(t *testing.T) {
	_, err := OpenData(t.Context(), t.TempDir(), store.Use)
	if !errors.Is(err, node.ErrNotInitialized) {
		t.Errorf("%v", err)
	}
	if _, err := lock(filepath.Join(t.TempDir(), "none")); !errors.Is(err, node.ErrNotInitialized) {
		t.Errorf("lock: %v", err)
	}
}

func TestCheckName(t *testing.T) {
	s := initialized(t, configured(t, strings.Replace(oneFeed, "cms-a", "cms-x", 1)), io.Discard)
	err := s.checkName(t.Context())
	if !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), `says name = "cms-x", but`) ||
		!strings.Contains(err.Error(), `belongs to "cms-a"`) {
		t.Errorf("%v", err)
	}
	s = initialized(t, configured(t, oneFeed), io.Discard)
	if err := s.checkName(t.Context()); err != nil {
		t.Error(err)
	}
}

// get asks for a page.
func get(t *testing.T, s *server, path string) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.pages().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestPages(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	setFeeds(t, s)
	for _, path := range []string{"/readyz", "/status"} {
		if status, body := get(t, s, path); status != http.StatusServiceUnavailable || body != "starting\n" {
			t.Errorf("%s before the first heartbeat: %d %q", path, status, body)
		}
	}
	if err := s.beat(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path   string
		status int
		body   string // a part of it
	}{
		{"/healthz", http.StatusOK, "ok\n"},
		{"/readyz", http.StatusOK, "ok\n"},
		{"/primary", http.StatusOK, "ok\n"},
		{"/secondary", http.StatusServiceUnavailable, "this server is primary\n"},
		{"/status", http.StatusOK, `"name":"cms-a"`},
		{"/metrics", http.StatusOK, `twin_source_connected{feed="log"} 0`},
		{"/metrics", http.StatusOK, "twin_ingestion_paused 0"},
		{"/nothing", http.StatusNotFound, ""},
	} {
		if status, body := get(t, s, test.path); status != test.status || !strings.Contains(body, test.body) {
			t.Errorf("%s: %d %s", test.path, status, body)
		}
	}
	_, body := get(t, s, "/status")
	var doc node.Document
	if err := json.Unmarshal([]byte(body), &doc); err != nil || !doc.Running || doc.PID != os.Getpid() || len(doc.Feeds) != 1 {
		t.Errorf("status: %v %+v", err, doc)
	}
}

func TestPagesAreRead(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	w := httptest.NewRecorder()
	s.pages().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/status", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a POST is answered with %d", w.Code)
	}
}

func TestAdopt(t *testing.T) {
	var said strings.Builder
	s := initialized(t, configured(t, oneFeed), &said)
	setFeeds(t, s)
	next := configured(t, strings.NewReplacer("cms-a", "cms-x", `"log"`, `"other"`).Replace(oneFeed)+"\n[[feed]]\nname = \"wrong\"\n")
	data := s.cfg.Data
	s.adopt(t.Context(), next)
	for _, want := range []string{
		"takes effect when twind is restarted\" key=name", "key=data",
		"a feed is configured wrong, the others run", "kind: missing", "configuration reloaded",
	} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it did not say %q: %s", want, said.String())
		}
	}
	if cfg := s.config(); cfg.Name != "cms-a" || cfg.Data != data {
		t.Errorf("it became %s at %s", cfg.Name, cfg.Data)
	}
	var names []string
	for _, f := range s.collector.Status() {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "other wrong" {
		t.Errorf("it runs %q", got)
	}
}

// TestAdoptEverySetting holds that a reload takes over every setting, or says that it
// takes a restart; none is passed over.
func TestAdoptEverySetting(t *testing.T) {
	restart := []string{"name", "data", "http.listen", "ssh.listen", "ssh.host_key", "timetable.at_once"}
	other := map[string]string{
		"name": "cms-x", "http.listen": "127.0.0.1:1", "twin.name": "cms-y", "twin.ssh": "t@y", "twin.boot_alone": "run", "ssh.listen": "127.0.0.1:2",
		"ssh.address": "t@x", "ssh.sessions": "7", "ssh.idle": "7m", "ssh.longest": "7h", "timetable.at_once": "7", "backup.second": "none", "backup.from_twin": "0",
		"deliver.exec_timeout": "7s", "deliver.alarms_to": "exec:noc", "mail.server": "mail.example:25", "mail.tls": "tls", "mail.from": "a@b.example",
		"mail.username": "u", "hooks.timeout": "7s",
	}
	var said strings.Builder
	s := initialized(t, configured(t, oneFeed), &said)
	setFeeds(t, s)
	was := settings(s.config())
	var set []string
	for _, one := range config.Settings() {
		value, ok := other[one.Key]
		switch {
		case ok:
		case strings.HasPrefix(one.Key, "hooks."):
			value = `["/bin/true"]`
		default: // all others are paths
			value = filepath.Join(t.TempDir(), "other")
		}
		set = append(set, one.Key+"="+value)
	}
	next, err := config.Load(s.config().File, config.Source{Set: set}, collector.Kinds())
	if err != nil {
		t.Fatal(err)
	}
	want := settings(next)
	s.adopt(t.Context(), next)
	is := settings(s.config())
	for key, before := range was {
		told := strings.Contains(said.String(), "takes effect when twind is restarted\" key="+key+"\n")
		wanted := want[key]
		if slices.Contains(restart, key) {
			wanted = before
		}
		if before == want[key] || is[key] != wanted || told != slices.Contains(restart, key) {
			t.Errorf("%s: was %q, is %q, want %q; told: %v", key, before, is[key], wanted, told)
		}
	}
	if got := bounds(s.config()); got.Guests != 7+turnedAway || got.Unused != 7*time.Minute {
		t.Errorf("the door goes by %+v", got)
	}
}

// settings returns all by their key, as text.
func settings(c *config.Config) map[string]string {
	all := make(map[string]string)
	for _, v := range c.Values() {
		if v.Feed == "" {
			all[v.Key] = v.Text()
		}
	}
	return all
}

func TestReloadKeepsTheOldOneWhenTheNewIsWrong(t *testing.T) {
	var said strings.Builder
	s := initialized(t, configured(t, oneFeed), &said)
	ctx, cancel := context.WithCancel(t.Context())
	hangup := make(chan os.Signal)
	ended := make(chan error)
	go func() {
		ended <- s.reload(ctx, Options{Hangup: hangup, Reload: func() (*config.Config, error) {
			return nil, config.Problems{{Where: "twin.toml:1", Key: "name", Err: errors.New("is empty")}}
		}})
	}()
	hangup <- os.Interrupt
	before := s.config()
	hangup <- os.Interrupt // taken, so the first one is dealt with
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if s.config() != before || !strings.Contains(said.String(), "configuration not reloaded, the old one stays") {
		t.Errorf("said %q", said.String())
	}
}

func TestClerk(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	setFeeds(t, s)
	c := &clerk{node: s.data.Node, collector: s.collector, log: s.log, name: "this run"}
	for _, test := range []struct {
		verb, args string
		exit       cli.Code
		text       string
		paused     bool
	}{
		{PauseFeed, `{"feed":"log"}`, cli.OK, `feed "log" is paused: `, true},
		{PauseFeed, `{"feed":"log"}`, cli.OK, `feed "log" is paused already; nothing was changed`, true},
		{ReconnectFeed, `{"feed":"log"}`, cli.Refused, `feed "log" is paused: resume it first; nothing was changed`, true},
		{ResumeFeed, `{"feed":"log"}`, cli.OK, `feed "log" is collected again`, false},
		{ResumeFeed, `{"feed":"log"}`, cli.OK, `feed "log" is collected already; nothing was changed`, false},
		{ReconnectFeed, `{"feed":"log"}`, cli.OK, `feed "log" connects anew`, false},
		{PauseFeed, `{"feed":"nope"}`, cli.Usage, `unknown feed "nope": it was not in the configuration`, false},
		{ReconnectFeed, `{"feed":"nope"}`, cli.Usage, `unknown feed "nope"`, false},
		{"feed.burn", `{"feed":"log"}`, cli.Usage, `this twind does not know the request "feed.burn"`, false},
		{PauseFeed, `[]`, cli.Usage, "request feed.pause: ", false},
	} {
		got := c.answer(t.Context(), node.Request{Verb: test.verb, Args: json.RawMessage(test.args), Actor: "maria"})
		if cli.Code(got.Exit) != test.exit || !strings.Contains(got.Text, test.text) {
			t.Errorf("%s %s: exit %d, %q", test.verb, test.args, got.Exit, got.Text)
		}
		paused, err := s.data.Node.Paused(t.Context())
		if who, is := paused["log"]; err != nil || is != test.paused || is && who != "maria" {
			t.Errorf("%s %s: paused %v, %v", test.verb, test.args, paused, err)
		}
		if is := s.collector.Status()[0].State == feed.Held; is != test.paused {
			t.Errorf("%s %s: the collector has it %v", test.verb, test.args, s.collector.Status())
		}
	}
}

func TestFinal(t *testing.T) {
	for _, passes := range []error{nil, store.ErrFull, store.ErrBusy, context.Canceled} {
		if err := final(passes); err != nil {
			t.Errorf("%v ends the server", err)
		}
	}
	if final(store.ErrFailed) == nil {
		t.Error("a failed write does not end the server")
	}
}

// What a run that died could not say, the next one does.
func TestCheckEnd(t *testing.T) {
	var said strings.Builder
	s := initialized(t, configured(t, oneFeed), &said)
	if err := s.checkEnd(t.Context()); err != nil || said.Len() > 0 {
		t.Errorf("after nothing: %v, %s", err, said.String())
	}
	from := record.At(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	heard := feed.Batch{Marks: []feed.Mark{{What: feed.BeginMark, From: from, Begin: &feed.Session{From: from}}}}
	if _, err := s.data.History.Commit(t.Context(), []history.Batch{{Feed: "log", Batch: heard}}); err != nil {
		t.Fatal(err)
	}
	if err := s.checkEnd(t.Context()); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"level=WARN", "without a last word", "feed=log", "since=2026-11-21T12:00:00.000000Z", "reason=crashed"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("no %s in %s", want, said.String())
		}
	}
}
