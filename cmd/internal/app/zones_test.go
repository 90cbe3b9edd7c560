package app

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestZones(t *testing.T) {
	put := func(files map[string]string) string {
		dir := t.TempDir()
		for name, text := range files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	none := put(nil)
	said := put(map[string]string{"Europe/Berlin": "TZif", "tzdata.zi": "# version 2026b\n# This zic input\n"})
	unsaid := put(map[string]string{"Europe/Berlin": "TZif"})
	for name, c := range map[string]struct {
		folders []string
		want    string
	}{
		"the machine's":           {[]string{none, said}, "2026b"},
		"the first that has some": {[]string{said, unsaid}, "2026b"},
		"no version":              {[]string{unsaid, said}, ""},
		"built in":                {[]string{none, filepath.Join(none, "missing")}, "of " + runtime.Version()},
	} {
		if got := zones(c.folders); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
