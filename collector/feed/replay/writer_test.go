package replay

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(data)
}

// A file grows at the pace of the recording, and is put away after so many lines.
func TestWriterGrowsAndRotates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := filepath.Join(t.TempDir(), "queue_log")
		keep(t, to+".0", "of before\n") // is no name for another
		lines := file(t, "q", "1700000000|a\n1700000002|b\n1700000004|c\n1700000004|d\n1700000009|e\n")
		serve(t, Options{Kind: Tail, Format: "queue_log", Rotate: 2, Speed: 2, Doors: []Door{{To: to, File: lines}}})
		want := map[string]string{"": "1700000000|a\n"}
		for _, after := range []time.Duration{0, time.Second, time.Second, 3 * time.Second} {
			pass(after)
			got := map[string]string{}
			for name := range want {
				got[name] = content(t, to+name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			switch {
			case want[""] == "1700000000|a\n":
				want[""] += "1700000002|b\n"
			case len(want) == 1:
				want[".1"], want[""] = want[""], "1700000004|c\n1700000004|d\n"
			default:
				want[".2"], want[""] = want[""], "1700000009|e\n"
			}
		}
		if got := content(t, to+".0"); got != "of before\n" {
			t.Errorf("a file that was there is now %q", got)
		}
	})
}

// Each part comes when it is released, and not before.
func TestWriterWritesInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := filepath.Join(t.TempDir(), "queue_log")
		lines := file(t, "q", "1700000000|a\n1700000002|b\n1700000004|c\n1700000009|d\n")
		s, _ := serve(t, Options{Kind: Tail, Format: "queue_log", Parts: 2, Doors: []Door{{To: to, File: lines}}})
		pass(5 * time.Second)
		if got := content(t, to); got != "1700000000|a\n1700000002|b\n" {
			t.Errorf("before: %q", got)
		}
		s.Release()
		synctest.Wait()
		if got := content(t, to); !strings.HasSuffix(got, "|c\n") {
			t.Errorf("what was due does not come at once: %q", got)
		}
		s.Release() // there is no more
		pass(time.Minute)
		if got := content(t, to); !strings.HasSuffix(got, "|c\n1700000009|d\n") {
			t.Errorf("after: %q", got)
		}
	})
}

// Nobody's file is added to.
func TestWriterWantsANewFile(t *testing.T) {
	to := file(t, "queue_log", "mine\n")
	s, err := New(Options{Kind: Tail, Format: "queue_log", Doors: []Door{{To: to, File: file(t, "q", "1700000000|a\n")}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Listen(t.Context()); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), to) {
		t.Errorf("%v", err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, ErrNotListening) {
		t.Errorf("%v, want %v", err, ErrNotListening)
	}
	if got := content(t, to); got != "mine\n" {
		t.Errorf("now it is %q", got)
	}
}
