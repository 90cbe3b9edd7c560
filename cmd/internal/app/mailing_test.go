package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/deliver"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
)

func weekly() deliver.Fact {
	return deliver.Fact{Code: "queue", Text: "Weekly", Report: &deliver.Mailing{
		Title: "Weekly", By: "ann", Files: []deliver.File{{Name: "weekly.csv", Type: deliver.SheetType, Text: []byte("a,b\n")}},
	}}
}

// sent puts a report into the outbox.
func sent(t *testing.T, d *Data, to ...string) []node.Message {
	t.Helper()
	messages, err := SendReport(t.Context(), d, weekly(), to)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// waiting returns how many reports are in the outbox.
func waiting(t *testing.T, d *Data) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(d.Dir, "outbox"))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// A report goes to each receiver once, and stays until nobody waits for it.
func TestReportsAreSentAndRemoved(t *testing.T) {
	o := office(t)
	data := primary(t, configured(t, posting(o)))
	messages := sent(t, data, "mail:a@example.com", "mail:b@example.com")
	if len(messages) != 2 || waiting(t, data) != 1 {
		t.Fatalf("%+v", messages)
	}
	s := silent(posting(o), t, data)
	c := courier{channel: "mail", node: data.Node, config: s.config, log: s.log}
	o.busy = 1 // a is tried again, in a while
	if err := c.deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := o.mails(); len(got) != 1 || got[0][0] != "[cms-a] Weekly" || waiting(t, data) != 1 {
		t.Fatalf("%q", got)
	}
	if err := c.try(t.Context(), messages[0]); err != nil {
		t.Fatal(err)
	}
	if err := data.Node.Delivered(t.Context(), node.Delivery{ID: messages[0].ID}); err != nil {
		t.Fatal(err)
	}
	c.tidy(t.Context(), messages[0])
	if got := o.mails(); len(got) != 2 || got[0][1] == got[1][1] || waiting(t, data) != 0 {
		t.Errorf("%q", got)
	}
}

// twind that dies between sending and the note of it has the report still, and
// sends it again.
func TestReportOutlivesTwind(t *testing.T) {
	o := office(t)
	data := primary(t, configured(t, posting(o)))
	sent(t, data, "mail:a@example.com")
	s := silent(posting(o), t, data)
	m, err := data.Node.NextMessage(t.Context(), "mail")
	if err != nil || m == nil {
		t.Fatal(m, err)
	}
	if err := (&courier{channel: "mail", node: data.Node, config: s.config, log: s.log}).try(t.Context(), *m); err != nil {
		t.Fatal(err)
	}
	sweepOutbox(t.Context(), data, s.log)
	through(t, silent(posting(o), t, data), func() bool { return len(o.mails()) == 2 })
	got := o.mails()
	if got[0][1] != got[1][1] || !strings.HasSuffix(got[1][0], "(perhaps again)") {
		t.Errorf("%q", got)
	}
}

// A report that is not what was put there is not sent, and not tried again.
func TestSpoiltReportIsGivenUp(t *testing.T) {
	o := office(t)
	data := primary(t, configured(t, posting(o)))
	sent(t, data, "mail:a@example.com")
	files, err := filepath.Glob(filepath.Join(data.Dir, "outbox", "*", "weekly.csv"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("a,c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := silent(posting(o), t, data)
	if err := (&courier{channel: "mail", node: data.Node, config: s.config, log: s.log}).deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := data.Node.Messages(t.Context(), 0)
	if err != nil || len(all) != 1 || all[0].State != node.MessageGivenUp || !strings.Contains(all[0].Error, "is not what was put there") {
		t.Errorf("%+v, %v", all, err)
	}
	if len(o.mails()) != 0 || waiting(t, data) != 0 {
		t.Errorf("%v", o.mails())
	}
}

// A program of the site's own finds the files where it is told.
func TestReportForAProgram(t *testing.T) {
	o := office(t)
	cfg := configured(t, posting(o))
	data := primary(t, cfg)
	out, hook := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "hook")
	script := "#!/bin/sh\n{ echo $TWIN_FACT_TYPE $TWIN_FACT_CODE $TWIN_FACT_TO; cat $TWIN_FACT_FOLDER/weekly.csv; } >" + out + "\n"
	if err := os.WriteFile(hook, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	sent(t, data, "exec:share")
	s := silent(strings.Replace(posting(o), "[mail]", "[deliver]\nexec = \""+hook+"\"\n[mail]", 1), t, data)
	if err := (&courier{channel: "exec", node: data.Node, config: s.config, log: s.log}).deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil || string(text) != "report queue share\na,b\n" || waiting(t, data) != 0 {
		t.Errorf("%q, %v", text, err)
	}
}

// What was put there and never made a message of is removed; what waits is not.
func TestOutboxIsSwept(t *testing.T) {
	o := office(t)
	data := primary(t, configured(t, posting(o)))
	sent(t, data, "mail:a@example.com")
	if _, _, err := deliver.OutboxOf(data.Dir).Put([]deliver.File{{Name: "a.csv"}}); err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob(filepath.Join(data.Dir, "outbox", "*"))
	if err != nil || len(folders) != 2 {
		t.Fatal(folders, err)
	}
	for _, f := range folders {
		long := time.Now().Add(-2 * time.Hour)
		if err := os.Chtimes(f, long, long); err != nil {
			t.Fatal(err)
		}
	}
	sweepOutbox(t.Context(), data, slog.New(slog.DiscardHandler))
	if n := waiting(t, data); n != 1 {
		t.Errorf("%d are there", n)
	}
}

func TestReceivers(t *testing.T) {
	o := office(t)
	cfg := configured(t, posting(o))
	data := primary(t, cfg)
	administer(t, data,
		admin.Edit{Kind: "target", Key: "noc", Body: admin.Body{"type": "mail", "address": "noc@example.com"}},
		admin.Edit{Kind: "target", Key: "off", Body: admin.Body{"type": "mail", "address": "off@example.com", "off": true}},
		admin.Edit{Kind: "target", Key: "pager", Body: admin.Body{"type": "exec", "address": "pager"}})
	to, off, err := Receivers(t.Context(), cfg, data.Admin, []string{"noc", "off", "ann@example.com", "noc@example.com"})
	if diff := cmp.Diff([]string{"mail:noc@example.com", "mail:ann@example.com"}, to); diff != "" || len(off) != 1 || err != nil {
		t.Errorf("%v, %v %s", off, err, diff)
	}
	for word, says := range map[string]string{
		"nco": "no such row: target/nco", "pager": "deliver.exec is not set", "a@b, c@d": "want one address", "Ann <a@b>": "want a mail address", "": "",
	} {
		if _, _, err := Receivers(t.Context(), cfg, data.Admin, []string{word}); cli.Verdict(err) != cli.Usage || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", word, err)
		}
	}
	cfg.Mail.Server = ""
	if _, _, err := Receivers(t.Context(), cfg, data.Admin, []string{"noc"}); cli.Verdict(err) != cli.Usage {
		t.Error(err)
	}
}
