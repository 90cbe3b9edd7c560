package replay

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBannerAndLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := connect(perform(t, Options{Kind: AMI, Doors: []Door{{File: recording(t, 0)}}})[0], crlf+crlf)
		if diff := cmp.Diff("Response: Success\r\nMessage: Authentication accepted", e.ask(t, "Action: Login")); diff != "" {
			t.Errorf("login (-want +got):\n%s", diff)
		}
		want := []string{
			"Asterisk Call Manager/9.0.0\r\n",
			"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 60\r\nLastReload: 60\r\nStatus: Fully Booted",
			"Event: Test\r\nPrivilege: agent,all\r\nTimestamp: 1700000000.000000\r\nN: 0",
		}
		if diff := cmp.Diff(want, texts(e.heard())); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

func TestAnswers(t *testing.T) {
	const denied, unknown = "Response: Error\r\nMessage: Permission denied", "Response: Error\r\nMessage: Invalid/unknown command"
	synctest.Test(t, func(t *testing.T) {
		e := connect(perform(t, Options{Kind: AMI, Doors: []Door{{File: recording(t, 0)}}})[0], crlf+crlf)
		for _, test := range []struct{ ask, want string }{
			{"Action: Ping", denied},
			{"Action: QueueStatus", denied},
			{"Action: Originate", denied},
			{"Hello: there", "Response: Error\r\nMessage: Missing action in request"},
			{"Action: Challenge", "Response: Error\r\nMessage: Must specify AuthType"},
			{"action: login", "Response: Success\r\nMessage: Authentication accepted"},
			{"Action: Login", "Response: Success\r\nMessage: Already authenticated"},
			{"ACTION: PING", "Response: Success\r\nPing: Pong\r\nTimestamp: 1700000000.000000"},
			{"Action: Originate", unknown},
			{"Action: Events\r\nEventMask: off", "Response: Success\r\nEvents: Off"},
			{"Action: Events\r\nEventMask: agent,cdr", "Response: Success\r\nEvents: On"},
			{"Action: Logoff", "Response: Goodbye\r\nMessage: Thanks for all the fish."},
		} {
			if diff := cmp.Diff(test.want, e.ask(t, test.ask)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.ask, diff)
			}
		}
		if !e.isGone() {
			t.Error("still connected after Logoff")
		}
	})
}

func TestLogin(t *testing.T) {
	key := func(challenge, secret string) string {
		sum := md5.Sum([]byte(challenge + secret))
		return hex.EncodeToString(sum[:])
	}
	for _, test := range []struct {
		name  string
		lines func(challenge string) []string
		want  bool
	}{
		{"plain", func(string) []string { return []string{"Username: twin", "Secret: s3cret"} }, true},
		{"wrong secret", func(string) []string { return []string{"Username: twin", "Secret: guess"} }, false},
		{"wrong name", func(string) []string { return []string{"Username: other", "Secret: s3cret"} }, false},
		{"nothing", func(string) []string { return nil }, false},
		{"md5", func(c string) []string {
			return []string{"AuthType: MD5", "Username: twin", "Key: " + key(c, "s3cret")}
		}, true},
		{"md5 of a wrong secret", func(c string) []string {
			return []string{"AuthType: MD5", "Username: twin", "Key: " + key(c, "guess")}
		}, false},
		{"md5 with a secret", func(string) []string { return []string{"AuthType: MD5", "Username: twin", "Secret: s3cret"} }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := Options{Kind: AMI, Username: "twin", Secret: "s3cret", Doors: []Door{{File: recording(t, 0)}}}
				e := connect(perform(t, o)[0], crlf+crlf)
				challenge := value([]byte(e.ask(t, "Action: Challenge", "AuthType: md5")), "Challenge")
				got := e.ask(t, append([]string{"Action: Login"}, test.lines(challenge)...)...)
				want := "Response: Error\r\nMessage: Authentication failed"
				if test.want {
					want = "Response: Success\r\nMessage: Authentication accepted"
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if e.isGone() == test.want {
					t.Errorf("disconnected: %t", e.isGone())
				}
			})
		})
	}
}

// A login by MD5 needs a challenge that was given out, though none was asked for.
func TestLoginWithoutChallenge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{Kind: AMI, Username: "twin", Secret: "s", Doors: []Door{{File: recording(t, 0)}}}
		e := connect(perform(t, o)[0], crlf+crlf)
		sum := md5.Sum([]byte("s"))
		got := e.ask(t, "Action: Login", "AuthType: MD5", "Username: twin", fmt.Sprintf("Key: %x", sum))
		if !strings.Contains(got, "Authentication failed") {
			t.Errorf("%q", got)
		}
	})
}

func TestLoginDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		door := perform(t, Options{Kind: AMI, Doors: []Door{{File: recording(t, 0)}}})[0]
		mute, in := connect(door, crlf+crlf), logIn(t, door)
		pass(loginTimeout - time.Second)
		if mute.isGone() {
			t.Error("gone before the deadline")
		}
		pass(time.Hour)
		if !mute.isGone() || in.isGone() {
			t.Errorf("gone: without login %t, with %t", mute.isGone(), in.isGone())
		}
	})
}

// What cannot be an action ends that session, and no other.
func TestGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		door := perform(t, Options{Kind: AMI, Doors: []Door{{File: recording(t, 0)}}})[0]
		good := logIn(t, door)
		for _, text := range []string{strings.Repeat("x", 2*maxLine), strings.Repeat("A: b\n", 2*maxHeaders)} {
			bad := logIn(t, door)
			_ = tryWrite(bad.conn, text)
			synctest.Wait()
			if !bad.isGone() {
				t.Errorf("%.10q... is borne", text)
			}
		}
		if clockOf(t, good) != day {
			t.Error("another session was hurt")
		}
	})
}

func TestEventMask(t *testing.T) {
	for _, test := range []struct {
		events string
		want   []string
	}{
		{"", []string{"FullyBooted", "Test", "Test", "Test"}},
		{"system", []string{"FullyBooted"}},
		{"agent", []string{"Test", "Test", "Test"}},
		{"off", nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := connect(perform(t, Options{Kind: AMI, Doors: []Door{{File: recording(t, seconds(0, 1, 2)...)}}})[0], crlf+crlf)
			e.ask(t, "Action: Login", "Events: "+test.events)
			pass(time.Minute)
			var got []string
			for _, s := range e.heard()[1:] {
				got = append(got, eventName([]byte(s.text)))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Events: %s (-want +got):\n%s", test.events, diff)
			}
		})
	}
}

// What happens while events are off is not made up for.
func TestEventsOffAndOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := logIn(t, perform(t, Options{Kind: AMI, Doors: []Door{{File: recording(t, seconds(0, 1, 2)...)}}})[0])
		e.ask(t, "Action: Events", "EventMask: off")
		pass(1500 * time.Millisecond)
		e.ask(t, "Action: Events", "EventMask: on")
		pass(time.Minute)
		if diff := cmp.Diff([]string{"0", "2"}, names(e.heard())); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestListCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := logIn(t, perform(t, Options{Kind: AMI, Doors: []Door{{File: recording(t, 0)}}})[0])
		lines := strings.Split(e.ask(t, "Action: ListCommands"), crlf)
		if len(lines) != 1+len(commands()) {
			t.Errorf("%q", lines)
		}
		for _, l := range lines[1:] {
			if !strings.HasSuffix(l, "(Priv: <none>)") {
				t.Errorf("%q needs a privilege", l)
			}
		}
	})
}

// queueRecording has a static member, one who is added and removed, and callers.
const queueRecording = "Event: QueueCallerJoin\nTimestamp: 1700000000\nQueue: sales\nUniqueid: 7.1\nCallerIDNum: 555\n\n" +
	"Event: QueueMemberAdded\nTimestamp: 1700000001\nQueue: sales\nMemberName: Kim\nInterface: Local/2\nStatus: 1\n\n" +
	"Event: QueueMemberStatus\nTimestamp: 1700000002\nQueue: sales\nMemberName: Ana\nInterface: Local/1\nStatus: 6\nPenalty: 3\n\n" +
	"Event: QueueCallerAbandon\nTimestamp: 1700000003\nQueue: sales\n\n" +
	"Event: QueueCallerLeave\nTimestamp: 1700000003\nQueue: sales\nUniqueid: 7.1\n\n" +
	"Event: QueueMemberRemoved\nTimestamp: 1700000004\nQueue: sales\nMemberName: Kim\nInterface: Local/2\nStatus: 1\n\n"

func TestQueueStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := logIn(t, perform(t, Options{Kind: AMI, Doors: []Door{{File: file(t, "q.ami", queueRecording)}}})[0])
		var got []string
		for range 4 {
			e.heard()
			e.ask(t, "Action: QueueStatus")
			var line []string
			for _, s := range e.heard() {
				raw := []byte(s.text)
				if value(raw, "ActionID") == "" {
					t.Errorf("no ActionID in %q", s.text)
				}
				for _, name := range []string{"Calls", "Abandoned", "Location", "Status", "Penalty", "Position", "Uniqueid", "CallerIDNum", "Wait", "ListItems"} {
					if v := value(raw, name); v != "" {
						line = append(line, name+"="+v)
					}
				}
			}
			got = append(got, strings.Join(line, " "))
			pass(1250 * time.Millisecond)
		}
		want := []string{
			"Calls=1 Abandoned=0 Location=Local/1 Status=0 Penalty=0 Position=1 Uniqueid=7.1 CallerIDNum=555 Wait=0 ListItems=3",
			"Calls=1 Abandoned=0 Location=Local/2 Status=1 Location=Local/1 Status=0 Penalty=0 Position=1 Uniqueid=7.1 CallerIDNum=555 Wait=1 ListItems=4",
			"Calls=1 Abandoned=0 Location=Local/2 Status=1 Location=Local/1 Status=6 Penalty=3 Position=1 Uniqueid=7.1 CallerIDNum=555 Wait=2 ListItems=4",
			"Calls=0 Abandoned=1 Location=Local/2 Status=1 Location=Local/1 Status=6 Penalty=3 ListItems=3",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		pass(time.Minute)
		e.heard()
		e.ask(t, "Action: QueueStatus", "Member: Local/2")
		if got := e.heard(); len(got) != 2 {
			t.Errorf("a removed member is listed: %v", texts(got))
		}
	})
}

// FuzzSession says anything to a server: it must answer or hang up, and go on
// serving others.
func FuzzSession(f *testing.F) {
	f.Add("Action: Login\r\n\r\nAction: Ping\r\n\r\nAction: QueueStatus\r\nActionID: 1\r\n\r\nAction: Logoff\r\n\r\n")
	f.Add("Action: Challenge\r\nAuthType: MD5\r\n\r\nAction: Login\r\nAuthType: MD5\r\nKey: x\r\n\r\n")
	f.Add("Action: Login\nEvents: off\n\nAction: Events\nEventMask: agent\n\nAction: ListCommands\n\n")
	name := f.TempDir() + "/q.ami"
	keep(f, name, queueRecording)
	f.Fuzz(func(t *testing.T, text string) {
		synctest.Test(t, func(t *testing.T) {
			door := perform(t, Options{Kind: AMI, Doors: []Door{{File: name}}})[0]
			mine, theirs := net.Pipe()
			door.conns <- theirs
			e := listen(mine, crlf+crlf)
			_ = tryWrite(mine, text)
			synctest.Wait()
			for _, s := range e.heard()[1:] {
				if !strings.HasPrefix(s.text, "Response: ") && !strings.HasPrefix(s.text, "Event: ") {
					t.Errorf("%q", s.text)
				}
			}
			mine.Close()
			logIn(t, door).conn.Close()
		})
	})
}
