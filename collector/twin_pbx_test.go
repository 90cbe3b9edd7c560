package collector_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// Whatever the order, the packets and the reconnects in which a PBX is heard,
// what it says twice among it, both twins hold what it said, once.
func TestTwinsOfAMI(t *testing.T) {
	t.Parallel()
	twinsOfAMI(t)
}

func twinsOfAMI(t *testing.T) {
	t.Helper()
	twins, round, secret := []*twin{newTwin(t), newTwin(t)}, 0, secretFile(t)
	base := time.Now().UTC().Add(-24 * time.Hour).Truncate(time.Second)
	rapid.Check(t, func(rt *rapid.T) {
		round++
		name := fmt.Sprint("pbx-", round)
		said := sayings(rt, []string{"QueueCallerJoin", "AgentCalled", "Cdr"})
		for i := range said { // a PBX says nothing twice
			said[i].text += fmt.Sprintf("\r\nUniqueid: %d", i)
		}
		var want []record.Record
		for _, s := range said {
			want = append(want, record.New(record.At(base.Add(time.Duration(s.ms)*time.Millisecond)), 0, []byte(eventOf(base, s))))
		}
		for _, w := range twins {
			parts, repeated := logins(rt, heardBy(rt, said))
			p := newPBX(t, base, parts, seeded(rt))
			w.collect(configured(t, feed.Options{Name: name, Kind: "ami"}, map[string]any{
				"Addresses": p.doors(), "Username": "twin", "SecretFile": secret, "Auth": "plain", "PreferFirst": 0,
			}))
			w.until("the last word", func() bool {
				s := w.summary(name)
				return s.Records+s.Duplicates == int64(len(want)+repeated)
			})
			if diff := sameRecords(want, w.held(name, len(want))); diff != "" {
				rt.Fatalf("(-said +held):\n%s", diff)
			}
			w.Set(nil)
			p.close()
		}
	})
}

// logins parts what is heard into sessions. Each begins with some of what the
// one before it had heard already; how much that is altogether comes back too.
func logins(rt *rapid.T, heard []saying) (parts [][]saying, repeated int) {
	from := 0
	for range rapid.IntRange(0, 3).Draw(rt, "reconnects") {
		to := rapid.IntRange(from, len(heard)).Draw(rt, "heard up to")
		parts = append(parts, heard[from:to])
		next := rapid.IntRange(from, to).Draw(rt, "heard again from")
		repeated, from = repeated+to-next, next
	}
	return append(parts, heard[from:]), repeated
}

func eventOf(base time.Time, s saying) string {
	at := base.Add(time.Duration(s.ms) * time.Millisecond)
	name, rest, _ := strings.Cut(s.text, "\r\n")
	return fmt.Sprintf("Event: %s\r\nPrivilege: agent,all\r\nTimestamp: %d.%06d\r\n%s", name, at.Unix(), at.Nanosecond()/1000, rest)
}

// A pbx is an Asterisk that says to each login another part, and hangs up
// behind all but the last.
type pbx struct {
	base  time.Time
	parts [][]saying
	rand  *rand.Rand

	listeners []net.Listener
	all       sync.WaitGroup
	mu        sync.Mutex // of login, and of rand
	login     int
}

// newPBX listens at as many doors as there are parts, and one more, so that
// whoever is hung up on need not wait.
func newPBX(t *testing.T, base time.Time, parts [][]saying, r *rand.Rand) *pbx {
	t.Helper()
	p := &pbx{base: base, parts: parts, rand: r}
	for range len(parts) + 1 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p.listeners = append(p.listeners, l)
		p.all.Go(func() {
			for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
				p.all.Go(func() { p.serve(conn) })
			}
		})
	}
	return p
}

func (p *pbx) doors() (all []string) {
	for _, l := range p.listeners {
		all = append(all, "tcp://"+l.Addr().String())
	}
	return all
}

// close waits until everybody is gone.
func (p *pbx) close() {
	for _, l := range p.listeners {
		_ = l.Close() // it is what ends Accept
	}
	p.all.Wait()
}

func (p *pbx) serve(conn net.Conn) {
	defer conn.Close()
	if _, err := io.WriteString(conn, "Asterisk Call Manager/9.0.0\r\n"); err != nil {
		return
	}
	in := bufio.NewReader(conn)
	for {
		action, err := readAction(in)
		if err != nil {
			return
		}
		success := "Response: Success\r\nActionID: " + action["ActionID"] + "\r\n"
		switch action["Action"] {
		case "Login":
			_, err = io.WriteString(conn, success+"\r\n")
			if err == nil && !p.say(conn) {
				_, _ = io.Copy(io.Discard, in) // until the client has seen the end
				return
			}
		case "Ping":
			now := time.Now()
			_, err = fmt.Fprintf(conn, "%sPing: Pong\r\nTimestamp: %d.%06d\r\n\r\n", success, now.Unix(), now.Nanosecond()/1000)
		case "Logoff":
			return
		default:
			_, err = io.WriteString(conn, success+"\r\n")
		}
		if err != nil {
			return
		}
	}
}

// say says the part of this login, and reports whether there is more to hear.
// A client that has left, as it does at the end of a test that has read all,
// is not an error: what it did not hear is missing from the comparison.
func (p *pbx) say(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var text []byte
	for _, s := range p.parts[min(p.login, len(p.parts)-1)] {
		text = append(append(text, eventOf(p.base, s)...), "\r\n\r\n"...)
	}
	p.login++
	for _, piece := range packets(p.rand, text) {
		if _, err := conn.Write(piece); err != nil {
			return false
		}
	}
	if p.login >= len(p.parts) {
		return true
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	return false
}

// readAction reads the headers of an action, up to its blank line.
func readAction(in *bufio.Reader) (map[string]string, error) {
	headers := map[string]string{}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return headers, nil
		}
		name, value, _ := strings.Cut(line, ": ")
		headers[name] = value
	}
}
