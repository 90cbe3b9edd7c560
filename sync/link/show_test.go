package link_test

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/sync/link"
)

// A server shows its key to whoever asks; one that is away, or says nothing, is
// told apart, and costs no more time than a login may.
func TestShowHostKey(t *testing.T) {
	target := fileServer(t, func(c io.ReadWriteCloser) { _ = c.Close() })
	key, err := link.ShowHostKey(t.Context(), target.Address, link.Options{})
	if err != nil || link.Fingerprint(key) == "" {
		t.Fatalf("%q, %v", key, err)
	}
	line, err := link.HostLine(target.Address, key)
	must(t, err)
	if err := link.Pinned(target.KnownHosts, target.Address); err != nil {
		t.Error(err)
	}
	empty := filepath.Join(t.TempDir(), "known_hosts")
	if err := link.Pinned(empty, target.Address); !errors.Is(err, link.ErrHostKey) {
		t.Errorf("nothing is pinned: %v", err)
	}
	must(t, link.PinHost(empty, target.Address, strings.SplitN(line, " ", 2)[1]))
	if err := link.Pinned(empty, target.Address); err != nil {
		t.Error(err)
	}

	mute, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, err = link.ShowHostKey(t.Context(), "anyone@"+mute.Addr().String(), link.Options{Login: 100 * time.Millisecond})
	if !errors.Is(err, link.ErrMute) {
		t.Errorf("mute: %v", err)
	}
	must(t, mute.Close())
	_, err = link.ShowHostKey(t.Context(), "anyone@"+mute.Addr().String(), link.Options{})
	if !errors.Is(err, link.ErrUnreachable) {
		t.Errorf("away: %v", err)
	}
}
