package task

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// TestFollowGrowing holds that who looks often enough reads all that is said,
// over every time that the middle of the file is left out.
func TestFollowGrowing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "1.log")
	var said, read bytes.Buffer
	f := follower{path: path, out: &read}
	defer f.close()
	look := func() {
		t.Helper()
		if err := f.copy(); err != nil || !bytes.Equal(read.Bytes(), said.Bytes()) {
			t.Fatalf("read %d bytes of %d, %v", read.Len(), said.Len(), err)
		}
	}
	look() // there is no file
	o := newOutput(path)
	piece := make([]byte, 100_003)
	for i := range 50 {
		for j := range piece {
			piece[j] = byte(i + j)
		}
		said.Write(piece)
		if _, err := o.Write(piece); err != nil {
			t.Fatal(err)
		}
		if i%3 != 0 { // between two looks the file is replaced at the most once
			look()
		}
	}
	if err := o.close(); err != nil {
		t.Fatal(err)
	}
	look()
	if o.left == 0 {
		t.Error("nothing was left out")
	}
}

func TestFollow(t *testing.T) {
	r := newRig(t)
	done := make(chan Outcome, 1)
	go func() {
		done <- r.Run(t.Context(), Job{Run: 3, Tasks: r.tasks("echo first; until [ -e go ]; do sleep 0.01; done; echo last")})
	}()
	var read bytes.Buffer
	var o Outcome
	err := Follow(t.Context(), filepath.Join(r.Dir, "3.log"), &read, func(context.Context) (bool, error) {
		if containsLine(read.String(), "first") && o.State == "" {
			if containsLine(read.String(), "last") {
				t.Error("it did not wait")
			}
			r.script("go", "")
			o = <-done
		}
		return o.State != "", nil
	})
	if err != nil || read.String() != r.said(o) || !strings.Contains(read.String(), "\nlast\n") {
		t.Errorf("read %q, %v", read.String(), err)
	}
}

func TestFollowEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.log")
	gone := errors.New("no such run")
	err := Follow(t.Context(), path, &bytes.Buffer{}, func(context.Context) (bool, error) { return false, gone })
	if !errors.Is(err, gone) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if err := Follow(ctx, path, &bytes.Buffer{}, func(context.Context) (bool, error) { return false, nil }); !errors.Is(err, gone) {
		t.Error(err)
	}
	if err := Follow(t.Context(), path, &bytes.Buffer{}, func(context.Context) (bool, error) { return true, nil }); err != nil {
		t.Error(err)
	}
}
