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

// TestPictures compares each state, at each size, with the picture that was
// looked at and found right.
func TestPictures(t *testing.T) {
	for name, v := range pictures() {
		for _, size := range []struct{ width, height int }{{80, 24}, {160, 50}} {
			file := filepath.Join("testdata", fmt.Sprintf("%s_%dx%d.txt", name, size.width, size.height))
			t.Run(filepath.Base(file), func(t *testing.T) {
				got := render(v, size.width, size.height, Theme{}) + "\n"
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("picture is not the one that was found right (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestNarrow holds that the sentence that matters survives on any terminal.
func TestNarrow(t *testing.T) {
	v := pictures()["deaf"]
	for _, size := range []struct{ width, height int }{{20, 5}, {40, 10}, {60, 12}} {
		got := render(v, size.width, size.height, Theme{})
		if !strings.Contains(got, "TROUBLE") {
			t.Errorf("at %dx%d nothing says TROUBLE:\n%s", size.width, size.height, got)
		}
	}
}
