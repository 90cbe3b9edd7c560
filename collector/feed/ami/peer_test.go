package ami

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// A peer plays an Asterisk, as far as one user hears it. Its fields say how it
// behaves; a test sets them before the peer is connected to.
type peer struct {
	banner  string
	secret  string
	booted  bool          // says FullyBooted at login
	start   time.Time     // of this Asterisk
	ahead   time.Duration // its clock before the true one
	shows   string        // its clock, if it stands
	rights  string        // what ListCommands shows beside what everybody may
	onLogin string        // said right behind the login's answer

	mu      sync.Mutex
	frozen  bool        // answers no more
	logins  int         // that succeeded
	actions []string    // that were asked for
	out     chan string // to the latest connection; "" hangs up
}

func newPeer() *peer {
	return &peer{banner: "Asterisk Call Manager/11.0.0", secret: "s3cret", booted: true, start: time.Now().Add(-time.Hour)}
}

// dial connects to the peer, as feed.Dialer.Dial. What the peer says goes
// through a channel, as through a socket's buffer: it never blocks.
func (p *peer) dial(context.Context, feed.Address) (net.Conn, error) {
	near, far := net.Pipe()
	out := make(chan string, 4096)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = out
	gone := make(chan struct{})
	go speak(far, out, gone)
	go p.listen(far, out, gone)
	if p.banner != "" {
		out <- p.banner + "\r\n"
	}
	return near, nil
}

func speak(conn net.Conn, out <-chan string, gone <-chan struct{}) {
	defer conn.Close()
	for {
		select {
		case <-gone:
			return
		case text := <-out:
			if text == "" {
				return
			}
			if _, err := conn.Write([]byte(text)); err != nil {
				return
			}
		}
	}
}

func (p *peer) listen(conn net.Conn, out chan<- string, gone chan<- struct{}) {
	defer close(gone)
	in := newBlockReader(conn, 4096)
	for {
		action, err := in.next()
		if err != nil {
			return
		}
		p.mu.Lock()
		answer := p.answer(action)
		p.mu.Unlock()
		if answer != "" {
			out <- answer
		}
		if header(action, "Action") == "Logoff" {
			out <- ""
		}
	}
}

func (p *peer) answer(action []byte) string {
	name := header(action, "Action")
	p.actions = append(p.actions, name)
	if p.frozen {
		return ""
	}
	success := "Response: Success\r\nActionID: " + header(action, "ActionID") + "\r\n"
	switch name {
	case "Challenge":
		return success + "Challenge: 4711\r\n\r\n"
	case "Login":
		return p.login(action, success)
	case "Ping":
		return success + "Ping: Pong\r\nTimestamp: " + p.clock() + "\r\n\r\n"
	case "QueueStatus":
		return success + "EventList: start\r\n\r\n" + strings.ReplaceAll(
			"Event: QueueParams\r\nQueue: sales\r\n%\r\n\r\nEvent: QueueMember\r\nQueue: sales\r\nName: Ben\r\n%\r\n\r\nEvent: QueueStatusComplete\r\n%\r\n\r\n",
			"%", "ActionID: "+header(action, "ActionID"))
	case "ListCommands":
		return success + "Ping: Keepalive command.  (Priv: <none>)\r\n" + p.rights + "\r\n"
	case "Logoff":
		return "Response: Goodbye\r\n\r\n"
	}
	return "Response: Error\r\nMessage: Invalid/unknown command\r\n\r\n"
}

func (p *peer) login(action []byte, success string) string {
	sum := md5.Sum([]byte("4711" + p.secret))
	if header(action, "Key") != hex.EncodeToString(sum[:]) && header(action, "Secret") != p.secret {
		return strings.Replace(success, "Success", "Error", 1) + "Message: Authentication failed\r\n\r\n"
	}
	p.logins++
	text := success + "Message: Authentication accepted\r\n\r\n"
	if p.booted {
		text += fmt.Sprintf("Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: %d\r\nStatus: Fully Booted\r\n\r\n",
			int64(time.Since(p.start).Seconds()))
	}
	return text + p.onLogin
}

func (p *peer) clock() string {
	if p.shows != "" {
		return p.shows
	}
	return stamp(time.Now().Add(p.ahead))
}

// stamp writes a time as Asterisk does.
func stamp(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }

// event returns an event that happens now.
func event(name string, headers ...string) string {
	all := append([]string{"Event: " + name, "Privilege: agent,all", "Timestamp: " + stamp(time.Now())}, headers...)
	return strings.Join(all, "\r\n") + "\r\n\r\n"
}

// say sends text on the latest connection.
func (p *peer) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out <- text
}

// hangUp closes the latest connection behind what was said.
func (p *peer) hangUp() { p.say("") }

func (p *peer) freeze(frozen bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = frozen
}

func (p *peer) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.actions...)
}

// A hearing is a source that hears a peer, and everything that it told.
type hearing struct {
	*Source
	q *feed.Queue
	feed.Batch
}

func newHearing(t *testing.T, p *peer, change func(*Options, *feed.Options)) *hearing {
	t.Helper()
	k := Kind()
	own := k.Options().(*Options)
	own.Addresses, own.Username, own.SecretFile = []string{"tcp://127.0.0.1:5038"}, "twin", secretFile(t, "s3cret\n")
	common := feed.Options{Name: "pbx", Kind: "ami"}
	if change != nil {
		change(own, &common)
	}
	if err := common.Fill(k); err != nil {
		t.Fatal(err)
	}
	src, err := k.Open(feed.Config{Options: common, Own: own, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h := &hearing{Source: src.(*Source), q: feed.NewQueue(common, k, func() {})}
	h.dialer.Dial = p.dial
	return h
}

// during runs the source in the test's bubble while script lets things happen,
// and gathers what the source told.
func (h *hearing) during(t *testing.T, script func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.Run(ctx, feed.Start{}, h.q) }()
	synctest.Wait()
	script()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run: %v", err)
	}
	h.gather()
}

func (h *hearing) gather() {
	for {
		b, ok := h.q.Take()
		if !ok {
			return
		}
		h.Records = append(h.Records, b.Records...)
		h.Marks = append(h.Marks, b.Marks...)
		h.Rejected += b.Rejected
		if b.Snapshot != nil {
			h.Snapshot = b.Snapshot
		}
		h.Quarantine = append(h.Quarantine, b.Quarantine...)
		h.q.Done()
	}
}

func (h *hearing) raw() (texts []string) {
	for _, r := range h.Records {
		texts = append(texts, string(r.Raw))
	}
	return texts
}

// mark returns the marks of that kind.
func (h *hearing) mark(what feed.MarkKind) (marks []feed.Mark) {
	for _, m := range h.Marks {
		if m.What == what {
			marks = append(marks, m)
		}
	}
	return marks
}

// pass lets that much time of the bubble go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func secretFile(tb testing.TB, text string) string {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return name
}

func (p *peer) loggedIn() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logins
}

// replace changes what a file holds.
func replace(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
