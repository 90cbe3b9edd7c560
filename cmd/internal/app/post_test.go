package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// A postOffice is a real SMTP server that keeps what it is given.
type postOffice struct {
	addr string

	mu   sync.Mutex
	got  []*mail.Message
	busy int // so many times it has no room
}

// office opens one.
func office(t *testing.T) *postOffice {
	t.Helper()
	o := &postOffice{}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return postSession{o}, nil }))
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.addr = l.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = l.Close() // which Serve may not have heard of yet
		_ = server.Close()
		<-ended
	})
	return o
}

// mails returns what arrived, as subject and Message-ID.
func (o *postOffice) mails() (all [][2]string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.got {
		all = append(all, [2]string{m.Header.Get("Subject"), m.Header.Get("Message-ID")})
	}
	return all
}

type postSession struct{ o *postOffice }

func (postSession) Reset()                               {}
func (postSession) Logout() error                        { return nil }
func (postSession) Mail(string, *smtp.MailOptions) error { return nil }
func (postSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s postSession) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, m.Body); err != nil {
		return err
	}
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	if s.o.busy > 0 {
		s.o.busy--
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "no room"}
	}
	s.o.got = append(s.o.got, m)
	return nil
}

// posting is a configuration that mails.
func posting(o *postOffice) string {
	return strings.Replace(oneFeed, "[[feed]]", "[mail]\nserver = \""+o.addr+"\"\ntls = \"none\"\nfrom = \"twin@example.com\"\n[[feed]]", 1)
}

// through runs herald until so is true.
func through(t *testing.T, s *server, so func() bool) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.herald(ctx) }()
	eventually(t, so)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
