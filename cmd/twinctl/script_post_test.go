package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
	"github.com/rogpeppe/go-internal/testscript"
)

// postoffice NAME DIR begins a real SMTP server, sets the variable to its
// address, and puts what it takes into folders DIR/1, DIR/2 and so on: a file
// "subject", "to" and "body", and each attachment by its name.
func postoffice(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: postoffice NAME DIR")
	}
	o := &mailroom{dir: ts.MkAbs(args[1])}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &postSession{mailroom: o}, nil }))
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	ts.Defer(func() {
		_ = l.Close() // which Serve may not have heard of yet
		_ = server.Close()
		<-ended
	})
	ts.Setenv(args[0], l.Addr().String())
}

// An mailroom keeps mail in folders.
type mailroom struct {
	dir string

	mu  sync.Mutex
	got int
}

type postSession struct {
	mailroom *mailroom
	to       string
}

func (*postSession) Reset()                               {}
func (*postSession) Logout() error                        { return nil }
func (*postSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *postSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

func (s *postSession) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	s.mailroom.mu.Lock()
	defer s.mailroom.mu.Unlock()
	made := s.mailroom.dir + ".new"
	if err := errors.Join(os.MkdirAll(s.mailroom.dir, 0o700), os.Mkdir(made, 0o700), s.keep(made, m)); err != nil {
		return err
	}
	s.mailroom.got++
	return os.Rename(made, filepath.Join(s.mailroom.dir, fmt.Sprint(s.mailroom.got)))
}

// keep writes a mail into a folder.
func (s *postSession) keep(dir string, m *mail.Message) error {
	write := func(name string, text []byte) error {
		return os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600)
	}
	err := errors.Join(write("subject", []byte(m.Header.Get("Subject")+"\n")), write("to", []byte(s.to+"\n")))
	kind, params, wrong := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err = errors.Join(err, wrong); err != nil {
		return err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		text, err := io.ReadAll(m.Body)
		return errors.Join(err, write("body", text))
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var from io.Reader = p
		if p.Header.Get("Content-Transfer-Encoding") == "base64" {
			from = base64.NewDecoder(base64.StdEncoding, p)
		}
		name := p.FileName()
		if name == "" {
			name = "body"
		}
		text, err := io.ReadAll(from)
		if err = errors.Join(err, write(name, text)); err != nil {
			return err
		}
	}
}
