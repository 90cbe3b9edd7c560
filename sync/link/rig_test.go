package link_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/link"
)

// A host is somewhere to dial, with the keys to do so.
type host struct {
	target  link.Target
	hostKey string // its line
	freeze  func() (thaw func())
}

// An echo is a handler for tests: each verb does what its name says.
type echo struct{}

func (echo) Answer(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	switch verb {
	case "echo":
		return args, nil
	case "fail":
		return nil, &link.RemoteError{Code: 4, Text: "refused: \x1b[31mred"}
	case "plain":
		return nil, errors.New("something happened")
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "big":
		return strings.Repeat("x", 2<<20), nil
	}
	return spoolVerb(ctx, verb, args)
}

// A shop is a tree for tests: count/N is a file of N bytes that count up, to
// be read or sent.
type shop struct{}

func (shop) Open(_ context.Context, path string) (link.File, error) {
	var n int64
	if _, err := fmt.Sscanf(path, "count/%d", &n); err == nil {
		return counted(n), nil
	}
	if path == "refused" {
		return nil, &link.RemoteError{Code: 4, Text: "not for you"}
	}
	return nil, fs.ErrNotExist
}

type counted int64

func (c counted) Size() int64  { return int64(c) }
func (c counted) Close() error { return nil }

func (c counted) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	for ; n < len(p) && at+int64(n) < int64(c); n++ {
		p[n] = byteAt(at + int64(n))
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func byteAt(at int64) byte { return byte(at ^ at>>8 ^ at>>16) }

// serveSession is what both kinds of server do for the conformance suite.
func serveSession(ctx context.Context, s link.Session, rw io.ReadWriter) error {
	if s == link.Files {
		return link.ServeFiles(ctx, rw, shop{}, link.Options{})
	}
	return link.ServeControl(ctx, rw, echo{}, link.Options{})
}

// newKeys makes an identity and a known_hosts file for a host key at an address.
func newKeys(t *testing.T, address, hostKey string) (link.Target, string) {
	t.Helper()
	dir := t.TempDir()
	target := link.Target{
		Name: "cms-b", Address: address,
		Identity: filepath.Join(dir, "id_ed25519"), KnownHosts: filepath.Join(dir, "known_hosts"),
	}
	line, err := link.EnsureIdentity(target.Identity)
	must(t, err)
	must(t, link.PinHost(target.KnownHosts, address, hostKey))
	return target, line
}

// embedded starts a Server for the conformance suite.
func embedded(t *testing.T) host {
	t.Helper()
	var line string
	o := link.ServerOptions{
		Limits:    func() link.Limits { return link.Limits{Strangers: 100, PerHost: 100, Connections: 100} },
		Authorize: func(_ context.Context, key string) (string, bool) { return "cms-a", key == line },
		Serve: func(ctx context.Context, _ string, s link.Session, rw io.ReadWriter) error {
			return serveSession(ctx, s, rw)
		},
	}
	address, hostKey := listen(t, o)
	h := host{hostKey: hostKey}
	h.target, line = newKeys(t, "twin@"+address, hostKey)
	return h
}

// listen runs a Server until the test ends; its host key is made.
func listen(t *testing.T, o link.ServerOptions) (address, hostKey string) {
	t.Helper()
	o.HostKey = filepath.Join(t.TempDir(), "ssh_host_ed25519")
	hostKey, err := link.EnsureHostKey(o.HostKey)
	must(t, err)
	server, err := link.NewServer(o)
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	await.Run(t, func(ctx context.Context) error { return server.Run(ctx, listener) })
	return listener.Addr().String(), hostKey
}

func dial(t *testing.T, target link.Target, o link.Options) *link.Client {
	t.Helper()
	c, err := link.Dial(t.Context(), target, o)
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
