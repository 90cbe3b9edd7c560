package link_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/twinctl/twin/sync/link"
)

// TestKilledReceiver kills the process that receives at random places of an
// upload, again and again, and starts another: each goes on from what the
// last one had, and the file is the one that was sent.
func TestKilledReceiver(t *testing.T) {
	dir := t.TempDir()
	hostKey, err := link.EnsureHostKey(dir + "/host")
	must(t, err)
	line, err := link.EnsureIdentity(dir + "/id")
	must(t, err)
	start := func() (link.Target, func()) {
		cmd, address := startProcess(t, dir+"/host", line)
		target := link.Target{
			Name: "cms-b", Address: "twin@" + address, Identity: dir + "/id", KnownHosts: filepath.Join(t.TempDir(), "hosts"),
		}
		must(t, link.PinHost(target.KnownHosts, target.Address, hostKey))
		return target, sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	}
	random := rand.New(rand.NewPCG(1, 2))
	whole := newParcel(t, 12<<20+77)
	for range 8 {
		p := whole
		p.Dir = filepath.Join(t.TempDir(), "spool")
		last := len(p.Manifest.Pieces)
		for range 3 {
			target, kill := start()
			at := random.Int64N(p.Manifest.Size)
			missing, err := p.sendUntil(t, target, at, kill)
			if !errors.Is(err, link.ErrLost) && (err != nil || at < p.Manifest.Size/2 && missing == len(p.Manifest.Pieces)) {
				t.Errorf("killed at %d: %v", at, err)
			}
			if missing > last {
				t.Errorf("%d pieces are missing, where it were %d", missing, last)
			}
			last = missing
			kill()
		}
		target, kill := start()
		missing, err := p.send(t.Context(), target)
		if err != nil || missing > last {
			t.Errorf("at last %d pieces are missing: %v", missing, err)
		}
		p.same(t)
		kill()
	}
}

// sendUntil sends what is missing, and kills the receiver when what stands at
// a place, or after it, is about to be sent.
func (p parcel) sendUntil(t *testing.T, target link.Target, at int64, kill func()) (missing int, err error) {
	t.Helper()
	c, err := link.Dial(t.Context(), target, link.Options{})
	must(t, err)
	defer func() { must(t, c.Close()) }()
	var pieces []int
	must(t, c.Call(t.Context(), "offer", p.offering, &pieces))
	extents, err := p.Manifest.Extents(pieces)
	must(t, err)
	for _, e := range extents {
		from := readerAt(func(b []byte, off int64) (int, error) {
			if e.At+off >= at {
				kill()
			}
			return io.NewSectionReader(bytes.NewReader(p.bytes), e.At, e.Size).ReadAt(b, off)
		})
		if err := c.Put(t.Context(), "spool/"+hex.EncodeToString([]byte(p.Dir))+"/"+e.Path(), from, e.Size); err != nil {
			return len(pieces), err
		}
	}
	return len(pieces), nil
}
