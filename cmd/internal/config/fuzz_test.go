package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/cmd/internal/config"
)

// FuzzLoad demands of any file that it is read, or refused with its path; and
// that of each feed one of both holds.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{
		whole,
		"name = 'a'\nfeed = [{name='f', kind='ami', addresses=['x']}, {}]",
		"name = 'a'\n[[feed]]\n[feed.time]\nfield=1\n[[feed]]\ntime.field=1",
		"[[twin]]\nname=1\n[feed.x]\n",
		"name = 1979-05-27T07:32:00Z\n'' = 1\n\"a.b\" = [[[]]]",
		"name = \"\\u202e\\n\"\n[[feed]]\nname=\"\\u0000\"\nframe_limit=1e400\ncounts=nan",
	} {
		f.Add(text)
	}
	file := filepath.Join(f.TempDir(), "twin.toml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(file, config.Source{}, kinds())
		if err != nil {
			if !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), file) {
				t.Fatalf("refused without its place: %v", err)
			}
			return
		}
		if c.Name == "" || !filepath.IsAbs(c.Data) {
			t.Fatalf("accepted name %q, data %q", c.Name, c.Data)
		}
		for _, fd := range c.Feeds {
			if fd.Err == nil && (fd.Own == nil || fd.Name == "" || fd.Line == 0) {
				t.Fatalf("accepted feed %+v", fd)
			}
			fd.Values()
		}
	})
}
