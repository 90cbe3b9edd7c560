package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover"
)

// fenceDirs are where a fence may stand: in memory, so that it can be set while
// the disk can not be written, and is gone after a boot, when a primary asks its
// twin before it acts. The first is the service's own, which outlives its process;
// what stands in the other is removed with that (RemoveIPC), and is for a server
// that is no service, or whose service is stopped.
func fenceDirs() []string {
	return []string{"/run/twin", filepath.Join("/dev/shm", "twin-"+strconv.Itoa(os.Geteuid()))}
}

// maxFence bounds what is read of one, in bytes.
const maxFence = 8 << 10

// fenceName names the fence of a data directory, whose files may not be readable.
func fenceName(data string) string {
	if real, err := filepath.EvalSymlinks(data); err == nil {
		data = real
	}
	if abs, err := filepath.Abs(data); err == nil {
		data = abs
	}
	sum := sha256.Sum256([]byte(data))
	return "fence-" + hex.EncodeToString(sum[:8])
}

// setFence fences the server of a data directory, and reads that back.
func setFence(data string, f switchover.Fence) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	var all error
	for i, dir := range fenceDirs() {
		err := ownDir(dir, i > 0)
		if err == nil {
			err = place(filepath.Join(dir, fenceName(data)), text)
		}
		if err == nil {
			return nil
		}
		all = errors.Join(all, err)
	}
	return fmt.Errorf("set a fence: %w", all)
}

// ownDir tells whether a directory is this user's alone, and makes it where it
// may: anybody can make one of that name where all may write.
func ownDir(dir string, make bool) error {
	if make {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(stat.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s: is not a directory of this user alone", dir)
	}
	return nil
}

// place writes a file whole, and reads it back.
func place(path string, text []byte) error {
	fresh := path + "." + strconv.Itoa(os.Getpid())
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, text) {
		return fmt.Errorf("%s: it is not what was written: %w", path, err)
	}
	return nil
}

// readFence returns the fence of a data directory, nil if there is none. One that
// cannot be read counts, and only a person lifts it.
func readFence(data string) *switchover.Fence {
	for _, dir := range fenceDirs() {
		if ownDir(dir, false) != nil {
			continue
		}
		path := filepath.Join(dir, fenceName(data))
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		f, err := parseFence(path, info, err)
		switch {
		case errors.Is(err, fs.ErrNotExist): // it was lifted meanwhile
		case err != nil:
			f = switchover.Fence{Epoch: node.MaxTold, By: "unknown", Reason: err.Error()}
			if info != nil {
				f.At = record.At(info.ModTime())
			}
			return &f
		default:
			return &f
		}
	}
	return nil
}

func parseFence(path string, info fs.FileInfo, err error) (f switchover.Fence, _ error) {
	if err != nil {
		return f, err
	}
	if info.Size() > maxFence {
		return f, fmt.Errorf("fence %s: %d bytes", path, info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("fence %s: %w", path, err)
	}
	if err := f.Check(); err != nil {
		return f, fmt.Errorf("fence %s: %w", path, err)
	}
	return f, nil
}

// liftFence removes it.
func liftFence(data string) error {
	var all error
	for _, dir := range fenceDirs() {
		if ownDir(dir, false) != nil {
			continue
		}
		if err := os.Remove(filepath.Join(dir, fenceName(data))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// fences tells whether a fence keeps this server from acting as primary: until it
// has heard of that epoch, or a person says since that it is primary by its own.
func fences(f *switchover.Fence, self node.Self) bool {
	switch {
	case f == nil, f.Server != "" && f.Server != self.Server:
		return false
	case self.ConfirmedEpoch == self.Epoch && self.ConfirmedAt > f.At:
		return false
	}
	return self.EpochSeen < f.Epoch
}

// Fenced returns the fence that is in force on a server, nil if none is.
func Fenced(data string, self node.Self) *switchover.Fence {
	if f := readFence(data); fences(f, self) {
		return f
	}
	return nil
}

// fenceLook is for how long what was read of a fence is gone by, where it is
// asked often.
const fenceLook = 50 * time.Millisecond

// A fenceGlance reads the fence of a data directory, and remembers it for a
// moment. Any goroutine may ask it.
type fenceGlance struct {
	dir string

	mu sync.Mutex
	at time.Duration // since the machine was started: time that it slept counts
	is *switchover.Fence
}

// now returns the fence that is in force, nil if none is.
func (g *fenceGlance) now(self node.Self) *switchover.Fence {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := bootTime(); g.at == 0 || at-g.at > fenceLook {
		g.is, g.at = readFence(g.dir), at
	}
	if !fences(g.is, self) {
		return nil
	}
	return g.is
}
