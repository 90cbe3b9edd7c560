package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/fixtures/await"
)

func open(t *testing.T) *DB {
	t.Helper()
	n, err := Open(t.Context(), filepath.Join(t.TempDir(), File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func count(t *testing.T, n *DB, query string, args ...any) (rows int) {
	t.Helper()
	err := n.db.View(context.Background(), func(tx *store.Tx) error {
		return tx.QueryRow(query, args...).Scan(&rows)
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestParseRole(t *testing.T) {
	for _, want := range []Role{Primary, Secondary} {
		if got, err := ParseRole(string(want)); err != nil || got != want {
			t.Errorf("ParseRole(%q) = %q, %v", want, got, err)
		}
	}
	for _, s := range []string{"", "Primary", "tertiary"} {
		if _, err := ParseRole(s); err == nil || !strings.Contains(err.Error(), "want primary or secondary") {
			t.Errorf("ParseRole(%q): %v", s, err)
		}
	}
}

func TestInitGivesAnIdentityOnce(t *testing.T) {
	for role, odd := range map[Role]int64{Primary: 1, Secondary: 0} {
		t.Run(string(role), func(t *testing.T) {
			n := open(t)
			if _, err := n.Self(t.Context()); !errors.Is(err, ErrNotInitialized) {
				t.Errorf("Self at first: %v", err)
			}
			if err := n.Init(t.Context(), "cms-a", role); err != nil {
				t.Fatal(err)
			}
			self, err := n.Self(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if self.Name != "cms-a" || self.Role != role || self.Epoch%2 != odd || self.EpochSeen != self.Epoch ||
				self.Server == "" || self.Since == 0 {
				t.Errorf("self %+v", self)
			}
			err = n.Init(t.Context(), "cms-b", Primary)
			if !errors.Is(err, ErrInitialized) || !strings.Contains(err.Error(), `"cms-a", `+string(role)) {
				t.Errorf("Init again: %v", err)
			}
			if again, err := n.Self(t.Context()); err != nil || again != self {
				t.Errorf("self became %+v, %v", again, err)
			}
		})
	}
}

func TestServersAreToldApart(t *testing.T) {
	var servers [2]string
	for i := range servers {
		n := open(t)
		if err := n.Init(t.Context(), "same", Primary); err != nil {
			t.Fatal(err)
		}
		self, err := n.Self(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		servers[i] = self.Server
	}
	if servers[0] == servers[1] {
		t.Errorf("both are %s", servers[0])
	}
}

func TestActivityIsWhatWasSaidLast(t *testing.T) {
	n := open(t)
	if got, err := n.Activity(t.Context()); err != nil || got.PID != 0 || got.Doc != nil {
		t.Errorf("at first %+v, %v", got, err)
	}
	before := record.At(time.Now())
	for pid := 1; pid <= 2; pid++ {
		if err := n.SetActivity(t.Context(), Activity{PID: pid, Started: 7, Doc: fmt.Appendf(nil, `{"n":%d}`, pid)}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := n.Activity(t.Context())
	if err != nil || got.PID != 2 || got.Started != 7 || string(got.Doc) != `{"n":2}` || got.At < before {
		t.Errorf("activity %+v, %v", got, err)
	}
}

func TestPausedTellsWhoPaused(t *testing.T) {
	n := open(t)
	set := func(feed, actor string, paused bool) {
		t.Helper()
		if err := n.SetPaused(t.Context(), feed, actor, paused); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want map[string]string) {
		t.Helper()
		got, err := n.Paused(t.Context())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("paused: %v %s", err, diff)
		}
	}
	check(map[string]string{})
	set("pbx", "ann", true)
	set("pbx", "bob", true) // is paused already
	set("log", "bob", true)
	set("cdr", "bob", false) // was not paused
	check(map[string]string{"pbx": "ann", "log": "bob"})
	set("pbx", "bob", false)
	check(map[string]string{"log": "bob"})
	acts, err := n.Audited(t.Context(), 0, 10)
	if err != nil || len(acts) != 3 || acts[0].Verb != "feed.pause" || acts[0].Actor != "ann" || acts[2].Verb != "feed.resume" {
		t.Errorf("the audit has what changed something: %+v, %v", acts, err)
	}
}

func TestLogIsInOrderAndFiltered(t *testing.T) {
	n := open(t)
	entries := []Entry{
		{At: 10, Level: slog.LevelWarn, Message: "first", Attrs: []byte(`{"feed":"pbx"}`)},
		{At: 30, Level: slog.LevelError, Message: "second", Attrs: []byte(`{}`)},
		{At: 20, Level: slog.LevelWarn, Message: "third", Attrs: []byte(`{}`)},
	}
	if err := n.AppendLog(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		entries[i].ID = int64(i + 1)
	}
	for _, c := range []struct {
		since record.Instant
		level slog.Level
		want  []Entry
	}{
		{0, slog.LevelWarn, entries},
		{20, slog.LevelWarn, entries[1:]},
		{0, slog.LevelError, entries[1:2]},
		{31, slog.LevelWarn, []Entry{}},
	} {
		got, err := n.Log(t.Context(), c.since, c.level)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("since %d, %s: %v %s", c.since, c.level, err, diff)
		}
	}
}

func TestLogForgetsTheOldest(t *testing.T) {
	n := open(t)
	entries := make([]Entry, keptEntries/2+1)
	for i := range entries {
		entries[i] = Entry{Level: slog.LevelWarn, Attrs: []byte(`{}`)}
	}
	for range 3 {
		if err := n.AppendLog(t.Context(), entries); err != nil {
			t.Fatal(err)
		}
	}
	if got := count(t, n, `SELECT count(*) FROM log`); got != keptEntries {
		t.Errorf("%d entries are kept", got)
	}
	if got := count(t, n, `SELECT max(id) FROM log`); got != 3*len(entries) {
		t.Errorf("the latest is %d", got)
	}
}

func TestWatchSeesOthersRequests(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	var opened [2]*DB
	for i := range opened {
		var err error
		if opened[i], err = Open(t.Context(), path, store.Create); err != nil {
			t.Fatal(err)
		}
		defer opened[i].Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), await.Most)
	defer cancel()
	calls := 0
	err := opened[0].Watch(ctx, time.Millisecond, func(context.Context) error {
		if calls++; calls == 1 {
			return opened[1].SetPaused(ctx, "pbx", "ann", true)
		}
		cancel()
		return nil
	})
	if err != nil || calls != 2 {
		t.Errorf("called %d times: %v", calls, err)
	}
}

// write runs statements beside the package's own.
func write(t *testing.T, n *DB, statements ...string) error {
	t.Helper()
	return n.db.Update(t.Context(), func(tx *store.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(s); err != nil {
				return err
			}
		}
		return nil
	})
}

// Other files have the same table; the tests of package audit prove the rest.
func TestAuditOfThisFile(t *testing.T) {
	n := open(t)
	for range 2 {
		if err := n.Audit(t.Context(), Act{Actor: "ann", Verb: "pair.check"}); err != nil {
			t.Fatal(err)
		}
	}
	head, err := n.AuditHead(t.Context())
	if got, verr := n.AuditVerify(t.Context()); err != nil || verr != nil || got != head || head.ID != 2 {
		t.Errorf("head %+v, %v; verified %+v, %v", head, err, got, verr)
	}
	if err := write(t, n, `DELETE FROM audit`); err == nil || !strings.Contains(err.Error(), "the audit is only added to") {
		t.Errorf("taken away: %v", err)
	}
}
