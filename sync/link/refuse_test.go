package link_test

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/sync/link"
)

// wrongKey dials with a key that is nobody's, and with none.
func wrongKey(t *testing.T, h host) {
	target := h.target
	target.Identity = filepath.Join(t.TempDir(), "other")
	wantDial(t, target, link.ErrIdentity, "no such file")
	line, err := link.EnsureIdentity(target.Identity)
	must(t, err)
	wantDial(t, target, link.ErrRefused, link.Fingerprint(line))
	must(t, os.Chmod(target.Identity, 0o644))
	wantDial(t, target, link.ErrIdentity, "chmod 600")
}

// hostKeys dials with pins that do not fit.
func hostKeys(t *testing.T, h host) {
	other, err := link.EnsureHostKey(filepath.Join(t.TempDir(), "other"))
	must(t, err)
	pins := func(lines string) link.Target {
		target := h.target
		target.KnownHosts = filepath.Join(t.TempDir(), "known_hosts")
		must(t, os.WriteFile(target.KnownHosts, []byte(lines), 0o600))
		return target
	}
	name := pinned(t, h)
	changed := pins(name + " " + other + "\n")
	wantDial(t, changed, link.ErrHostKey, link.Fingerprint(other))
	wantDial(t, changed, link.ErrHostKey, link.Fingerprint(h.hostKey))
	wantDial(t, pins(name+" "+h.hostKey+"\n@revoked * "+h.hostKey+"\n"), link.ErrHostKey, "is revoked")
	wantDial(t, pins(""), link.ErrHostKey, "no key of")
	wantDial(t, pins("[127.0.0.1]:1 "+h.hostKey+"\n"), link.ErrHostKey, "no key of")
	wantDial(t, pins("what is this\n"), link.ErrHostKey, "known_hosts:1")
	missing := h.target
	missing.KnownHosts = filepath.Join(t.TempDir(), "none")
	wantDial(t, missing, link.ErrHostKey, "does not exist")
	both := pins(name + " " + other + "\n" + name + " " + h.hostKey + "\n") // while a key is being changed
	must(t, dial(t, both, link.Options{}).Close())
}

// pinned returns how the host stands in its known_hosts file.
func pinned(t *testing.T, h host) string {
	t.Helper()
	data, err := os.ReadFile(h.target.KnownHosts)
	must(t, err)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Fields(lines[len(lines)-1])[0]
}

func wantDial(t *testing.T, target link.Target, want error, text string) {
	t.Helper()
	c, err := link.Dial(t.Context(), target, link.Options{})
	if err == nil {
		_ = c.Close()
	}
	if !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v\nwant %v and %q", err, want, text)
	}
}

// versions dials with versions that the other side does not speak.
func versions(t *testing.T, h host) {
	for _, ours := range []link.Versions{{Oldest: 3, Newest: 4}, {Oldest: 1000, Newest: 1000}} {
		_, err := link.Dial(t.Context(), h.target, link.Options{Versions: ours})
		if !errors.Is(err, link.ErrVersion) || !strings.Contains(err.Error(), ours.String()) || !strings.Contains(err.Error(), "there 1") {
			t.Errorf("%v: %v", ours, err)
		}
	}
	c := dial(t, h.target, link.Options{Versions: link.Versions{Oldest: 1, Newest: 2}})
	if c.Version() != 1 {
		t.Errorf("version %d is spoken", c.Version())
	}
}

// nothingElse asks, with the twin's key, for all that SSH has besides.
func nothingElse(t *testing.T, h host) {
	if _, err := raw(t, h, ssh.Password("secret")); err == nil {
		t.Error("a password is taken")
	}
	if _, err := raw(t, h); err == nil {
		t.Error("nobody at all is let in")
	}
	data, err := os.ReadFile(h.target.Identity)
	must(t, err)
	signer, err := ssh.ParsePrivateKey(data)
	must(t, err)
	conn, err := raw(t, h, ssh.PublicKeys(signer))
	must(t, err)
	for name, payload := range map[string][]byte{
		"tcpip-forward": ssh.Marshal(struct {
			Host string
			Port uint32
		}{"127.0.0.1", 0}),
		"streamlocal-forward@openssh.com": ssh.Marshal(struct{ Path string }{"/tmp/none"}),
	} {
		if ok, _, err := conn.SendRequest(name, true, payload); ok || err != nil {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
	}
	if ch, _, err := conn.OpenChannel("direct-tcpip", ssh.Marshal(struct {
		Host   string
		Port   uint32
		From   string
		Source uint32
	}{"127.0.0.1", 22, "127.0.0.1", 1})); err == nil {
		_ = ch.Close()
		t.Error("a port is forwarded")
	}
	for request, payload := range map[string][]byte{
		"pty-req": ssh.Marshal(struct {
			Terminal                     string
			Columns, Rows, Width, Height uint32
			Modes                        string
		}{"xterm", 80, 24, 0, 0, "\x00"}),
		"x11-req": ssh.Marshal(struct {
			Single           bool
			Protocol, Cookie string
			Screen           uint32
		}{false, "MIT-MAGIC-COOKIE-1", "0123456789abcdef", 0}),
		"auth-agent-req@openssh.com": nil,
	} {
		if ch := session(t, conn); granted(ch, request, payload) {
			t.Errorf("%s is granted", request)
		}
	}
	for _, command := range []string{"", "id", "twin ctl; id", "twin ctl ", "twin", "sh -c 'echo x'", "scp -t /tmp"} {
		runsNothing(t, conn, "exec", command)
	}
	runsNothing(t, conn, "subsystem", "sftp")
	runsNothing(t, conn, "shell", "")
}

type asked struct {
	ssh.Channel
	requests <-chan *ssh.Request
}

func session(t *testing.T, conn ssh.Conn) asked {
	t.Helper()
	ch, requests, err := conn.OpenChannel("session", nil)
	must(t, err)
	t.Cleanup(func() { _ = ch.Close() })
	return asked{ch, requests}
}

func granted(ch asked, request string, payload []byte) bool {
	ok, err := ch.SendRequest(request, true, payload)
	return ok && err == nil
}

// runsNothing asks for a command, and wants no word of output and a failure.
func runsNothing(t *testing.T, conn ssh.Conn, request, command string) {
	t.Helper()
	ch := session(t, conn)
	defer ch.Close()
	payload := ssh.Marshal(struct{ Command string }{command})
	if request == "shell" {
		payload = nil
	}
	if !granted(ch, request, payload) {
		return
	}
	go func() { _, _ = io.Copy(io.Discard, ch.Stderr()) }()
	output, err := io.ReadAll(ch)
	status := uint32(0)
	for r := range ch.requests {
		if r.Type == "exit-status" {
			status = binary.BigEndian.Uint32(r.Payload)
		}
		_ = r.Reply(false, nil)
	}
	if err != nil || len(output) > 0 || status == 0 {
		t.Errorf("%s %q: status %d, output %q, %v", request, command, status, output, err)
	}
}
