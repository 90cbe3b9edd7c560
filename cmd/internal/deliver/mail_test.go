package deliver

import (
	"context"
	"errors"
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
