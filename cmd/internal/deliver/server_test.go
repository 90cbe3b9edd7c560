package deliver

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A postOffice is a real SMTP server that keeps what it is given.
type postOffice struct {
	addr string
	ca   string // file

	mu       sync.Mutex
	got      []letter
	password string // that it demands; "": none
	refuse   error  // what it answers to the end of data
	hang     bool   // it answers that never, and hangs up
}

type letter struct {
	from, to string
	mail     *mail.Message
	body     string
}

// office opens one. implicit has it speak TLS from the first byte.
func office(t *testing.T, implicit bool) *postOffice {
	t.Helper()
	o := &postOffice{}
	https := httptest.NewTLSServer(nil) // its certificate is good for 127.0.0.1
	https.Close()
	o.ca = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: https.Certificate().Raw})
	if err := os.WriteFile(o.ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{office: o, conn: c}, nil }))
	server.TLSConfig, server.Domain = &tls.Config{Certificates: https.TLS.Certificates}, "post.example"
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.addr = l.Addr().String()
	if implicit {
		l = tls.NewListener(l, server.TLSConfig)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = l.Close() // which Serve may not have heard of yet
		_ = server.Close()
		<-ended
	})
	return o
}

func (o *postOffice) letters() []letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]letter(nil), o.got...)
}

// A session is one client's.
type session struct {
	office   *postOffice
	conn     *smtp.Conn
	loggedIn bool
	from, to string
}

func (s *session) Reset()                                    {}
func (s *session) Logout() error                             { return nil }
func (s *session) AuthMechanisms() []string                  { return []string{sasl.Plain} }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		s.loggedIn = username == "twin" && password == s.office.password
		if !s.loggedIn {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.office.password != "" && !s.loggedIn {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	if s.office.refuse != nil {
		return s.office.refuse
	}
	m, err := mail.ReadMessage(strings.NewReader(string(text)))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	s.office.got = append(s.office.got, letter{s.from, s.to, m, string(body)})
	if s.office.hang {
		return errors.Join(err, s.conn.Conn().Close())
	}
	return err
}

// A part is one of a mail.
type part struct{ name, contentType, text string }

func partsOf(t *testing.T, l letter) (all []part) {
	t.Helper()
	_, params, err := mime.ParseMediaType(l.mail.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	for r := multipart.NewReader(strings.NewReader(l.body), params["boundary"]); ; {
		p, err := r.NextPart()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		var from io.Reader = p
		if p.Header.Get("Content-Transfer-Encoding") == "base64" {
			from = base64.NewDecoder(base64.StdEncoding, p)
		}
		text, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		contentType, _, _ := strings.Cut(p.Header.Get("Content-Type"), "; name=")
		all = append(all, part{p.FileName(), contentType, string(text)})
	}
}
