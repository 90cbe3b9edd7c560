package syslog

import (
	"fmt"
	"math"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/record"
)

// drops is how many datagrams are told as thrown away. The kernel counts them
// for each socket, in 32 bits that begin again at zero. It says the same count
// in two ways: beside a datagram, as it was when that came, and when it is asked,
// as it is now. So the first may be older than what the second has told.
type drops uint32

// more takes a count, and returns how many it has that are not told yet.
func (d *drops) more(count uint32) uint32 {
	n := count - uint32(*d)
	if n > math.MaxInt32 { // so many behind: it is an older one
		return 0
	}
	*d = drops(count)
	return n
}

// unheard returns when the datagrams may have been said that were thrown away
// until then, if all that was said before proven is told. They may be late. A
// clock that was set back leaves proven ahead of it: it may have been by either.
func unheard(proven, until time.Time, late time.Duration) record.Span {
	from := until.Add(-late)
	if proven.Before(from) {
		from = proven
	}
	if proven.After(until) {
		until = proven
	}
	return record.Span{From: record.At(from), To: record.At(until) + 1}
}

// A sight is how it stands with a socket.
type sight struct {
	waits   bool   // something is there to be read
	counts  bool   // the kernel says how many it threw away:
	dropped uint32 // since the socket is there
}

// look sees whether anything waits, and then how much was thrown away, so that
// what the count has that was not told yet came no later than that.
func look(conn syscall.Conn) (s sight, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return s, fmt.Errorf("look at the socket: %w", err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		var n int
		n, failed = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		s.waits = n > 0
		s.dropped, s.counts = dropped(fd)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return s, fmt.Errorf("look at the socket: %w", err)
	}
	return s, nil
}

// dropped asks the kernel; before Linux 4.12 it does not know the question. The
// package unix has the question, and nothing that asks it.
func dropped(fd uintptr) (count uint32, ok bool) {
	var info [unix.SK_MEMINFO_VARS]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0) //nolint:gosec // the kernel writes no more than size says
	return info[unix.SK_MEMINFO_DROPS], errno == 0 && size >= uint32(unsafe.Sizeof(info))
}
