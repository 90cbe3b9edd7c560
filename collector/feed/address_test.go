package feed

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for _, s := range []string{
		"tcp://10.0.0.5:5038", "tls://pbx.example:5039", "tcp://[::1]:9000", "tls://[fe80::1%eth0]:1", "tcp://localhost:65535",
	} {
		a, err := ParseAddress(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if a.String() != s {
			t.Errorf("%s came back as %s", s, a)
		}
	}
	for s, want := range map[string]string{
		"":                       "want tcp://host:port or tls://host:port",
		"pbx.example:5038":       "want tcp://host:port or tls://host:port",
		"udp://pbx.example:5038": "want tcp://host:port or tls://host:port",
		"tcp://pbx.example":      "missing port",
		"tcp://:5038":            "want a name or an IP address",
		"tcp://user@pbx:5038":    "want a name or an IP address",
		"tcp://pbx:0":            "1 to 65535",
		"tcp://pbx:70000":        "1 to 65535",
		"tcp://pbx:http":         "1 to 65535",
		"tcp://::1:5038":         "too many colons",
	} {
		_, err := ParseAddress(s)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", s, err, want)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("tls://pbx.example:5039")
	f.Add("tcp://[::1]:1")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		again, err := ParseAddress(a.String())
		if err != nil || again != a {
			t.Fatalf("%q is %v, which reads back as %v, %v", s, a, again, err)
		}
	})
}
