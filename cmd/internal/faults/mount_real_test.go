//go:build real

package faults

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// tool runs a program, which must succeed.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
}

// tmpfs mounts a file system in memory until the test ends.
func tmpfs(t *testing.T, options string) string {
	t.Helper()
	return mount(t, "-t", "tmpfs", "-o", options, "none")
}

// mount mounts something until the test ends, and returns where. Whoever still
// has a file open there then keeps it, but nobody finds it any more.
func mount(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	tool(t, "mount", append(args, dir)...)
	t.Cleanup(func() { tool(t, "umount", "--lazy", dir) })
	return dir
}

// A ballast takes up what a file system has left.
type ballast struct {
	t   *testing.T
	dir string
}

// space takes up all the space.
func (b ballast) space() {
	b.t.Helper()
	f, err := os.OpenFile(filepath.Join(b.dir, "ballast"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4 << 10} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			b.t.Fatal(err)
		}
	}
}

// inodes takes up all the inodes.
func (b ballast) inodes() {
	b.t.Helper()
	for {
		f, err := os.CreateTemp(b.dir, "ballast")
		if errors.Is(err, syscall.ENOSPC) {
			return
		}
		if err != nil {
			b.t.Fatal(err)
		}
		f.Close()
	}
}

// drop gives back all that was taken.
func (b ballast) drop() {
	b.t.Helper()
	all, err := filepath.Glob(filepath.Join(b.dir, "ballast*"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range all {
		if err := os.Remove(f); err != nil {
			b.t.Fatal(err)
		}
	}
}

// copySparse copies a file and leaves out its zeros.
func copySparse(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	buf, zeros := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(in, buf)
		if bytes.Equal(buf[:n], zeros[:n]) {
			_, werr := out.Seek(int64(n), io.SeekCurrent)
			err = errors.Join(err, werr)
		} else if _, werr := out.Write(buf[:n]); werr != nil {
			err = werr
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	size, err := in.Seek(0, io.SeekEnd)
	if err == nil {
		err = out.Truncate(size)
	}
	if err != nil {
		t.Fatal(err)
	}
}
