package link_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/sync/link"
)

// fileServer starts an SSH server that is no twin, and serves SFTP as asked.
func fileServer(t *testing.T, serve func(io.ReadWriteCloser)) link.Target {
	t.Helper()
	dir := t.TempDir()
	target := link.Target{Identity: filepath.Join(dir, "id"), KnownHosts: filepath.Join(dir, "known_hosts")}
	_, err := link.EnsureIdentity(target.Identity)
	must(t, err)
	hostKey, err := link.EnsureHostKey(filepath.Join(dir, "host"))
	must(t, err)
	text, err := os.ReadFile(filepath.Join(dir, "host"))
	must(t, err)
	signer, err := ssh.ParsePrivateKey(text)
	must(t, err)
	config := &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil }}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveFiles(conn, config, serve)
		}
	}()
	target.Address = "anyone@" + listener.Addr().String()
	must(t, link.PinHost(target.KnownHosts, target.Address, hostKey))
	return target
}

func serveFiles(conn net.Conn, config *ssh.ServerConfig, serve func(io.ReadWriteCloser)) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		ch, asked, err := c.Accept()
		if err != nil {
			return
		}
		for r := range asked {
			ok := r.Type == "subsystem" && bytes.HasSuffix(r.Payload, []byte("sftp"))
			_ = r.Reply(ok, nil)
			if ok {
				go ssh.DiscardRequests(asked)
				serve(ch)
				return
			}
		}
	}
}

// plainFiles serves the files of this machine.
func plainFiles(rw io.ReadWriteCloser) {
	if s, err := sftp.NewServer(rw); err == nil {
		_ = s.Serve()
	}
}

func TestStorage(t *testing.T) {
	s, err := link.DialStorage(t.Context(), fileServer(t, plainFiles), link.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	dir, ctx := t.TempDir(), t.Context()
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, s.Create(ctx, in("a"), []byte("what a holds")))
	must(t, s.Create(ctx, in("b"), nil))
	must(t, os.Symlink(in("a"), in("link")))
	must(t, os.Mkdir(in("dir"), 0o700))
	must(t, s.Rename(ctx, in("b"), in("c")))

	var names []string
	must(t, s.List(ctx, dir, func(info fs.FileInfo) error {
		names = append(names, fmt.Sprintf("%s %t %d", info.Name(), info.Mode().IsRegular(), info.Size()))
		return nil
	}))
	slices.Sort(names)
	if got := strings.Join(names, ", "); !strings.HasPrefix(got, "a true 12, c true 0, dir false ") || !strings.Contains(got, "link false ") {
		t.Errorf("listed: %s", got)
	}
	f, err := s.Open(ctx, in("a"))
	must(t, err)
	p := make([]byte, 8)
	if n, err := f.ReadAt(p, 7); !errors.Is(err, io.EOF) || string(p[:n]) != "holds" {
		t.Errorf("read %q, %v", p[:n], err)
	}
	info, err := f.Stat()
	must(t, err)
	must(t, f.Close())
	if info.Size() != 12 {
		t.Errorf("size %d", info.Size())
	}
	for what, c := range map[string]struct{ err, want error }{
		"rename onto another": {s.Rename(ctx, in("a"), in("c")), fs.ErrExist},
		"create what is":      {s.Create(ctx, in("c"), nil), fs.ErrExist},
		"rename what is not":  {s.Rename(ctx, in("x"), in("y")), fs.ErrNotExist},
		"remove what is not":  {s.Remove(ctx, in("x")), fs.ErrNotExist},
		"list what is not":    {s.List(ctx, in("x"), nil), fs.ErrNotExist},
		"open what is not":    {opened(s.Open(ctx, in("x"))), fs.ErrNotExist},
		"open a link":         {opened(s.Open(ctx, in("link"))), fs.ErrInvalid},
		"open a directory":    {opened(s.Open(ctx, in("dir"))), fs.ErrInvalid},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	must(t, s.Remove(ctx, in("c")))
}

func opened(_ *link.StoredFile, err error) error { return err }

// What a server does that is not as it should be ends the link, with its name.
func TestStorageOfAStranger(t *testing.T) {
	mute := func(rw io.ReadWriteCloser) { _, _ = io.Copy(io.Discard, rw) }
	_, err := link.DialStorage(t.Context(), fileServer(t, mute), link.Options{Login: time.Second})
	if !errors.Is(err, link.ErrMute) {
		t.Errorf("it never begins SFTP: %v", err)
	}
	other := fileServer(t, plainFiles)
	key, err := link.EnsureHostKey(filepath.Join(t.TempDir(), "other"))
	must(t, err)
	must(t, link.PinHost(other.KnownHosts, other.Address, key))
	if _, err := link.DialStorage(t.Context(), other, link.Options{}); !errors.Is(err, link.ErrHostKey) {
		t.Errorf("another key: %v", err)
	}
	must(t, os.Remove(other.KnownHosts))
	if _, err := link.DialStorage(t.Context(), other, link.Options{}); !errors.Is(err, link.ErrHostKey) {
		t.Errorf("no key: %v", err)
	}

	endless := func(rw io.ReadWriteCloser) {
		h := sftp.InMemHandler()
		h.FileList = endlessDir{}
		_ = sftp.NewRequestServer(rw, h).Serve()
	}
	s, err := link.DialStorage(t.Context(), fileServer(t, endless), link.Options{Answer: time.Minute})
	must(t, err)
	err = s.List(t.Context(), "/", func(fs.FileInfo) error { return nil })
	if !errors.Is(err, link.ErrProtocol) || !strings.Contains(err.Error(), "MiB of names") {
		t.Errorf("a listing without end: %v", err)
	}
	must(t, s.Close())

	hangs := fileServer(t, func(rw io.ReadWriteCloser) {
		h := sftp.InMemHandler()
		h.FileList = endlessDir{hang: make(chan struct{})}
		_ = sftp.NewRequestServer(rw, h).Serve()
	})
	s, err = link.DialStorage(t.Context(), hangs, link.Options{Answer: 200 * time.Millisecond})
	must(t, err)
	if err := s.List(t.Context(), "/", nil); !errors.Is(err, link.ErrFrozen) {
		t.Errorf("no answer: %v", err)
	}
	must(t, s.Close())
	s, err = link.DialStorage(t.Context(), hangs, link.Options{})
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.List(ctx, "/", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody waits: %v", err)
	}
	must(t, s.Close())
}

// endlessDir is a directory without end, or one that never answers.
type endlessDir struct{ hang chan struct{} }

func (l endlessDir) Filelist(*sftp.Request) (sftp.ListerAt, error) {
	if l.hang != nil {
		<-l.hang
	}
	return l, nil
}

func (l endlessDir) ListAt(into []os.FileInfo, at int64) (int, error) {
	for i := range into {
		into[i] = endlessName(fmt.Sprintf("%01000d", at+int64(i)))
	}
	return len(into), nil
}

// endlessName is one file of a directory without end.
type endlessName string

func (n endlessName) Name() string     { return string(n) }
func (endlessName) Size() int64        { return 0 }
func (endlessName) Mode() fs.FileMode  { return 0o600 }
func (endlessName) ModTime() time.Time { return time.Unix(0, 0) }
func (endlessName) IsDir() bool        { return false }
func (endlessName) Sys() any           { return nil }
