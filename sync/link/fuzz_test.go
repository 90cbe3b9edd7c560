package link

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/inert"
)

func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"twin ctl", "twin files", "", "twin ctl ", " twin ctl", "twin  ctl", "twin ctl\n", "twin ctl;id", "sh -c id", "scp -t /"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseCommand(s)
		if err == nil {
			if string(got) != s || got != Control && got != Files {
				t.Errorf("%q is %q", s, got)
			}
			return
		}
		if !errors.Is(err, ErrCommand) || inert.Text(err.Error()) != err.Error() || len(err.Error()) > 2000 {
			t.Errorf("%q: %q", s, err)
		}
	})
}

func FuzzReadFrame(f *testing.F) {
	for _, s := range []string{
		"", "\x00", "\x00\x00\x00\x00", "\x00\x00\x00\x02{}", "\x00\x10\x00\x00{", "\x00\x10\x00\x01{", "\xff\xff\xff\xff",
		"Welcome to Debian", "\x00\x00\x00\x20" + `{"link":{"oldest":1,"newest":2}}`, "\x00\x00\x00\x04null", "\x00\x00\x00\x02[[",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		v, err := readGreeting(r)
		switch {
		case err == nil:
			if v.Oldest < 1 || v.Newest < v.Oldest {
				t.Errorf("versions %v", v)
			}
		case errors.Is(err, ErrProtocol), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		default:
			t.Errorf("%q: %v", data, err)
		}
		_ = readFrame(bytes.NewReader(data), &question{})
		_ = readFrame(bytes.NewReader(data), &reply{})
	})
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"twin@host", "twin@host:22", "twin@[::1]:22", "@", "a@b@c:1", "a@[b]c:1", "a@*", "a@b%eth0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		again, err := ParseAddress(a.String())
		if err != nil || again != a {
			t.Errorf("%q is %+v, and that is %+v, %v", s, a, again, err)
		}
		if strings.ContainsAny(a.String(), " \n*,|") {
			t.Errorf("%q would read otherwise in a file", a)
		}
	})
}

func FuzzWithBlock(f *testing.F) {
	f.Add("a\n# twin pair p: begin, written by twinctl pair\nx\n# twin pair p: end\nb\n", "p")
	f.Add("# twin pair p: begin, written by twinctl pair\n", "p")
	f.Add("", "p: end")
	f.Fuzz(func(t *testing.T, text, marker string) {
		lines := strings.Split(text, "\n")
		with, err := withBlock(lines, marker, []string{"key"})
		if err != nil {
			return
		}
		again, err := withBlock(with, marker, []string{"key"})
		if err != nil || strings.Join(again, "\n") != strings.Join(with, "\n") {
			t.Errorf("written twice: %q, %v", again, err)
		}
	})
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		ours, theirs Versions
		want         int // 0: none
	}{
		{Versions{1, 1}, Versions{1, 1}, 1},
		{Versions{1, 2}, Versions{1, 1}, 1},
		{Versions{1, 2}, Versions{2, 3}, 2},
		{Versions{2, 3}, Versions{2, 3}, 3},
		{Versions{1, 2}, Versions{3, 4}, 0},
		{Versions{3, 4}, Versions{1, 2}, 0},
	} {
		got, err := c.ours.common(c.theirs)
		if got != c.want || (err != nil) != (c.want == 0) {
			t.Errorf("%v and %v: %d, %v", c.ours, c.theirs, got, err)
		}
		if c.want == 0 && (!errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), c.ours.String()) ||
			!strings.Contains(err.Error(), c.theirs.String())) {
			t.Errorf("%v does not name both", err)
		}
	}
}

// TestWhatIsWrongIsKnownInTenSeconds holds the promise that the defaults make.
func TestWhatIsWrongIsKnownInTenSeconds(t *testing.T) {
	o := Options{}.settled()
	if o.Connect >= o.Login || o.Login.Seconds() >= 10 {
		t.Errorf("connect %s, login %s", o.Connect, o.Login)
	}
}
