package task

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func containsLine(text, line string) bool {
	for l := range strings.Lines(text) {
		if strings.TrimSuffix(l, "\n") == line {
			return true
		}
	}
	return false
}

// TestMuchOutput holds 100 MB to what is kept of them.
func TestMuchOutput(t *testing.T) {
	const lines = 100_000_000 / 16
	r := newRig(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	o := r.Run(t.Context(), Job{Run: 1, Tasks: r.tasks(fmt.Sprintf("echo the beginning; yes 0123456789abcde | head -n %d; echo the end; exit 1", lines))})
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 8<<20 {
		t.Errorf("%d bytes of memory more", grown)
	}
	text := r.said(o)
	if int64(len(text)) > cutSize()+4<<10 {
		t.Errorf("%d bytes are kept", len(text))
	}
	for _, line := range []string{"the beginning", "0123456789abcde", "the end"} {
		if !containsLine(text, line) {
			t.Errorf("%q is not kept", line)
		}
	}
	var left int
	mark := text[strings.Index(text, "\n["):]
	if _, err := fmt.Sscanf(mark, leftOut, &left); err != nil || left < 98_000_000 || left+len(text) < 16*lines {
		t.Errorf("%d left out of it, %v: %.80q", left, err, mark)
	}
	if o.Reason != "task 1 of 1 (exec): exit status 1: the end" || len(o.Tail) > lastSize {
		t.Errorf("%q, tail of %d bytes", o.Reason, len(o.Tail))
	}
	files, err := os.ReadDir(r.Dir)
	if err != nil || len(files) != 2 { // and the lock
		t.Errorf("%v %v", files, err)
	}
}

// TestOutputSizes holds what is kept against what was said, around the sizes
// at which something is left out, and the file's greatest size on the way.
func TestOutputSizes(t *testing.T) {
	whole := int(headSize + tailSize)
	all := make([]byte, 5*whole)
	for i := range all {
		all[i] = byte(i*7 + i>>8)
	}
	for _, size := range []int{0, 1, headSize, whole - 1, whole, whole + 1, int(cutSize()) + tailSize, int(cutSize()) + tailSize + 1, len(all)} {
		for _, chunk := range []int{1000, 32 << 10, 1 << 20} {
			said := all[:size]
			path := filepath.Join(t.TempDir(), "1.log")
			o := newOutput(path)
			for p := said; len(p) > 0; {
				n := min(chunk, len(p))
				if _, err := o.Write(p[:n]); err != nil {
					t.Fatal(err)
				}
				p = p[n:]
				if info, err := os.Stat(path); err != nil || info.Size() > cutSize()+tailSize+64<<10 || info.Mode() != 0o600 {
					t.Fatalf("%v %v", info, err)
				}
			}
			if err := o.close(); err != nil {
				t.Fatal(err)
			}
			want := said
			if size > whole {
				want = append(bytes.Clone(said[:headSize]), fmt.Sprintf(leftOut, size-whole)...)
				want = append(want, said[size-tailSize:]...)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes in pieces of %d: %d are kept, want %d, equal %t, %v", size, chunk, len(got), len(want), bytes.Equal(got, want), err)
			}
		}
	}
}

func TestTail(t *testing.T) {
	o := newOutput(filepath.Join(t.TempDir(), "1.log"))
	defer o.close()
	for range 3 {
		fmt.Fprint(o, "x", strings.Repeat("ü", lastSize))
	}
	if want := strings.Repeat("ü", lastSize/2); o.tail() != want {
		t.Errorf("%d bytes: %.20q", len(o.tail()), o.tail())
	}
	fmt.Fprint(o, "y")
	if want := strings.Repeat("ü", lastSize/2-1) + "y"; o.tail() != want {
		t.Errorf("%d bytes: %.20q", len(o.tail()), o.tail())
	}
}

// TestOutputLost holds that a run does not need its output.
func TestOutputLost(t *testing.T) {
	r := newRig(t)
	if err := os.WriteFile(filepath.Join(r.dir, "runs"), nil, 0o600); err != nil { // no directory
		t.Fatal(err)
	}
	o := r.Run(t.Context(), Job{Run: 1, Tasks: r.tasks("echo all the same")})
	if o.State != OK || o.Output != "" || !containsLine(o.Tail, "all the same") || !strings.Contains(o.Tail, "the output could not be kept") {
		t.Errorf("%+v", o)
	}
	full := newOutput("/dev/full")
	fmt.Fprint(full, "lost")
	if err := full.close(); err == nil || full.tail() != "lost" || !strings.Contains(err.Error(), syscall.ENOSPC.Error()) {
		t.Errorf("%v, tail %q", err, full.tail())
	}
}
