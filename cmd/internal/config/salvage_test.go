package config_test

import (
	"testing"

	"github.com/twinctl/twin/cmd/internal/config"
)

func TestSalvage(t *testing.T) {
	for _, c := range []struct {
		name, text string
		above      config.Source
		data       string // "" if it cannot be known
		feeds      int
	}{
		{"a wrong setting", "name = 5\ndata = '/d'\n[[feed]]\nname = 'f'\nkind = 'tail'\npath = '/q'", config.Source{}, "/d", 1},
		{"a wrong setting, the default", "name = 5", config.Source{}, "/var/lib/twin", 0},
		{"no TOML, further down", "name = 'a'\ndata = '/d'\n[[feed]]\nname =\n", config.Source{}, "/d", 0},
		{"no TOML, at once", "name =\ndata = '/d'", config.Source{}, "", 0},
		{"no TOML, but said elsewhere", "name =\ndata = '/d'", config.Source{Set: []string{"data=/e"}}, "/e", 0},
		{"a wrong directory", "name = 'a'\ndata = 5", config.Source{}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, file, err := load(t, c.text, c.above)
			if err == nil {
				t.Fatal("nothing is wrong with it")
			}
			got, ok := config.Salvage(file, c.above, kinds())
			if ok != (c.data != "") || ok && (got.Data != c.data || len(got.Feeds) != c.feeds) {
				t.Errorf("%v, %+v", ok, got)
			}
		})
	}
}
