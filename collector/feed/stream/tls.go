package stream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

const (
	handshakeTimeout = 10 * time.Second
	largestPEM       = 1 << 20
)

// ListenOptions are the keys of every kind that its upstream connects to. A
// kind embeds them in its own options and hands them to Hearing.Listener.
type ListenOptions struct {
	Listen       string   `toml:"listen"`         // host:port
	AllowFrom    []string `toml:"allow_from"`     // addresses and networks that are listened to; none: all
	TLSCertFile  string   `toml:"tls_cert_file"`  // PEM, with what stands between it and the authority; TLS is spoken if said
	TLSKeyFile   string   `toml:"tls_key_file"`   // PEM, 0600
	ClientCAFile string   `toml:"client_ca_file"` // PEM: who connects must have a certificate of it
}

// TLS tells whether any key of TLS is said.
func (o ListenOptions) TLS() bool {
	return o.TLSCertFile != "" || o.TLSKeyFile != "" || o.ClientCAFile != ""
}

// check refuses what cannot be listened with. The files are read for their
// errors' sake, and again for each connection, so that they can be replaced.
func (o ListenOptions) check() error {
	if _, _, err := net.SplitHostPort(o.Listen); err != nil {
		return &feed.KeyError{Key: "listen", Err: fmt.Errorf(`%q: want host:port, as "127.0.0.1:9000": %w`, o.Listen, err)}
	}
	switch {
	case o.TLSCertFile == "" && o.TLSKeyFile != "":
		return &feed.KeyError{Key: "tls_cert_file", Err: errors.New("missing: tls_key_file is said")}
	case o.TLSCertFile == "" && o.ClientCAFile != "":
		return &feed.KeyError{Key: "client_ca_file", Err: errors.New("only with TLS: say tls_cert_file and tls_key_file too")}
	case o.TLSCertFile == "":
		return nil
	case o.TLSKeyFile == "":
		return &feed.KeyError{Key: "tls_key_file", Err: errors.New("missing: tls_cert_file is said")}
	}
	_, err := o.config()
	return err
}

// config reads the files. Its errors are *feed.KeyError.
func (o ListenOptions) config() (*tls.Config, error) {
	key, err := readOwn(o.TLSKeyFile)
	if err != nil {
		return nil, &feed.KeyError{Key: "tls_key_file", Err: err}
	}
	chain, err := readPEM(o.TLSCertFile, 0)
	if err != nil {
		return nil, &feed.KeyError{Key: "tls_cert_file", Err: err}
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil { // it says which of the two, or that they do not belong together
		return nil, &feed.KeyError{Key: "tls_cert_file", Err: fmt.Errorf("%s with %s: %w", o.TLSCertFile, o.TLSKeyFile, err)}
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if o.ClientCAFile == "" {
		return c, nil
	}
	pem, err := readPEM(o.ClientCAFile, 0)
	if err != nil {
		return nil, &feed.KeyError{Key: "client_ca_file", Err: err}
	}
	c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, &feed.KeyError{Key: "client_ca_file", Err: fmt.Errorf("%s: no PEM certificate in it", o.ClientCAFile)}
	}
	return c, nil
}

// readOwn reads a file that nobody else may read.
func readOwn(name string) ([]byte, error) { return readPEM(name, 0o177) }

// readPEM reads a file whose mode has none of these bits.
func readPEM(name string, never os.FileMode) ([]byte, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() { // opening a pipe would block
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&never != 0 {
		return nil, fmt.Errorf("%s: mode %04o lets others in: chmod 600 %s", name, info.Mode().Perm(), name)
	}
	pem, err := io.ReadAll(io.LimitReader(f, largestPEM+1))
	if err == nil && len(pem) > largestPEM {
		err = fmt.Errorf("%s: larger than %d bytes", name, largestPEM)
	}
	return pem, err
}

// wrap makes a connection secret, where that is asked for. Its handshake comes
// with the first read; see greet.
func (o ListenOptions) wrap(conn net.Conn) (net.Conn, error) {
	if o.TLSCertFile == "" {
		return conn, nil
	}
	c, err := o.config()
	if err != nil {
		return nil, err
	}
	return tls.Server(conn, c), nil
}

// greet does the handshake of a connection that is to be secret, in its own
// goroutine, so that whoever is slow at it holds up nobody else.
func greet(ctx context.Context, conn net.Conn) error {
	secret, ok := conn.(*tls.Conn)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	if err := secret.HandshakeContext(ctx); err != nil {
		return &Foreign{fmt.Errorf("TLS handshake: %w", err)}
	}
	return nil
}
