package link_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twinctl/twin/sync/link"
)

// A proxy is a network that fails: after so many bytes, counted both ways, it
// cuts what goes through it, or lets nothing through any more.
type proxy struct {
	listener net.Listener
	to       string
	hold     bool         // instead of cutting
	left     atomic.Int64 // bytes
	gone     chan struct{}
	running  sync.WaitGroup
}

// newProxy returns a proxy to a host, and the target through it.
func newProxy(t *testing.T, h host, bytes int64, hold bool) link.Target {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	a, err := link.ParseAddress(h.target.Address)
	must(t, err)
	p := &proxy{listener: listener, to: a.Dial(), hold: hold, gone: make(chan struct{})}
	p.left.Store(bytes)
	p.running.Go(p.run)
	t.Cleanup(func() {
		close(p.gone)
		_ = listener.Close()
		p.running.Wait()
	})
	return at(t, h, listener.Addr().String())
}

// at returns the target of a host that is reached at another address.
func at(t *testing.T, h host, address string) link.Target {
	t.Helper()
	target := h.target
	a, err := link.ParseAddress(target.Address)
	must(t, err)
	target.Address = a.User + "@" + address
	target.KnownHosts = t.TempDir() + "/known_hosts"
	must(t, link.PinHost(target.KnownHosts, target.Address, h.hostKey))
	return target
}

func (p *proxy) run() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = near.Close()
			continue
		}
		end := sync.OnceFunc(func() { _, _ = near.Close(), far.Close() })
		p.running.Go(func() { p.copy(near, far); end() })
		p.running.Go(func() { p.copy(far, near); end() })
		p.running.Go(func() { <-p.gone; end() })
	}
}

var errCut = errors.New("cut")

func (p *proxy) copy(to, from net.Conn) {
	_, _ = io.Copy(writer(func(b []byte) (int, error) {
		n := int64(len(b))
		before := p.left.Add(-n) + n
		if before >= n {
			return to.Write(b)
		}
		_, _ = to.Write(b[:max(before, 0)])
		if p.hold {
			<-p.gone
		}
		return 0, errCut
	}), from)
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
