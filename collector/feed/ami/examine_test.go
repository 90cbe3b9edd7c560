package ami

import (
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// verdicts returns the checks by the first word of their names.
func verdicts(checks []feed.Check) map[string]feed.Check {
	by := map[string]feed.Check{}
	for _, c := range checks {
		word, _, _ := strings.Cut(c.Name, " ")
		by[word] = c
	}
	return by
}

func TestExamination(t *testing.T) {
	type want map[string]struct {
		result feed.Verdict
		text   string
	}
	for name, c := range map[string]struct {
		spoil func(*peer)
		want  want
	}{
		"all is well": {
			func(p *peer) { p.onLogin = event("QueueCallerJoin") },
			want{
				"address": {feed.Pass, "answers"}, "login": {feed.Pass, "11.0.0"}, "start-up": {feed.Pass, ""},
				"clock": {feed.Pass, ""}, "write": {feed.Pass, ""}, "timestamps": {feed.Pass, ""}, "read": {feed.Warn, "cdr,dialplan"},
			},
		},
		"quiet": {
			func(*peer) {},
			want{"timestamps": {feed.Warn, "cannot tell"}, "read": {feed.Warn, "cannot tell"}},
		},
		"no class system": {
			func(p *peer) { p.booted = false },
			want{"start-up": {feed.Warn, "class system"}},
		},
		"write is not empty": {
			func(p *peer) {
				p.rights = "Originate: Originate a call.  (Priv: originate,all)\r\nRedirect: Redirect a call.  (Priv: call,all)\r\n"
			},
			want{"write": {feed.Warn, "(Originate, Redirect)"}},
		},
		"no timestamps": {
			func(p *peer) { p.onLogin = "Event: Cdr\r\nPrivilege: cdr,all\r\n\r\n" },
			want{"timestamps": {feed.Fail, "timestampevents = yes in [general]"}},
		},
		"clocks differ": {
			func(p *peer) { p.ahead = 5 * time.Second },
			want{"clock": {feed.Warn, "NTP"}},
		},
		"wrong password": {
			func(p *peer) { p.secret = "another" },
			want{"address": {feed.Pass, ""}, "login": {feed.Fail, "Authentication failed"}},
		},
		"another service": {
			func(p *peer) { p.banner = "SSH-2.0-OpenSSH_9.2" },
			want{"address": {feed.Fail, "not an Asterisk manager"}},
		},
		"no banner": {
			func(p *peer) { p.banner = "" },
			want{"address": {feed.Fail, "no banner"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer()
				c.spoil(p)
				h := newHearing(t, p, nil)
				got := verdicts(h.Test(t.Context(), true))
				for word, w := range c.want {
					if g := got[word]; g.Result != w.result || !strings.Contains(g.Text, w.text) {
						t.Errorf("%s is %+v, want %s with %q", word, g, w.result, w.text)
					}
				}
			})
		})
	}
}

func TestExaminationWithoutLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		h := newHearing(t, p, func(o *Options, _ *feed.Options) {
			o.Addresses = []string{"tcp://pbx.example:5038", "tls://pbx.example:5039"}
		})
		checks := h.Test(t.Context(), false)
		if len(checks) != 2 || checks[0].Result != feed.Warn || !strings.Contains(checks[0].Text, "tls://") || checks[1].Result != feed.Pass {
			t.Errorf("checks are %+v", checks)
		}
		if asked := p.asked(); len(asked) != 0 {
			t.Errorf("asked for %q", asked)
		}
	})
}

func TestProbeDoesNotLogIn(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	go func() { _, _ = far.Write([]byte("HTTP/1.1 400 Bad Request\r\n")) }()
	if err := probe(near); err == nil || !strings.Contains(err.Error(), "HTTP/1.1") {
		t.Errorf("error %v", err)
	}
}
