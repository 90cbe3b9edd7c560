package feed

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestDialOptionsNameTheKey(t *testing.T) {
	good := []string{"tcp://127.0.0.1:1"}
	for _, c := range []struct {
		key string
		o   DialOptions
	}{
		{"addresses", DialOptions{}},
		{"addresses", DialOptions{Addresses: []string{"pbx:5038"}}},
		{"ca_file", DialOptions{Addresses: good, CAFile: "/nonexistent"}},
		{"ca_file", DialOptions{Addresses: good, CAFile: "dial_test.go"}},
		{"prefer_first", DialOptions{Addresses: good, PreferFirst: -1}},
		{"connect_timeout", DialOptions{Addresses: good, ConnectTimeout: "10"}},
		{"connect_timeout", DialOptions{Addresses: good, ConnectTimeout: "-1s"}},
	} {
		_, err := c.o.Dialer(quiet())
		if blamed, ok := errors.AsType[*KeyError](err); !ok || blamed.Key != c.key {
			t.Errorf("%+v: error %v, want one that blames %s", c.o, err, c.key)
		}
	}
	if _, err := (DialOptions{Addresses: good, ConnectTimeout: "2s"}).Dialer(quiet()); err != nil {
		t.Error(err)
	}
}

func TestOpenSaysWhatHappened(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	ca := caFile(t, server.Certificate())
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()

	for _, c := range []struct {
		name string
		o    DialOptions
		want string // "" when it opens
	}{
		{"plain", DialOptions{Addresses: []string{"tcp://127.0.0.1:" + port}}, ""},
		{"tls", DialOptions{Addresses: []string{"tls://127.0.0.1:" + port}, CAFile: ca}, ""},
		{"tls with a name", DialOptions{Addresses: []string{"tls://127.0.0.1:" + port}, CAFile: ca, ServerName: "example.com"}, ""},
		{"unknown authority", DialOptions{Addresses: []string{"tls://127.0.0.1:" + port}}, "ca_file"},
		{"wrong name", DialOptions{Addresses: []string{"tls://127.0.0.1:" + port}, CAFile: ca, ServerName: "pbx.invalid"}, "server_name"},
		{"no handshake", DialOptions{Addresses: []string{"tls://" + mute.Addr().String()}, ConnectTimeout: "100ms"}, "no handshake within 100ms"},
		{"refused", DialOptions{Addresses: []string{"tcp://" + closed.Addr().String()}}, "connection refused"},
	} {
		d, err := c.o.Dialer(quiet())
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		conn, err := d.Open(t.Context(), d.Doors()[0])
		if err == nil {
			conn.Close()
		}
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.o.Addresses[0])):
			t.Errorf("%s: error %v, want one that begins with the address and has %q", c.name, err, c.want)
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	d, err := DialOptions{
		Addresses: []string{"tls://" + server.Listener.Addr().String()},
		CAFile:    caFile(t, server.Certificate()),
	}.Dialer(quiet())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Open(t.Context(), d.Doors()[0]); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
}

func TestCheckEndsWithItsTimeout(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	d, err := DialOptions{Addresses: []string{"tcp://" + mute.Addr().String()}, ConnectTimeout: "50ms"}.Dialer(quiet())
	if err != nil {
		t.Fatal(err)
	}
	d.Probe = func(c net.Conn) error {
		_, err := c.Read(make([]byte, 1))
		return err
	}
	before := time.Now()
	err = d.Check(t.Context(), d.Doors()[0])
	if err == nil || !strings.Contains(err.Error(), "timed out after 50ms") {
		t.Errorf("error %v", err)
	}
	if took := time.Since(before); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}

func caFile(t *testing.T, c *x509.Certificate) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
