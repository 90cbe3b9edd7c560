package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the pictures that the tests compare with")

// TestPictures compares each state, at each size, with the pictures that were
// looked at and found right. With colours it is one size: TestFits holds that
// they change nothing else.
func TestPictures(t *testing.T) {
	for name, f := range pictures() {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, size := range []struct{ width, height int }{{80, 24}, {100, 30}, {160, 50}} {
				fmt.Fprintf(&b, "-- %dx%d --\n%s\n", size.width, size.height, render(f, size.width, size.height, Theme{}))
			}
			fmt.Fprintf(&b, "-- 80x24, 16 colours --\n%s\n", strings.ReplaceAll(render(f, 80, 24, Colour()), "\x1b", `\e`))
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("picture is not the one that was found right (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoStray holds that no picture lies about that nothing draws.
func TestNoStray(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	all := pictures()
	for _, file := range files {
		if _, ok := all[strings.TrimSuffix(filepath.Base(file), ".txt")]; !ok {
			t.Errorf("%s: nothing draws it", file)
		}
	}
}

// TestNarrow holds that the sentence that matters survives on any terminal.
func TestNarrow(t *testing.T) {
	f := pictures()["twins_deaf"]
	for _, size := range []struct{ width, height int }{{20, 5}, {40, 10}, {60, 12}} {
		got := render(f, size.width, size.height, Theme{})
		if !strings.Contains(got, "TROUBLE") {
			t.Errorf("at %dx%d nothing says TROUBLE:\n%s", size.width, size.height, got)
		}
	}
}
