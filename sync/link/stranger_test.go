package link_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/link"
)

// raw logs in to a host as the twin would, with the library alone: what a
// twin's key allows is tried with it.
func raw(t *testing.T, h host, auth ...ssh.AuthMethod) (ssh.Conn, error) {
	t.Helper()
	a, err := link.ParseAddress(h.target.Address)
	must(t, err)
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(h.hostKey))
	must(t, err)
	conn, err := net.Dial("tcp", a.Dial())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(await.Most)))
	c, channels, requests, err := ssh.NewClientConn(conn, a.Dial(), &ssh.ClientConfig{
		User: a.User, Auth: auth, HostKeyCallback: ssh.FixedHostKey(pinned), HostKeyAlgorithms: []string{pinned.Type()},
	})
	if err != nil {
		return nil, err
	}
	go ssh.DiscardRequests(requests)
	go func() {
		for ch := range channels {
			_ = ch.Reject(ssh.Prohibited, "")
		}
	}()
	return c, nil
}

// prohibited opens a channel, which must be refused, and returns an error when
// the connection has ended. The library alone may not notice that it has.
func prohibited(conn ssh.Conn, kind string) error {
	result, ended := make(chan error, 1), make(chan struct{})
	go func() { _ = conn.Wait(); close(ended) }()
	go func() {
		_, _, err := conn.OpenChannel(kind, nil)
		if no, ok := errors.AsType[*ssh.OpenChannelError](err); ok && no.Reason == ssh.Prohibited {
			result <- nil
			return
		}
		result <- errors.Join(err, errors.New("not prohibited"))
	}()
	select {
	case err := <-result:
		return err
	case <-ended:
		return io.EOF
	}
}

// A stranger is an SSH server that is no twin: it lets everybody in, and does
// with each connection what a test says.
type stranger struct {
	listener net.Listener
	running  sync.WaitGroup
}

// strange starts one, and returns the host that it pretends to be. accept gets
// each connection before SSH, and says whether to go on with SSH; serve gets
// those that are logged in. Both may be nil.
func strange(t *testing.T, accept func(net.Conn) bool, serve func(*ssh.ServerConn, <-chan ssh.NewChannel)) host {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &stranger{listener: listener}
	config, hostKey := strangeConfig(t)
	var open sync.Map
	s.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Store(conn, nil)
			s.running.Go(func() {
				defer conn.Close()
				if accept != nil && !accept(conn) {
					return
				}
				login, channels, requests, err := ssh.NewServerConn(conn, config)
				if err != nil {
					return
				}
				s.running.Go(func() { ssh.DiscardRequests(requests) })
				if serve != nil {
					serve(login, channels)
				}
				_ = login.Wait()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		open.Range(func(conn, _ any) bool { _ = conn.(net.Conn).Close(); return true })
		s.running.Wait()
	})
	h := host{hostKey: hostKey}
	h.target, _ = newKeys(t, "twin@"+listener.Addr().String(), hostKey)
	return h
}

func strangeConfig(t *testing.T) (*ssh.ServerConfig, string) {
	t.Helper()
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil },
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromSigner(private)
	must(t, err)
	config.AddHostKey(signer)
	return config, string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
}

// speaking lets each exec request in, and hands its channel to say.
func speaking(say func(command string, ch ssh.Channel)) func(*ssh.ServerConn, <-chan ssh.NewChannel) {
	return func(_ *ssh.ServerConn, channels <-chan ssh.NewChannel) {
		for asked := range channels {
			ch, requests, err := asked.Accept()
			if err != nil {
				return
			}
			go func() {
				for r := range requests {
					_ = r.Reply(r.Type == "exec", nil)
					if r.Type == "exec" {
						go say(string(r.Payload[4:]), ch)
					}
				}
			}()
		}
	}
}

// greeted begins a control channel as a twin does, before say goes on.
func greeted(say func(ch ssh.Channel)) func(*ssh.ServerConn, <-chan ssh.NewChannel) {
	return speaking(func(_ string, ch ssh.Channel) {
		if _, err := readAny(ch); err == nil {
			_ = writeAny(ch, `{"link":{"oldest":1,"newest":1}}`)
			say(ch)
		}
	})
}

func readAny(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int(head[0])<<24 | int(head[1])<<16 | int(head[2])<<8 | int(head[3])
	if n > 2<<20 {
		return nil, errors.New("too long")
	}
	body := make([]byte, n)
	_, err := io.ReadFull(r, body)
	return body, err
}

func writeAny(w io.Writer, body string) error {
	n := len(body)
	_, err := w.Write(append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...))
	return err
}
