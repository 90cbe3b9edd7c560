package deliver

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/history"
)

// crossed is a fact with names that want to be more than names.
func crossed() Letter {
	e := history.Exception{Threshold: "wait", Name: "Too\r\nBcc: all@example.com", Measure: "waiting", Feed: "pbx", Object: "sales\x1b[2J", Limit: 30, Count: 2, Value: 3}
	return Letter{
		Fact: Fact{
			Type: Crossing, ID: 7, Server: "cms-a", Role: "primary", At: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
			Severity: "warning", Code: "waiting", Object: e.Object, Feed: "pbx",
			Text: "queue \"sales\": 3 callers wait\r\nBcc: all@example.com \u202e" + strings.Repeat(" ü", 40), Crossing: &e,
		},
		Message: "abc.7", To: "noc@example.com",
	}
}

func trouble(t *testing.T, err error) *Trouble {
	t.Helper()
	var why *Trouble
	if !errors.As(err, &why) {
		t.Fatalf("%v is no trouble", err)
	}
	return why
}

func passwordFile(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestMailArrives(t *testing.T) {
	for _, way := range []string{config.NoTLS, config.StartTLS, config.ImplicitTLS} {
		t.Run(way, func(t *testing.T) {
			o := office(t, way == config.ImplicitTLS)
			p := Post{config.Mail{Server: o.addr, TLS: way, CAFile: o.ca, From: "twin@example.com"}}
			if way != config.NoTLS {
				o.password, p.Username, p.PasswordFile = "s3cret", "twin", passwordFile(t, "s3cret\n", 0o600)
			}
			if err := errors.Join(p.Check(), p.Tell(t.Context(), crossed())); err != nil {
				t.Fatal(err)
			}
			got := o.letters()
			if len(got) != 1 || got[0].from != "twin@example.com" || got[0].to != "noc@example.com" {
				t.Fatalf("%+v", got)
			}
			head := got[0].mail.Header
			subject, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
			if err != nil || !strings.HasPrefix(subject, `[cms-a] warning: queue "sales": 3 callers wait\r\nBcc: all@example.com \u202e ü`) {
				t.Errorf("subject %q, %v", subject, err)
			}
			if head.Get("Bcc") != "" || head.Get("Message-ID") != "<abc.7@example.com>" || head.Get("Auto-Submitted") != "auto-generated" || head.Get("X-Twin-Repeated") != "0" {
				t.Errorf("%v", head)
			}
			for _, want := range []string{"threshold  wait (Too\\r\\nBcc: all@example.com)", "of         sales\\x1b[2J", "limit      30 s, count 2", "reached    3"} {
				if !strings.Contains(strings.ReplaceAll(got[0].body, "=\r\n", ""), strings.ReplaceAll(want, "=", "=3D")) {
					t.Errorf("%q is not in\n%s", want, got[0].body)
				}
			}
		})
	}
}

func TestMailSaysWhatIsDoubtful(t *testing.T) {
	l := crossed()
	l.Repeated, l.Instead = true, true
	for _, want := range []string{"(from the secondary)", "(perhaps again)"} {
		if !strings.Contains(l.Subject(), want) {
			t.Errorf("%s: no %s", l.Subject(), want)
		}
	}
	for _, want := range []string{"cannot reach the primary", "the same Message-ID"} {
		if !strings.Contains(l.Body(), want) {
			t.Errorf("%s\nno %s", l.Body(), want)
		}
	}
}

func TestMailFails(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(o *postOffice, p *Post, l *Letter)
		want   Trouble
		says   string
	}{
		"not set":           {func(_ *postOffice, p *Post, _ *Letter) { p.Server = "" }, Trouble{Away: true}, "mail.server is not set"},
		"nobody there":      {func(_ *postOffice, p *Post, _ *Letter) { p.Server = nobody }, Trouble{Away: true}, "connection refused"},
		"not whom we trust": {func(_ *postOffice, p *Post, _ *Letter) { p.CAFile = "" }, Trouble{Away: true}, "certificate"},
		"no such authority": {func(_ *postOffice, p *Post, _ *Letter) { p.CAFile = "/nowhere" }, Trouble{Away: true}, "mail.ca_file"},
		"wrong password": {func(o *postOffice, p *Post, _ *Letter) {
			o.password, p.Username, p.PasswordFile = "other", "twin", passwordFile(t, "s3cret", 0o600)
		}, Trouble{Away: true}, "535"},
		"a password that others read": {func(_ *postOffice, p *Post, _ *Letter) {
			p.Username, p.PasswordFile = "twin", passwordFile(t, "s3cret", 0o640)
		}, Trouble{Away: true}, "mail.password_file"},
		"refused": {func(o *postOffice, _ *Post, _ *Letter) {
			o.refuse = &smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 2, 2}, Message: "mailbox full"}
		}, Trouble{}, "mailbox full"},
		"no answer":      {func(o *postOffice, _ *Post, _ *Letter) { o.hang = true }, Trouble{Doubtful: true}, ""},
		"no address":     {func(_ *postOffice, _ *Post, l *Letter) { l.To = "x\r\nRCPT TO:<all@example.com>" }, Trouble{}, "receiver"},
		"no such way in": {func(_ *postOffice, p *Post, _ *Letter) { p.TLS = config.ImplicitTLS }, Trouble{Away: true}, "tls"},
	} {
		t.Run(name, func(t *testing.T) {
			o := office(t, false)
			p, l := Post{config.Mail{Server: o.addr, TLS: config.StartTLS, CAFile: o.ca, From: "twin@example.com"}}, crossed()
			c.change(o, &p, &l)
			got := trouble(t, p.Tell(t.Context(), l))
			if got.Away != c.want.Away || got.Doubtful != c.want.Doubtful || !strings.Contains(got.Error(), c.says) {
				t.Errorf("%+v: %v", got, got)
			}
			if strings.Contains(got.Error(), "s3cret") {
				t.Errorf("it tells the password: %v", got)
			}
			if n := len(o.letters()); n > 0 != (name == "no answer") {
				t.Errorf("%d letters arrived", n)
			}
		})
	}
}

// A server that accepts and says nothing does not hold twind when it stops.
func TestMailEndsWithItsContext(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	p := Post{config.Mail{Server: mute.Addr().String(), TLS: config.StartTLS, From: "twin@example.com"}}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if c, err := mute.Accept(); err == nil {
			defer c.Close()
			cancel()
			_, _ = c.Read(make([]byte, 1)) // until we hang up
		}
	}()
	begun := time.Now()
	trouble(t, p.Tell(ctx, crossed()))
	if took := time.Since(begun); took > mailTimeout/2 {
		t.Errorf("it took %s", took)
	}
}

// reported is a letter with a report of that many bytes.
func reported(size int) Letter {
	text := []byte(strings.Repeat("2026-11-20T07:30:00Z,sales\r\n.\r\n", size/31+1)[:size])
	files := []File{
		{Name: "queue-2026-11-20.html", Type: PageType, Text: []byte("<!DOCTYPE html>\n<p>Süd")},
		{Name: "queue-2026-11-20.csv", Type: SheetType, Text: text},
	}
	return Letter{
		Fact: Fact{
			Type: Report, Server: "cms-a", Role: "primary", At: time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC), Severity: "info", Code: "queue",
			Text:   "Weekly\r\nBcc: all@example.com, Friday 20 November 2026",
			Report: &Mailing{Title: "Weekly", Period: "Friday 20 November 2026", Summary: []string{"Offered 4", "a note\x1b[2J"}, By: "ann", Files: files},
		},
		Message: "abc.8", To: "noc@example.com", Attached: files,
	}
}

// A report arrives with a page and a table, byte for byte, however long.
func TestReportArrives(t *testing.T) {
	for _, way := range []string{config.NoTLS, config.StartTLS, config.ImplicitTLS} {
		t.Run(way, func(t *testing.T) {
			o := office(t, way == config.ImplicitTLS)
			p := Post{config.Mail{Server: o.addr, TLS: way, CAFile: o.ca, From: "twin@example.com"}}
			l := reported(3 << 20)
			if err := p.Tell(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			got := o.letters()
			if len(got) != 1 {
				t.Fatalf("%d letters", len(got))
			}
			if subject := got[0].mail.Header.Get("Subject"); subject != `[cms-a] Weekly\r\nBcc: all@example.com, Friday 20 November 2026` {
				t.Errorf("subject %q", subject)
			}
			parts := partsOf(t, got[0])
			if len(parts) != 3 || parts[1].name != l.Attached[0].Name || parts[2].name != l.Attached[1].Name {
				t.Fatalf("%d parts", len(parts))
			}
			for i, f := range l.Attached {
				if parts[i+1].text != string(f.Text) || parts[i+1].contentType != f.Type {
					t.Errorf("%s (%s) is not what was sent", f.Name, parts[i+1].contentType)
				}
			}
			for _, want := range []string{"Offered 4\n", `a note\x1b[2J`, "queue-2026-11-20.csv, for a spreadsheet", "sent by    ann", "cms-a, primary"} {
				if !strings.Contains(strings.ReplaceAll(parts[0].text, "\r\n", "\n"), want) {
					t.Errorf("no %q in\n%s", want, parts[0].text)
				}
			}
			if strings.Contains(parts[0].text, "severity") || strings.Contains(parts[0].text, "alarm") {
				t.Errorf("it talks of alarms:\n%s", parts[0].text)
			}
		})
	}
}

// A server that takes a mail slowly, and does take it, gets it.
func TestSlowServerGetsALongMail(t *testing.T) {
	l := reported(1 << 20)
	if plain, long := crossed().patience(), l.patience(); long <= plain || long > plain+2*time.Minute {
		t.Errorf("%s for a megabyte, %s for nothing", long, plain)
	}
	near, far := net.Pipe()
	defer far.Close()
	h := &heard{near, mailSays, 50 * time.Millisecond}
	go func() { // as one who takes a piece every 10 ms: more than 50 ms in all
		buffer := make([]byte, mailPiece)
		for range 16 {
			pace := time.NewTimer(10 * time.Millisecond)
			<-pace.C
			if _, err := io.ReadFull(far, buffer); err != nil {
				return
			}
		}
	}()
	if err := h.SetDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := h.Write(make([]byte, 1<<20)); n != 1<<20 || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	var late net.Error
	if _, err := h.Write(make([]byte, 2)); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("who takes nothing is waited for: %v", err)
	}
}
