package relp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

func TestConversation(t *testing.T) {
	s := newStore()
	address, stop := start(t, config(t, "text", listening()), s)
	defer stop()
	up := dial(t, address)
	up.expect(t, "1 rsp 200 OK\nrelp_version=0\nrelp_software=twin\ncommands=syslog")
	up.write(t, up.command("syslog", "<13>1 - h a - - - 1767225600,a\n")+up.command("syslog", "1767225601,b")+up.command("syslog", ""))
	up.expect(t, "2 rsp 200 OK", "3 rsp 200 OK", "4 rsp 200 OK")
	up.write(t, up.command("syslog", "1767225601,b")) // again
	up.expect(t, "5 rsp 200 OK")
	up.write(t, up.command("close", ""))
	up.expect(t, "6 rsp", "0 serverclose")
	if _, err := up.answer(); !errors.Is(err, io.EOF) {
		t.Errorf("after serverclose: %v", err)
	}
	if diff := cmp.Diff([]string{"1767225600,a", "1767225601,b"}, s.said()); diff != "" || s.again != 1 {
		t.Errorf("%d again, stored (-want +got)\n%s", s.again, diff)
	}
}

// Nothing is answered before it is stored, and a stop still answers what is.
func TestNothingIsAnsweredBeforeItIsStored(t *testing.T) {
	s := newStore()
	address, stop := start(t, config(t, "text", listening()), s)
	defer stop()
	up := dial(t, address)
	up.expect(t, "1 rsp")
	s.hold(true)
	up.write(t, up.command("syslog", "1767225600,a")+up.command("syslog", "no time"))
	await.Until(t, "tell both", func() bool { return s.q.Told() == 2 })
	up.muteFor(t, 100*time.Millisecond)
	s.hold(false)
	up.expect(t, "2 rsp 200 OK", "3 rsp 200 OK")
	stop()
	up.expect(t, "0 serverclose")
}

// What cannot be kept is told, quarantined, and answered, so that the sender
// goes on.
func TestWhatCannotBeKeptIsAnswered(t *testing.T) {
	s := newStore()
	address, stop := start(t, config(t, "text", listening()), s)
	defer stop()
	up := dial(t, address)
	up.write(t, up.command("syslog", strings.Repeat("x", 100*frameLimit))+up.command("syslog", "when?")+
		up.command("syslog", fmt.Sprintf("%d,tomorrow", time.Now().Add(24*time.Hour).Unix()))+up.command("syslog", "1767225600,a"))
	up.expect(t, "1 rsp 200 OK", "2 rsp 200 OK", "3 rsp 200 OK", "4 rsp 200 OK", "5 rsp 200 OK")
	got := s.refused()
	if len(got) != 3 || !strings.Contains(got[0], "25600 bytes is longer than frame_limit = 256") || !strings.Contains(got[2], "cannot be true") {
		t.Errorf("rejected %q", got)
	}
	if said := s.said(); len(said) != 1 {
		t.Errorf("stored %q", said)
	}
}

func TestFormatSyslogKeepsTheWholeMessage(t *testing.T) {
	s := newStore()
	address, stop := start(t, config(t, "syslog", listening()), s)
	defer stop()
	const whole = "<13>1 2026-01-01T00:00:00.123456Z pbx app - - - text"
	up := dial(t, address)
	up.write(t, up.command("syslog", whole+"\n")+up.command("syslog", "<13>no time")+up.command("syslog", "<13>no time"))
	up.expect(t, "1 rsp", "2 rsp", "3 rsp", "4 rsp")
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.records) != 3 || string(s.records[0].Raw) != whole || !s.records[0].Timed() || s.records[0].At != 1767225600*record.Second+123456 {
		t.Fatalf("stored %v", s.records)
	}
	for _, r := range s.records[1:] {
		if since := time.Since(r.At.Time()); r.Timed() || since < 0 || since > time.Minute {
			t.Errorf("without time: %v", r)
		}
	}
}

// What is no RELP ends the connection, with an answer that says why.
func TestForeign(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"plain syslog":   {"<13>Nov 22 08:00:00 pbx app: text\n", "0 rsp 500 not a frame of RELP (want a transaction number)"},
		"http":           {"GET / HTTP/1.1\r\n\r\n", "0 rsp 500 not a frame"},
		"no open":        {"1 syslog 4 text\n", `1 rsp 500 it says "syslog" before open`},
		"no syslog":      {"1 open 14 relp_version=0\n", "1 rsp 500 it does not offer the command syslog"},
		"other commands": {"1 open 23 commands=eventlog,other\n", "1 rsp 500 it does not offer"},
		"strange":        {"1 open 15 commands=syslog\n2 starttls 0\n", "1 rsp 200 OK"},
		"length":         {"1 open x", "0 rsp 500 not a frame of RELP (want the length of its data)"},
		"command":        {"1 OPEN 0\n", "0 rsp 500 not a frame of RELP (want a command)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore()
			here, there := net.Pipe()
			defer here.Close()
			talk := newTalk(there, s.q, frameLimit, func(b []byte) []byte { return b })
			go talk.Answer(t.Context())
			go func() { _, _ = io.WriteString(here, c.text) }()
			ended := make(chan error, 1)
			go func() {
				_, err := talk.Next()
				for err == nil {
					_, err = talk.Next()
				}
				ended <- err
			}()
			up := newSender(here)
			up.expect(t, c.want)
			if _, ok := errors.AsType[*stream.Foreign](<-ended); !ok {
				t.Error("the connection goes on")
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for key, own := range map[string]*options{
		"listen": {Late: "2s"},
		"late":   {Late: "soon", ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0"}},
	} {
		_, err := Kind().Open(config(t, "text", own))
		if e, ok := errors.AsType[*feed.KeyError](err); !ok || e.Key != key {
			t.Errorf("got %v, want %s", err, key)
		}
	}
}

// A sender that says nothing for longer than silence is mute: its connection is
// closed, and what it says on the next one begins a session again. A stop does not
// wait for it.
func TestSilence(t *testing.T) {
	own := listening()
	own.Silence, own.Keeps = "1s", true
	s := newStore()
	address, stop := start(t, config(t, "text", own), s)
	defer stop()
	marked := func(what feed.MarkKind, n int) func() bool {
		return func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, m := range s.marks {
				if m.What == what && (what != feed.EndMark || m.Reason == feed.Mute) {
					n--
				}
			}
			return n <= 0
		}
	}
	up := dial(t, address)
	up.write(t, up.command("syslog", "1767225600,a"))
	up.expect(t, "1 rsp 200 OK", "2 rsp 200 OK")
	await.Until(t, "become mute", marked(feed.EndMark, 1))
	if h := s.q.Health(); h.State != feed.Connecting || !strings.HasSuffix(fmt.Sprint(h.Err), "said nothing for 1s)") {
		t.Errorf("health %+v", h)
	}
	again := dial(t, address)
	again.write(t, again.command("syslog", "1767225601,b"))
	again.expect(t, "1 rsp 200 OK", "2 rsp 200 OK")
	await.Until(t, "begin again", marked(feed.BeginMark, 2))

	own.Silence = "24h"
	patient := newStore()
	address, end := start(t, config(t, "text", own), patient)
	idle := dial(t, address)
	idle.expect(t, "1 rsp")
	end()
}
