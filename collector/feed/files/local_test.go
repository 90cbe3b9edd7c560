package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"testing"
)

// ways are the ways to move a file, by what file systems can do.
var ways = map[string]func(from, to string) error{
	"at once": func(from, to string) error { return local{}.Rename(context.Background(), from, to) },
	"by link": renameByLink,
}

// Of those who move a file to one name at the same time one succeeds, and what he
// moved stays there.
func TestOneMovesToAName(t *testing.T) {
	for name, rename := range ways {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for range 400 {
				if !oneMoves(t, dir, rename) {
					return
				}
			}
		})
	}
}

// oneMoves has four move a file to one name, and tells whether one did.
func oneMoves(t *testing.T, dir string, rename func(from, to string) error) bool {
	t.Helper()
	const movers = 4
	to := dir + "/to"
	var errs [movers]error
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range movers {
		from := dir + "/" + strconv.Itoa(i)
		if err := os.WriteFile(from, []byte(from), 0o600); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			<-begin
			errs[i] = rename(from, to)
		})
	}
	close(begin)
	all.Wait()
	moved := 0
	for i, err := range errs {
		from := dir + "/" + strconv.Itoa(i)
		text, gone := os.ReadFile(from)
		switch {
		case err == nil:
			moved++
			text, err = os.ReadFile(to)
			if err != nil || string(text) != from || !errors.Is(gone, fs.ErrNotExist) {
				t.Errorf("moved %s, and there is %q, %v", from, text, err)
			}
		case !errors.Is(err, fs.ErrExist) || string(text) != from:
			t.Errorf("%s: %v; it holds %q", from, err, text)
		}
	}
	if err := os.Remove(to); err != nil || moved != 1 {
		t.Errorf("%d moved, %v", moved, err)
	}
	return !t.Failed()
}

// What is not there, or may not be moved, is told, and nothing changes.
func TestRenameRefused(t *testing.T) {
	ways := map[string]func(from, to string) error{"at once": ways["at once"], "by link": renameByLink, "by sight": renameBySight}
	for name, rename := range ways {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := rename(dir+"/no", dir+"/to"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("what is not there: %v", err)
			}
			for _, name := range []string{"/a", "/b"} {
				if err := os.WriteFile(dir+name, []byte(name), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := rename(dir+"/a", dir+"/b"); !errors.Is(err, fs.ErrExist) {
				t.Errorf("over another: %v", err)
			}
			if err := rename(dir+"/a", dir+"/no/a"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("into what is not there: %v", err)
			}
			if err := rename(dir+"/a", dir+"/c"); err != nil {
				t.Error(err)
			}
			if text, err := os.ReadFile(dir + "/c"); err != nil || string(text) != "/a" {
				t.Errorf("it holds %q, %v", text, err)
			}
		})
	}
}
