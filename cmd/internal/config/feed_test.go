package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/feed"
)

// TestWrongFeed has a good feed in front of each bad one: it must load.
func TestWrongFeed(t *testing.T) {
	const before = "name = 'a'\n[[feed]]\nname = 'good'\nkind = 'tail'\nformat = 'text'\nsource = 's'\ncounts = true\n[[feed]]\n"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"unknown key of the kind", "name='f'\nkind='ami'\nadresses=[]", []string{`FILE:11: feed "f": adresses: unknown key: did you mean addresses?`}},
		{"unknown common key", "name='f'\nkind='ami'\nfromat='x'", []string{`FILE:11: feed "f": fromat: unknown key: did you mean format?`}},
		{"unknown key below", "name='f'\nkind='ami'\ntime={feld=1}", []string{`FILE:11: feed "f": time.feld: unknown key: did you mean field?`}},
		{"unknown key in a table of its own", "name='f'\nkind='ami'\n[feed.time]\n\nzon='UTC'", []string{`FILE:13: feed "f": time.zon: unknown key: did you mean zone?`}},
		{"another kind's key", "name='f'\nkind='tail'\nformat='text'\naddresses=[]", []string{`FILE:12: feed "f": addresses: unknown key: want one of counts, format, frame_limit, kind, name, queue_limit, source, time, path`}},
		{"wrong type", "name='f'\nkind='ami'\nframe_limit='64k'", []string{`FILE:11: feed "f": frame_limit: is text: want a whole number`}},
		{"wrong type in a list", "name='f'\nkind='ami'\naddresses=['a',\n 5]", []string{`FILE:11: feed "f": addresses[1]: is the number 5: want text in quotes`}},
		{"a list for one", "name='f'\nkind='ami'\nsecret_file=['a']", []string{`FILE:11: feed "f": secret_file: is a list: want text in quotes`}},
		{"text for a switch", "name='f'\nkind='ami'\nprefer_first='yes'", []string{`FILE:11: feed "f": prefer_first: is text: want true or false`}},
		{"a number for a table", "name='f'\nkind='ami'\ntime=1", []string{`FILE:11: feed "f": time: is the number 1: want a table`}},
		{"too large", "name='f'\nkind='ami'\nframe_limit=99999999", []string{`FILE:11: feed "f": frame_limit: 99999999 bytes: want 256 to 16777216`}},
		{"no name", "kind='ami'", []string{`FILE:8: name: missing: give the feed a name, as name = "pbx"`}},
		{"a number as name", "kind='ami'\nname=1", []string{`FILE:10: name: is the number 1: want text in quotes`}},
		{"bad name", "name=\"a\\u202e\"\nkind='ami'", []string{`FILE:9: feed "a\u202e": name: holds \u202e at byte 1: want printable characters only`}},
		{"no kind", "name='f'", []string{`FILE:8: feed "f": kind: missing: want one of ami, tail`}},
		{"a number as kind", "name='f'\nkind=1", []string{`FILE:10: feed "f": kind: is the number 1: want text in quotes`}},
		{"unknown kind", "name='f'\nkind='kafka'\nanything=1", []string{`FILE:10: feed "f": kind: there is no kind "kafka": want one of ami, tail`}},
		{"format must be said", "name='f'\nkind='tail'", []string{`FILE:8: feed "f": format: missing: kind tail can carry several, say which`}},
		{"a format that the kind has not", "name='f'\nkind='ami'\nformat='text'", []string{`FILE:11: feed "f": format: kind ami cannot carry "text": want one of ami`}},
		{"name taken", "name='good'\nkind='ami'", []string{`FILE:9: feed "good": name: the feed at line 2 has this name already`}},
		{"source counted", "name='f'\nkind='ami'\nsource='s'\ncounts=true", []string{`FILE:12: feed "f": counts: feed "good" at line 2 is the one that is counted for source "s": one of them only`}},
		{"several", "name='f'\nkind='ami'\nx=1\ncounts=1", []string{
			`FILE:11: feed "f": x: unknown key: want one of counts, format, frame_limit, kind, name, queue_limit, source, time, addresses, events, prefer_first, secret_file`,
			`FILE:12: feed "f": counts: is the number 1: want true or false`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, file, err := load(t, before+c.text, config.Source{})
			if err != nil {
				t.Fatalf("a wrong feed stops everything: %v", err)
			}
			if len(got.Feeds) != 2 || got.Feeds[0].Err != nil {
				t.Fatalf("the good feed is %v", got.Feeds[0].Err)
			}
			if diff := cmp.Diff(c.want, texts(config.AsProblems(got.Feeds[1].Err), file)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.want, texts(got.Problems(), file)); diff != "" {
				t.Errorf("problems of the whole (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	bad := errors.New("bad")
	for _, tc := range []struct {
		name string
		err  error
		want []string
	}{
		{"good", nil, nil},
		{"a key", fmt.Errorf("open: %w", &feed.KeyError{Key: "addresses", Err: bad}), []string{`FILE:6: feed "f": addresses: bad`}},
		{"a key that is missing", &feed.KeyError{Key: "username", Err: bad}, []string{`FILE:2: feed "f": username: bad`}},
		{"no key", bad, []string{`FILE:2: feed "f": bad`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := "name='a'\n[[feed]]\nname='f'\nkind='ami'\nformat='ami'\naddresses=['x']"
			var opened feed.Config
			kind := kinds()[0]
			kind.Open = func(got feed.Config) (feed.Source, error) {
				opened = got
				return nil, tc.err
			}
			c, file, err := load(t, text, config.Source{}, kind)
			if err != nil {
				t.Fatal(err)
			}
			f := &c.Feeds[0]
			_, err = f.Open(slog.New(slog.DiscardHandler))
			if opened.Own != f.Own || opened.Name != "f" || opened.Format == nil || opened.Log == nil {
				t.Errorf("opened with %+v", opened)
			}
			if tc.err != nil && (!errors.Is(err, bad) || !errors.Is(err, config.ErrInvalid)) {
				t.Errorf("%v lost its cause", err)
			}
			if diff := cmp.Diff(tc.want, texts(config.AsProblems(err), file)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenWrongFormat(t *testing.T) {
	c, file, err := load(t, "name='a'\n[[feed]]\nname='f'\nkind='tail'\nformat='nonsense'", config.Source{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Feeds[0].Open(slog.New(slog.DiscardHandler))
	if got := texts(config.AsProblems(err), file); len(got) != 1 || !strings.HasPrefix(got[0], `FILE:5: feed "f": format: "nonsense"`) {
		t.Errorf("problems are %q", got)
	}
}

func TestFingerprint(t *testing.T) {
	const one = "name='a'\n[[feed]]\nname='f'\nkind='ami'\naddresses=['x', 'y']\ntime={field=1, layout='l'}\n"
	for _, c := range []struct {
		name, text string
		same       bool
	}{
		{"layout, order and comments", "name='b'\n# new\n[[feed]]\nkind='ami'\naddresses=[\n 'x',\n 'y',\n]\nname='f'\n[feed.time]\nlayout='l'\nfield=1\n", true},
		{"order of a list", "name='a'\n[[feed]]\nname='f'\nkind='ami'\naddresses=['y', 'x']\ntime={field=1, layout='l'}\n", false},
		{"a key more", one + "source='s'\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _, err := load(t, one, config.Source{})
			if err != nil {
				t.Fatal(err)
			}
			b, _, err := load(t, c.text, config.Source{})
			if err != nil {
				t.Fatal(err)
			}
			x, y := a.Feeds[0].Fingerprint, b.Feeds[0].Fingerprint
			if (x == y) != c.same {
				t.Errorf("fingerprints %q and %q: same is %v, want %v", x, y, x == y, c.same)
			}
		})
	}
}

func TestValuesOfFeed(t *testing.T) {
	c, file, err := load(t, "name='a'\n[[feed]]\nname='f'\nkind='ami'\naddresses=['x']", config.Source{})
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Value{
		{Feed: "f", Key: "addresses", Value: []any{"x"}, Origin: file + ":5"},
		{Feed: "f", Key: "events", Value: "", Origin: "default"},
		{Feed: "f", Key: "format", Value: "ami", Origin: "default"},
		{Feed: "f", Key: "frame_limit", Value: int64(feed.DefaultFrameLimit), Origin: "default"},
		{Feed: "f", Key: "kind", Value: "ami", Origin: file + ":4"},
		{Feed: "f", Key: "name", Value: "f", Origin: file + ":3"},
		{Feed: "f", Key: "prefer_first", Value: true, Origin: "default"},
		{Feed: "f", Key: "queue_limit", Value: int64(feed.DefaultQueueLimit), Origin: "default"},
		{Feed: "f", Key: "secret_file", Value: "", Origin: "default"},
		{Feed: "f", Key: "source", Value: "f", Origin: "default"},
	}
	if diff := cmp.Diff(want, c.Feeds[0].Values()); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}
