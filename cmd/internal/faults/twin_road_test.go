package faults

import (
	"net"
	"slices"
	"sync"
	"testing"
)

// A road is a way to an address, on which things happen. It is free at first.
type road struct {
	net.Listener
	to string

	mu     sync.Mutex
	is     traffic
	change chan struct{} // closed and made anew when it becomes otherwise
	using  []net.Conn
	moved  int64 // bytes that passed since the last change
	most   int64 // and that may pass until the road is cut, if it is to be
}

// Traffic is what becomes of what is on a road.
type traffic int

const (
	free  traffic = iota
	cut           // whoever is on it, or comes, is thrown off
	mute          // whoever comes is let on, and nothing moves any more
	there         // what goes there arrives, and nothing comes back
	fated         // free until so many bytes have passed, and cut then
)

func newRoad(t *testing.T, to string) *road {
	t.Helper()
	r := &road{Listener: listen(t), to: to, change: make(chan struct{})}
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := r.Accept()
			if err != nil {
				return
			}
			all.Go(func() { r.travel(conn, ended) })
		}
	})
	t.Cleanup(func() {
		r.Close()
		close(ended)
		r.become(cut)
		all.Wait()
	})
	return r
}

// become makes the road otherwise. Who is on it stays only on one that
// is mute, be it one way alone.
func (r *road) become(is traffic) { r.set(is, 0) }

// cutAfter throws off who is on the road now, and lets only so many bytes pass
// of who comes.
func (r *road) cutAfter(n int64) { r.set(fated, n) }

func (r *road) set(is traffic, most int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.is, r.most, r.moved = is, most, 0
	close(r.change)
	r.change = make(chan struct{})
	if is != mute && is != there {
		r.clearOut()
	}
}

// clearOut throws everybody off. The caller holds mu.
func (r *road) clearOut() {
	for _, conn := range r.using {
		conn.Close()
	}
	r.using = nil
}

// now returns what the road is, and how many bytes passed since it became so.
func (r *road) now() (traffic, int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.is, r.moved
}

// travel lets one connection pass.
func (r *road) travel(near net.Conn, ended <-chan struct{}) {
	defer near.Close()
	if !r.enter(near, ended) {
		return
	}
	far, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer far.Close()
	if !r.enter(far, ended) {
		return
	}
	var back sync.WaitGroup
	back.Go(func() { r.carry(near, far, true, ended) })
	r.carry(far, near, false, ended)
	back.Wait()
}

// enter lets a connection on the road, at once or when something moves again.
func (r *road) enter(conn net.Conn, ended <-chan struct{}) bool {
	for {
		r.mu.Lock()
		is, change := r.is, r.change
		if is != cut && !slices.Contains(r.using, conn) {
			r.using = append(r.using, conn)
		}
		r.mu.Unlock()
		if is != mute {
			return is != cut
		}
		select {
		case <-change:
		case <-ended:
			return false
		}
	}
}

// carry carries bytes until either end is gone.
func (r *road) carry(to, from net.Conn, back bool, ended <-chan struct{}) {
	defer to.Close()
	defer from.Close()
	for buf := make([]byte, 16<<10); ; {
		n, err := from.Read(buf)
		if n > 0 {
			n, ok := r.pass(int64(n), back, ended)
			if _, err := to.Write(buf[:n]); err != nil || !ok {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass returns how many of n bytes may pass, and whether others may after them.
func (r *road) pass(n int64, back bool, ended <-chan struct{}) (int64, bool) {
	for {
		r.mu.Lock()
		is, change := r.is, r.change
		last := is == fated && r.moved+n >= r.most
		if last {
			n = r.most - r.moved
			r.is = cut
		}
		if is == there {
			is = map[bool]traffic{false: free, true: mute}[back]
		}
		if is == free || is == fated {
			r.moved += n
		}
		r.mu.Unlock()
		switch is {
		case cut:
			return 0, false
		case mute:
			select {
			case <-change:
			case <-ended:
				return 0, false
			}
		default:
			return n, !last
		}
	}
}
