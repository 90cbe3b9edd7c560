package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// eventually waits until so is true.
func eventually(t *testing.T, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !so() {
		if !pause(ctx, 10*time.Millisecond) {
			t.Fatal("it does not happen")
		}
	}
}

func administer(t *testing.T, d *Data, edits ...admin.Edit) {
	t.Helper()
	by := admin.Author{Actor: "ann", Verb: "admin.set", OnSecondary: true}
	if _, err := d.Admin.Change(t.Context(), by, edits, admin.How{}); err != nil {
		t.Fatal(err)
	}
}

// watched has one threshold tell one address.
func watched(t *testing.T, d *Data) {
	t.Helper()
	administer(t, d,
		admin.Edit{Kind: "target", Key: "noc", Body: admin.Body{"type": "mail", "address": "noc@example.com"}},
		admin.Edit{Kind: "target", Key: "off", Body: admin.Body{"type": "mail", "address": "off@example.com", "off": true}},
		admin.Edit{Kind: "threshold", Key: "lost", Body: admin.Body{"measure": "abandoned", "targets": []string{"noc", "off"}}},
		admin.Edit{Kind: "threshold", Key: "kept", Body: admin.Body{"measure": "abandoned", "count": int64(1)}})
}

// crossed adds exceptions of now, of as many queues.
func crossed(t *testing.T, d *Data, threshold string, queues ...string) {
	t.Helper()
	for _, q := range queues {
		now := record.At(time.Now())
		e := history.Exception{At: now, Start: now, Threshold: threshold, Measure: "abandoned", Severity: "warning", Feed: "log", Object: q, Text: "queue " + q}
		if _, err := d.History.AddExceptions(t.Context(), []history.Exception{e}); err != nil {
			t.Fatal(err)
		}
	}
}

func silent(cfgText string, t *testing.T, d *Data) *server {
	t.Helper()
	cfg := configured(t, cfgText)
	cfg.Data = d.Dir
	return newServer(cfg, d, slog.New(slog.DiscardHandler))
}

// One crossing is one mail, whatever twind does meanwhile.
func TestOneCrossingIsOneMail(t *testing.T) {
	o := office(t)
	cfg := configured(t, posting(o))
	data := primary(t, cfg)
	watched(t, data)
	crossed(t, data, "lost", "sales", "help")
	crossed(t, data, "kept", "sales")
	crossed(t, data, "gone", "sales")
	through(t, silent(posting(o), t, data), func() bool { return len(o.mails()) >= 2 })
	crossed(t, data, "lost", "night")
	through(t, silent(posting(o), t, data), func() bool { return len(o.mails()) >= 3 })
	var subjects []string
	ids := map[string]bool{}
	for _, m := range o.mails() {
		subjects = append(subjects, m[0])
		ids[m[1]] = true
	}
	want := []string{"[cms-a] warning: queue sales", "[cms-a] warning: queue help", "[cms-a] warning: queue night"}
	if diff := cmp.Diff(want, subjects); diff != "" || len(ids) != 3 {
		t.Errorf("%v %s", ids, diff)
	}
}

// Who dies between sending and the note of it sends again, and says so.
func TestKilledBetweenSendingAndTheNote(t *testing.T) {
	o := office(t)
	cfg := configured(t, posting(o))
	data := primary(t, cfg)
	watched(t, data)
	crossed(t, data, "lost", "sales")
	s := silent(posting(o), t, data)
	if err := s.proclaim(t.Context()); err != nil {
		t.Fatal(err)
	}
	m, err := data.Node.NextMessage(t.Context(), "mail")
	if err != nil || m == nil {
		t.Fatal(m, err)
	}
	c := courier{channel: "mail", node: data.Node, config: s.config, log: s.log}
	if err := c.try(t.Context(), *m); err != nil {
		t.Fatal(err)
	}
	through(t, silent(posting(o), t, data), func() bool { return len(o.mails()) >= 2 })
	got := o.mails()
	if len(got) != 2 || got[0][1] != got[1][1] || strings.Contains(got[0][0], "again") || !strings.HasSuffix(got[1][0], "(perhaps again)") {
		t.Errorf("%q", got)
	}
}

// A secondary without a primary tells, and says who it is.
func TestASecondaryTellsInstead(t *testing.T) {
	o := office(t)
	cfg := configured(t, posting(o))
	if err := Init(t.Context(), cfg.Data, "cms-a", node.Secondary); err != nil {
		t.Fatal(err)
	}
	data, err := OpenData(t.Context(), cfg.Data, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	watched(t, data)
	crossed(t, data, "lost", "sales")
	s := silent(posting(o), t, data)
	through(t, s, func() bool { return len(o.mails()) == 1 })
	if got := o.mails()[0][0]; got != "[cms-a] warning: queue sales (from the secondary)" {
		t.Error(got)
	}
	doc, err := s.document(t.Context())
	if err != nil || len(doc.Told) != 1 || !strings.HasPrefix(doc.Told[0], `["lost","log","sales",`) {
		t.Errorf("%v, %v", doc.Told, err)
	}
}

// What was seen before a long stop is kept, and nobody is told of it now.
func TestOldCrossingsAreOnlyKept(t *testing.T) {
	o := office(t)
	data := primary(t, configured(t, posting(o)))
	watched(t, data)
	old := record.At(time.Now().Add(-2 * staleCrossing))
	if _, err := data.History.AddExceptions(t.Context(), []history.Exception{{At: old, Start: old, Threshold: "lost", Object: "sales"}}); err != nil {
		t.Fatal(err)
	}
	s := silent(posting(o), t, data)
	if err := s.proclaim(t.Context()); err != nil {
		t.Fatal(err)
	}
	messages, err := data.Node.Messages(t.Context(), 0)
	if id, noted, told := data.Node.ToldThrough(t.Context()); len(messages) != 0 || err != nil || id != 1 || !noted || told != nil {
		t.Errorf("%v, %v; through %d", messages, err, id)
	}
}

func TestSendDecides(t *testing.T) {
	o := office(t)
	data := primary(t, configured(t, posting(o)))
	message := func(age time.Duration, attempts int64) node.Message {
		return node.Message{ID: 1, Receiver: "mail:noc@example.com", Facts: []byte(`{"text":"x"}`), At: node.Moment(record.At(time.Now().Add(-age))), Attempts: attempts}
	}
	for name, c := range map[string]struct {
		text string
		busy int
		m    node.Message
		want node.Delivery
	}{
		"sent":                     {posting(o), 0, message(0, 1), node.Delivery{}},
		"the server has no room":   {posting(o), 1, message(0, 1), node.Delivery{Wait: 10 * time.Second}},
		"for the seventh time":     {posting(o), 1, message(time.Hour, 7), node.Delivery{Wait: 15 * time.Minute}},
		"for a day":                {posting(o), 1, message(25*time.Hour, 99), node.Delivery{}},
		"mail is not set up":       {oneFeed, 0, message(0, 2), node.Delivery{Wait: 30 * time.Second, Away: true}},
		"facts that are no object": {posting(o), 0, node.Message{ID: 1, Facts: []byte(`[`), At: node.Moment(record.At(time.Now()))}, node.Delivery{Wait: 10 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			o.busy = c.busy
			s := silent(c.text, t, data)
			got := (&courier{channel: "mail", node: data.Node, config: s.config, log: s.log}).send(t.Context(), c.m)
			if (got.Err == nil) != (name == "sent") {
				t.Errorf("%v", got.Err)
			}
			got.Err, got.ID = nil, 0
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Callers who give up become an exception, and a mail, while twind runs.
func TestACrossingFromTheFeedToTheMail(t *testing.T) {
	o := office(t)
	cfg := configured(t, posting(o))
	data := primary(t, cfg)
	watched(t, data)
	var log strings.Builder
	now := time.Now().Add(-5 * time.Second).Unix()
	for i := range 3 {
		fmt.Fprintf(&log, "%d|call-%d|sales|NONE|ENTERQUEUE||100|1\n%d|call-%d|sales|NONE|ABANDON|1|1|1\n", now, i, now+1, i)
	}
	fmt.Fprintf(&log, "%d|call-9|help|NONE|ENTERQUEUE||100|1\n", now+2)
	if err := os.WriteFile(filepath.Join(filepath.Dir(cfg.File), "queue_log"), []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(cfg, data, slog.New(slog.DiscardHandler))
	setFeeds(t, s)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, Options{}, newLogRows(slog.DiscardHandler)) }()
	eventually(t, func() bool { return len(o.mails()) == 1 })
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if got := o.mails()[0][0]; !strings.Contains(got, `queue "sales": `) || !strings.Contains(got, "callers gave up in the interval, more than 0") {
		t.Error(got)
	}
	var kept []string
	for e, err := range data.History.Exceptions(t.Context(), history.Excepted{}) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, e.Threshold+" "+e.Object)
	}
	if len(kept) == 0 || len(kept) > 4 {
		t.Errorf("%v", kept)
	}
}
