package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/secret"
)

// mailTimeout is for connecting, and again for each answer of the server and
// each piece that it takes.
const mailTimeout = 15 * time.Second

// A mail is given mailPatience in all, and more for its length: a server that
// takes less than mailRate bytes in a second holds up all other mail.
const (
	mailPatience = 5 * time.Minute
	mailSearched = 2 * time.Minute // for an answer about what is attached, in which servers look for viruses
	mailRate     = 16 << 10
	mailPiece    = 64 << 10 // bytes
)

// mailSays is how many bytes a server may say until it has taken a mail, with
// its certificates: the library reads an answer to its end, however long.
const mailSays = 1 << 20

// errTalks is returned for a server that says more.
var errTalks = errors.New("it says more than any mail server needs to")

// A Post is the server that mail is handed to.
type Post struct{ config.Mail }

// Check reads the files that the settings name. Its errors are *feed.KeyError.
func (p Post) Check() error {
	_, _, err := p.files()
	return err
}

// files returns the password and the authorities; nil for the system's.
func (p Post) files() (password string, trusted *x509.CertPool, err error) {
	if p.Username != "" {
		if password, err = secret.Read(p.PasswordFile); err != nil {
			return "", nil, &feed.KeyError{Key: "mail.password_file", Err: err}
		}
	}
	if p.CAFile == "" {
		return password, nil, nil
	}
	pem, err := os.ReadFile(p.CAFile)
	if err != nil {
		return "", nil, &feed.KeyError{Key: "mail.ca_file", Err: err}
	}
	trusted = x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(pem) {
		return "", nil, &feed.KeyError{Key: "mail.ca_file", Err: fmt.Errorf("%s: no certificate in it", p.CAFile)}
	}
	return password, trusted, nil
}

// Tell hands the letter to the server. It is done when that has taken it; else
// the error is a *Trouble. When ctx ends the connection is cut.
func (p Post) Tell(ctx context.Context, l Letter) error {
	if p.Server == "" {
		return &Trouble{Err: errors.New("mail.server is not set on this server"), Away: true}
	}
	m, err := p.message(l)
	if err != nil {
		return &Trouble{Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel() // cuts what is still connected
	client, err := p.client(ctx, l.wait())
	if err != nil {
		return &Trouble{Err: err, Away: true}
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return &Trouble{Err: fmt.Errorf("mail.server %s: %w", p.Server, err), Away: true}
	}
	err = client.SendWithSMTPClient(session, m)
	_ = client.CloseWithSMTPClient(session) // what was taken was taken
	if m.IsDelivered() {
		return nil
	}
	var refused *mail.SendError
	unanswered := errors.As(err, &refused) && refused.Reason == mail.ErrSMTPDataClose && refused.ErrorCode() == 0
	return &Trouble{Err: fmt.Errorf("mail.server %s: %w", p.Server, err), Doubtful: unanswered}
}

// message writes the mail. Each attempt has the same Message-ID, by which
// receivers can tell that they have it already.
func (p Post) message(l Letter) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(p.From); err != nil {
		return nil, fmt.Errorf("mail.from: %w", err)
	}
	if err := m.To(l.To); err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	m.Subject(l.Subject())
	m.SetDateWithValue(l.At)
	_, domain, _ := strings.Cut(p.From, "@")
	m.SetMessageIDWithValue(l.Message + "@" + domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // nobody's absence answers it
	m.SetGenHeader("X-Twin-Repeated", bit(l.Repeated))
	m.SetGenHeader("X-Twin-Instead-Of-Primary", bit(l.Instead))
	m.SetBodyString(mail.TypeTextPlain, l.Body())
	for _, f := range l.Attached {
		m.AttachReadSeeker(f.Name, bytes.NewReader(f.Text), mail.WithFileContentType(mail.ContentType(f.Type)))
	}
	return m, nil
}

func (p Post) client(ctx context.Context, wait time.Duration) (*mail.Client, error) {
	password, trusted, err := p.files()
	if err != nil {
		return nil, err
	}
	host, number, err := net.SplitHostPort(p.Server)
	if err != nil {
		return nil, fmt.Errorf("mail.server: %w", err)
	}
	port, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("mail.server: %w", err)
	}
	identity := &tls.Config{ServerName: host, RootCAs: trusted, MinVersion: tls.VersionTLS12}
	options := []mail.Option{
		mail.WithPort(port), mail.WithTimeout(wait), mail.WithTLSConfig(identity), mail.WithoutNoop(), mail.WithoutRset(),
		mail.WithDialContextFunc(func(dialling context.Context, network, address string) (net.Conn, error) {
			dialling, cancel := context.WithTimeout(dialling, mailTimeout)
			defer cancel()
			dialled, err := new(net.Dialer).DialContext(dialling, network, address)
			if err != nil {
				return nil, err
			}
			return p.secure(ctx, dialling, &heard{dialled, mailSays, wait}, identity)
		}),
	}
	switch p.TLS {
	case config.ImplicitTLS:
		options = append(options, mail.WithSSL())
	case config.NoTLS:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if p.Username != "" {
		options = append(options, mail.WithUsername(p.Username), mail.WithPassword(password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return mail.NewClient(host, options...)
}

// secure begins TLS, where that is from the first byte, and cuts the connection
// when ctx ends: the library looks at a context only while it dials.
func (p Post) secure(ctx, dialling context.Context, conn net.Conn, identity *tls.Config) (net.Conn, error) {
	context.AfterFunc(ctx, func() { conn.Close() }) //nolint:errcheck // whoever reads it hears of it
	if p.TLS != config.ImplicitTLS {
		return conn, nil
	}
	secured := tls.Client(conn, identity)
	if err := secured.HandshakeContext(dialling); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}

// patience is how long sending may take.
func (l Letter) patience() time.Duration {
	size := 0
	for _, f := range l.Attached {
		size += len(f.Text)
	}
	return mailPatience + time.Duration(size/mailRate)*time.Second
}

// wait is how long each answer may take.
func (l Letter) wait() time.Duration {
	if len(l.Attached) > 0 {
		return mailSearched
	}
	return mailTimeout
}

// heard is a connection of which so many bytes are read at the most. What is
// long is written in pieces, each in its time: the library has one for all.
type heard struct {
	net.Conn

	left int
	wait time.Duration // for each piece
}

func (h *heard) Read(p []byte) (int, error) {
	if h.left <= 0 {
		return 0, errTalks
	}
	n, err := h.Conn.Read(p[:min(len(p), h.left)])
	h.left -= n
	return n, err
}

func (h *heard) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		if err = h.SetDeadline(time.Now().Add(h.wait)); err != nil {
			return n, err
		}
		var wrote int
		wrote, err = h.Conn.Write(p[n:min(len(p), n+mailPiece)])
		n += wrote
	}
	return n, err
}
