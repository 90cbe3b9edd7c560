package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/feed"
)

type lined struct {
	feed.DialOptions
	Listen string `toml:"listen"`
}

// doors are kinds that dial, listen and follow a file.
func doors() []feed.Kind {
	open := func(c feed.Config) (feed.Source, error) {
		if own, ok := c.Own.(*lined); ok && own.Listen == "" {
			_, err := own.Dialer(c.Log)
			return nil, err
		}
		return nil, nil
	}
	return []feed.Kind{
		{Name: "lines", Format: "queue_log", Options: func() any { return new(lined) }, Open: open},
		{Name: "syslog", Format: "syslog", Options: func() any { return new(sent) }, Open: open},
		{Name: "tail", Format: "queue_log", Options: func() any { return new(followed) }, Open: open},
	}
}

// sent are options of a kind that listens in one of two ways.
type sent struct {
	Transport string `toml:"transport"`
	Listen    string `toml:"listen"`
}

func TestCheck(t *testing.T) {
	const one = "name = 'a'\n[[feed]]\nname = 'f'\n"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", one + "kind = 'lines'\naddresses = ['tcp://pbx:1', 'tls://pbx:1', 'tcp://[::1]:1']\nserver_name = 'pbx.example'", nil},
		{"every address", one + "kind = 'lines'\naddresses = ['tcp://pbx:99999',\n'tcp://::1:5038', 'http://x:1']", []string{
			`FILE:5: feed "f": addresses[0]: address "tcp://pbx:99999": port "99999": want a number from 1 to 65535`,
			`FILE:5: feed "f": addresses[1]: address "tcp://::1:5038": want tcp://host:port or tls://host:port, an IPv6 address in brackets`,
			`FILE:5: feed "f": addresses[2]: address "http://x:1": want tcp://host:port or tls://host:port`,
		}},
		{"one address twice", one + "kind = 'lines'\naddresses = ['tcp://pbx:1', 'tcp://PBX:1']", []string{
			`FILE:5: feed "f": addresses[1]: "tcp://PBX:1" stands here already, at place 1`,
		}},
		{"no host name", one + "kind = 'lines'\naddresses = ['tls://pbx:1']\nserver_name = '../x'", []string{
			`FILE:6: feed "f": server_name: "../x": not a host name: want one that is in the certificate, as pbx.example`,
		}},
		{"independent ones", one + "kind = 'lines'\nformat = 'smoke'\nfrme_limit = 1\nprefer_first = -1\naddresses = ['tcp://pbx:1']", []string{
			`FILE:6: feed "f": frme_limit: unknown key: did you mean frame_limit?`,
			`FILE:5: feed "f": format: "smoke" is not known: want ami, queue_log, cdr_csv, smdr, ech, cucm_cdr, text, syslog`,
			`FILE:7: feed "f": prefer_first: -1: want a number of probes, or 0 to stay where we are`,
		}},
		{"what follows from another", one + "kind = 'lines'\nadresses = ['tcp://pbx:1']", []string{
			`FILE:5: feed "f": adresses: unknown key: did you mean addresses?`,
		}},
		{"a kind misspelt", one + "knd = 'lines'", []string{`FILE:4: feed "f": knd: unknown key: did you mean kind?`}},
		{"a name misspelt", "name = 'a'\n[[feed]]\nnme = 'f'\nkind = 'tail'\npath = '/q'", []string{`FILE:3: nme: unknown key: did you mean name?`}},
		{"a port", one + "kind = 'lines'\nlisten = '127.0.0.1:70000'", []string{`FILE:5: feed "f": listen: port "70000": want a number from 0 to 65535`}},
		{"the pages' address", one + "kind = 'lines'\nlisten = ':7080'", []string{`FILE:5: feed "f": listen: ":7080": http.listen has this address already`}},
		{
			"one address for two", one + "kind = 'lines'\nlisten = '10.0.0.7:9000'\n[[feed]]\nname = 'g'\nkind = 'lines'\nlisten = '0.0.0.0:9000'",
			[]string{`FILE:9: feed "g": listen: "0.0.0.0:9000": the feed at line 2 has this address already`},
		},
		{
			"syslog both ways", one + "kind = 'syslog'\ntransport = 'udp'\nlisten = ':514'\n[[feed]]\nname = 'g'\nkind = 'syslog'\ntransport = 'tcp'\nlisten = ':514'\n" +
				"[[feed]]\nname = 'h'\nkind = 'syslog'\ntransport = 'udp'\nlisten = ':514'",
			[]string{`FILE:16: feed "h": listen: ":514": the feed at line 2 has this address already`},
		},
		{"two free ports", one + "kind = 'lines'\nlisten = '127.0.0.1:0'\n[[feed]]\nname = 'g'\nkind = 'lines'\nlisten = '127.0.0.1:0'", nil},
		{
			"one file for two", one + "kind = 'tail'\npath = '/var/log/q'\n[[feed]]\nname = 'g'\nkind = 'tail'\npath = '/var/log/../log/q'",
			[]string{`FILE:9: feed "g": path: the feed at line 2 follows this file already`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, file, err := load(t, c.text, config.Source{}, doors()...)
			if err != nil {
				t.Fatalf("a wrong feed stops everything: %v", err)
			}
			var found config.Problems
			for i := range got.Feeds {
				found = append(found, got.Feeds[i].Check()...)
			}
			if diff := cmp.Diff(c.want, texts(found, file)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSorted(t *testing.T) {
	_, file, err := load(t, "http.listen = 'x'\n[[feed]]\nname = 'f'\nkind = 'tail'\npth = '/q'\n[twin]\nnme = 'b'", config.Source{Set: []string{"dta=x"}})
	var places []string
	for _, p := range config.AsProblems(err) {
		places = append(places, p.Where)
	}
	want := []string{file, "flag --set", file + ":1", file + ":2", file + ":5", file + ":7"}
	if !errors.Is(err, config.ErrInvalid) || len(places) != len(want) {
		t.Fatalf("%v", err)
	}
	if diff := cmp.Diff(want[2:], places[2:]); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

func TestUnheeded(t *testing.T) {
	got := config.Unheeded([]string{"HOME=/", "TWIN_HTTP_LISTEN=", "TWIN_CONFIG=x", "TWIN_HTTP_LISTN=x", "TWIN_COLOUR=1", "TWIN_RUN=7", "TWIN_SLOT="})
	want := []string{
		"TWIN_COLOUR is no setting and has no effect",
		"TWIN_HTTP_LISTN is no setting and has no effect: did you mean TWIN_HTTP_LISTEN?",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDataIsTheRoot(t *testing.T) {
	for _, dir := range []string{"/", "/.", "//"} {
		if _, _, err := load(t, "name = 'a'\ndata = '"+dir+"'", config.Source{}); err == nil {
			t.Errorf("%q is taken for a directory of our own", dir)
		}
	}
}

func TestNoFile(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "none.toml"), config.Source{}, kinds())
	if !errors.Is(err, config.ErrNoFile) || !errors.Is(err, config.ErrInvalid) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	_, _, err = load(t, "nme = 'a'", config.Source{})
	if errors.Is(err, config.ErrNoFile) {
		t.Errorf("%v is not about a file that is missing", err)
	}
}
