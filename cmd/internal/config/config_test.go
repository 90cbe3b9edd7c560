package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/feed"
)

type dialled struct {
	Addresses  []string `toml:"addresses"`
	SecretFile string   `toml:"secret_file"`
	Events     string   `toml:"events"`
	Prefer     bool     `toml:"prefer_first"`
}

type followed struct {
	Path string `toml:"path"`
}

// kinds stands for the list of package collector.
func kinds() []feed.Kind {
	return []feed.Kind{
		{Name: "ami", Formats: []string{"ami"}, Format: "ami", Options: func() any { return &dialled{Prefer: true} }},
		{Name: "tail", Options: func() any { return new(followed) }},
	}
}

// load reads text as /…/twin.toml; Unless said, it knows kinds().
func load(t *testing.T, text string, above config.Source, can ...feed.Kind) (*config.Config, string, error) {
	t.Helper()
	if can == nil {
		can = kinds()
	}
	file := filepath.Join(t.TempDir(), "twin.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, above, can)
	return c, file, err
}

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

const whole = `name = "cms-a"
data = "/srv/twin"

[twin]
name = "cms-b"
ssh = "twin@cms-b.example:22"
boot_alone = "hold"

[http]
listen = ""

[[feed]]
name = "pbx"
kind = "ami"
addresses = ["tls://pbx.example:5039",
  "tcp://10.0.0.5:5038"]
secret_file = "pbx.secret"

[[feed]]
name = "pbx-log"
kind = "tail"
format = "text"
source = "pbx"
counts = true
path = "/mnt/pbx/queue_log"
time = { field = 1, layout = "epoch" }
`

func TestLoad(t *testing.T) {
	c, file, err := load(t, whole, config.Source{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(file)
	if c.Name != "cms-a" || c.Data != "/srv/twin" || c.HTTP.Listen != "" {
		t.Errorf("settings are %+v", c)
	}
	wantTwin := config.Twin{
		Name: "cms-b", SSH: "twin@cms-b.example:22", BootAlone: "hold",
		Identity: "/srv/twin/id_ed25519", KnownHosts: "/srv/twin/known_hosts",
	}
	if diff := cmp.Diff(wantTwin, c.Twin); diff != "" {
		t.Errorf("twin (-want +got):\n%s", diff)
	}
	pbx, ok := c.Feed("pbx")
	if !ok || pbx.Err != nil {
		t.Fatalf("feed pbx: %+v", pbx)
	}
	wantOwn := &dialled{
		Addresses:  []string{"tls://pbx.example:5039", "tcp://10.0.0.5:5038"},
		SecretFile: filepath.Join(dir, "pbx.secret"), Prefer: true,
	}
	if diff := cmp.Diff(wantOwn, pbx.Own); diff != "" {
		t.Errorf("pbx's own keys (-want +got):\n%s", diff)
	}
	if pbx.Line != 12 || pbx.Format != "ami" || pbx.Source != "pbx" || pbx.FrameLimit != feed.DefaultFrameLimit {
		t.Errorf("pbx is %+v", pbx)
	}
	log, ok := c.Feed("pbx-log")
	if !ok || log.Err != nil || log.Line != 19 || log.Source != "pbx" || log.Counts == nil || !*log.Counts {
		t.Errorf("pbx-log is %+v", log)
	}
	if diff := cmp.Diff(&feed.TimeSpec{Field: 1, Layout: "epoch"}, log.Time); diff != "" {
		t.Errorf("time (-want +got):\n%s", diff)
	}
}

func TestPrecedence(t *testing.T) {
	const key = "http.listen"
	text := "name = 'a'\n[http]\nlisten = ':1'\n"
	fromEnv := env("TWIN_HTTP_LISTEN", ":2")
	for _, c := range []struct {
		name, text   string
		above        config.Source
		want, origin string
	}{
		{"default", "name = 'a'", config.Source{}, "127.0.0.1:7080", "default"},
		{"file", text, config.Source{}, ":1", "FILE:3"},
		{"environment", text, config.Source{LookupEnv: fromEnv}, ":2", "TWIN_HTTP_LISTEN"},
		{"empty in the environment", text, config.Source{LookupEnv: env("TWIN_HTTP_LISTEN", "")}, "", "TWIN_HTTP_LISTEN"},
		{"set", text, config.Source{LookupEnv: fromEnv, Set: []string{key + "=:3"}}, ":3", "flag --set"},
		{"set twice", text, config.Source{Set: []string{key + "=:3", key + "=:4"}}, ":4", "flag --set"},
		{"a wrong type in the file that is overridden", "name = 'a'\nhttp.listen = 5", config.Source{LookupEnv: fromEnv}, ":2", "TWIN_HTTP_LISTEN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, file, err := load(t, c.text, c.above)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range got.Values() {
				origin := strings.ReplaceAll(v.Origin, file, "FILE")
				if v.Key == key && (v.Value != c.want || origin != c.origin) {
					t.Errorf("%s = %q from %s, want %q from %s", key, v.Value, origin, c.want, c.origin)
				}
			}
		})
	}
}

// TestPaths pins where a relative path starts.
func TestPaths(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	c, file, err := load(t, "name = 'a'\ndata = 'd'\n[[feed]]\nname = 'f'\nkind = 'tail'\nformat = 'text'\npath = '../q'\n", config.Source{})
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(file), "d"); c.Data != want {
		t.Errorf("data from the file is %s, want %s", c.Data, want)
	}
	if got, want := c.Feeds[0].Own.(*followed).Path, filepath.Join(filepath.Dir(file), "../q"); got != want {
		t.Errorf("path of a feed is %s, want %s", got, want)
	}
	c, _, err = load(t, "name = 'a'", config.Source{Set: []string{"data=d"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(here, "d"); c.Data != want {
		t.Errorf("data from --set is %s, want %s", c.Data, want)
	}
}

func TestFatal(t *testing.T) {
	for _, c := range []struct {
		name, text string
		above      config.Source
		want       []string
	}{
		{"syntax", "name = 'a'\ndata = 'b\n", config.Source{}, []string{"FILE:2: literal strings cannot have new lines"}},
		{"a key twice", "name = 'a'\nname = 'b'\n", config.Source{}, []string{"FILE:2: key name is already defined"}},
		{"no name", "", config.Source{}, []string{`FILE: name: missing: say what this server is called, as name = "cms-a"`}},
		{"a name with a line end", "name = \"a\\nb\"", config.Source{}, []string{`FILE:1: name: holds \n at byte 1: want printable characters only`}},
		{"a number for text", "name = 5", config.Source{}, []string{"FILE:1: name: is the number 5: want text in quotes"}},
		{"unknown key", "name = 'a'\ndatta = 'x'", config.Source{}, []string{"FILE:2: datta: unknown key: did you mean data?"}},
		{"unknown section", "name = 'a'\n[htttp]\nlisten=''", config.Source{}, []string{"FILE:2: htttp: unknown key: did you mean http?"}},
		{"unknown key in a section", "name = 'a'\n[http]\n\nlisen=''", config.Source{}, []string{"FILE:4: http.lisen: unknown key: did you mean listen?"}},
		{"a section that is none", "name = 'a'\ntwin = 1", config.Source{}, []string{"FILE:2: twin: is the number 1: want a table, [twin]"}},
		{"empty data", "name = 'a'\ndata = ''", config.Source{}, []string{"FILE:2: data: is empty"}},
		{"bad listen", "name='a'\nhttp.listen='7080'", config.Source{}, []string{`FILE:2: http.listen: "7080": want host:port, as 127.0.0.1:7080`}},
		{"bad port", "name='a'\nhttp.listen=':70800'", config.Source{}, []string{`FILE:2: http.listen: port "70800": want a number from 0 to 65535`}},
		{"an option for ssh", "name='a'\n[twin]\nname='b'\nssh='-oProxyCommand=x@y'", config.Source{}, []string{`FILE:4: twin.ssh: "-oProxyCommand=x@y": want user@host:port`}},
		{"people for no time", "name='a'\n[ssh]\nidle='soon'", config.Source{}, []string{`FILE:3: ssh.idle: "soon": want a duration, as 30m or 1h`}},
		{"people for a moment", "name='a'\n[ssh]\nlongest='1ms'", config.Source{}, []string{`FILE:3: ssh.longest: "1ms": want a duration, as 30m or 1h`}},
		{"people without end", "name='a'\n[ssh]\nsessions='1000'", config.Source{}, []string{`FILE:3: ssh.sessions: "1000": want a number from 1 to 100`}},
		{"no user for ssh", "name='a'\n[twin]\nname='b'\nssh='host:22'", config.Source{}, []string{`FILE:4: twin.ssh: "host:22": want user@host:port`}},
		{"boot_alone", "name='a'\ntwin.boot_alone='-1m'", config.Source{}, []string{`FILE:2: twin.boot_alone: "-1m": want "hold", "run" or a duration as "10m"`}},
		{"a twin without an address", "name='a'\ntwin.name='b'", config.Source{}, []string{"FILE:2: twin.name: needs twin.ssh: how the other server is reached, as twin@cms-b.example:22"}},
		{"one address twice", "name='a'\nhttp = {listen=':7080'}\nssh = {listen='127.0.0.1:7080'}", config.Source{}, []string{`FILE:3: ssh.listen: "127.0.0.1:7080": http.listen has this address already`}},
		{"a twin of the same name", "name='a'\ntwin = {name='a', ssh='u@h'}", config.Source{}, []string{`FILE:2: twin.name: "a" is this server's own name: the twin has another`}},
		{"one bracket", "name='a'\n[feed]\nname='f'", config.Source{}, []string{"FILE:2: feed: want each feed as a section of its own: [[feed]], with double brackets"}},
		{"bad environment", "name='a'", config.Source{LookupEnv: env("TWIN_HTTP_LISTEN", "x")}, []string{`TWIN_HTTP_LISTEN: http.listen: "x": want host:port, as 127.0.0.1:7080`}},
		{"bad sets", "name='a'", config.Source{Set: []string{"data", "nam=x"}}, []string{"flag --set: data: want KEY=VALUE", "flag --set: nam: unknown key: did you mean name?"}},
		{"all at once, the feeds' too", "data=1\n[[feed]]\nname='f'\nkind='amy'", config.Source{}, []string{
			`FILE: name: missing: say what this server is called, as name = "cms-a"`,
			"FILE:1: data: is the number 1: want text in quotes",
			`FILE:4: feed "f": kind: there is no kind "amy": did you mean "ami"?`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, file, err := load(t, c.text, c.above)
			if !errors.Is(err, config.ErrInvalid) {
				t.Fatalf("error %v is not ErrInvalid", err)
			}
			if diff := cmp.Diff(c.want, texts(config.AsProblems(err), file)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "none.toml"), config.Source{}, nil)
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, config.ErrInvalid) || !strings.Contains(err.Error(), "none.toml") {
		t.Errorf("error is %v", err)
	}
}

// texts returns the problems as a person sees them, with FILE for the path.
func texts(ps config.Problems, file string) []string {
	var all []string
	for _, p := range ps {
		all = append(all, strings.ReplaceAll(p.Error(), file, "FILE"))
	}
	return all
}
