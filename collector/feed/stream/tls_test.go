package stream

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/fixtures/await"
)

// papers are a certificate that is its own authority, and its key, in files.
type papers struct{ cert, key string }

func newPapers(t *testing.T, dir, name string) papers {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p := papers{filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")}
	p.write(t, p.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	p.write(t, p.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return p
}

func (papers) write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// trusting returns what connects to whoever has those papers, with one's own.
func trusting(t *testing.T, server papers, own ...papers) *tls.Config {
	t.Helper()
	b, err := os.ReadFile(server.cert)
	if err != nil {
		t.Fatal(err)
	}
	c := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "here"}
	c.RootCAs.AppendCertsFromPEM(b)
	for _, p := range own {
		pair, err := tls.LoadX509KeyPair(p.cert, p.key)
		if err != nil {
			t.Fatal(err)
		}
		c.Certificates = append(c.Certificates, pair)
	}
	return c
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	us, them, others := newPapers(t, dir, "here"), newPapers(t, dir, "pbx"), newPapers(t, dir, "stranger")
	s := newStore()
	src, err := hearing(t).Listener(ListenOptions{Listen: "127.0.0.1:0", TLSCertFile: us.cert, TLSKeyFile: us.key, ClientCAFile: them.cert})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = src.Run(ctx, feed.Start{}, s.q) })
	t.Cleanup(func() { cancel(); all.Wait() })
	await.Until(t, "listen", func() bool { return s.q.Health().Err == ErrWaiting })
	address := s.q.Health().Address

	connect(t, address) // is mute at the handshake: nobody waits for it
	for name, c := range map[string]*tls.Config{"none": trusting(t, us), "another": trusting(t, us, others)} {
		conn, err := tls.Dial("tcp", address, c)
		if err == nil { // TLS 1.3 tells of it at the first read
			_ = conn.SetDeadline(time.Now().Add(await.Most))
			_, err = conn.Read(make([]byte, 1))
		}
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("certificate: %s: was let in: %v", name, err)
		}
	}
	speak := func(server papers, text string, told uint64) {
		conn, err := tls.Dial("tcp", address, trusting(t, server, them))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		say(t, conn, text)
		await.Until(t, "hear it", func() bool { return s.q.Told() == told })
	}
	speak(us, "1767225600,a\n", 1)
	us = newPapers(t, dir, "here") // renewed, without a start
	speak(us, "1767225600,b\n", 2)
}

func TestListenOptionsRefuse(t *testing.T) {
	dir := t.TempDir()
	us, them := newPapers(t, dir, "here"), newPapers(t, dir, "pbx")
	open := newPapers(t, dir, "open")
	if err := os.Chmod(open.key, 0o640); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o         ListenOptions
		key, says string
	}{
		{ListenOptions{Listen: "9000"}, "listen", "host:port"},
		{ListenOptions{AllowFrom: []string{"192.0.2.7", "pbx.example"}}, "allow_from", `"pbx.example": want an address or a network`},
		{ListenOptions{AllowFrom: []string{"192.0.2.7/24"}}, "allow_from", `did you mean "192.0.2.0/24"?`},
		{ListenOptions{AllowFrom: []string{"::ffff:192.0.2.0/120"}}, "allow_from", "want an address or a network"},
		{ListenOptions{AllowFrom: []string{"fe80::1%eth0"}}, "allow_from", "want an address"},
		{ListenOptions{TLSKeyFile: us.key}, "tls_cert_file", "missing"},
		{ListenOptions{TLSCertFile: us.cert}, "tls_key_file", "missing"},
		{ListenOptions{ClientCAFile: us.cert}, "client_ca_file", "only with TLS"},
		{ListenOptions{TLSCertFile: us.cert, TLSKeyFile: them.key}, "tls_cert_file", "private key does not match"},
		{ListenOptions{TLSCertFile: open.cert, TLSKeyFile: open.key}, "tls_key_file", "chmod 600 " + open.key},
		{ListenOptions{TLSCertFile: us.cert, TLSKeyFile: dir}, "tls_key_file", "not a regular file"},
		{ListenOptions{TLSCertFile: dir + "/none", TLSKeyFile: us.key}, "tls_cert_file", "no such file"},
		{ListenOptions{TLSCertFile: us.cert, TLSKeyFile: us.key, ClientCAFile: us.key}, "client_ca_file", "no PEM certificate"},
	} {
		if c.o.Listen == "" {
			c.o.Listen = net.JoinHostPort("127.0.0.1", "0")
		}
		_, err := hearing(t).Listener(c.o)
		if e, ok := errors.AsType[*feed.KeyError](err); !ok || e.Key != c.key || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %s: %s", c.o, err, c.key, c.says)
		}
	}
}
