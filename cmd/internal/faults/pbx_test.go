package faults

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// A pbx is as much of an Asterisk as it takes to be heard. It answers every
// action with success and the time, unless it is mute.
type pbx struct {
	net.Listener
	mute   atomic.Bool // neither reads nor answers
	logins atomic.Int64
}

// newPBX makes one that does talk after each login, or just keeps quiet.
func newPBX(t *testing.T, talk func(context.Context, *voice)) *pbx {
	t.Helper()
	p := &pbx{Listener: listen(t)}
	serve(t, p.Listener, func(ctx context.Context, conn net.Conn) {
		c := &pbxCall{pbx: p, conn: conn}
		var beside sync.WaitGroup
		defer beside.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer conn.Close() // wakes talk
		c.hear(ctx, func() {
			if talk != nil {
				beside.Go(func() { talk(ctx, &voice{call: c}) })
			}
		})
	})
	return p
}

// amiSection returns the [[feed]] that hears these, in that order.
func amiSection(t *testing.T, name string, doors ...net.Addr) string {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	addresses := make([]string, len(doors))
	for i, d := range doors {
		addresses[i] = fmt.Sprintf("%q", "tcp://"+d.String())
	}
	return fmt.Sprintf("[[feed]]\nname = %q\nkind = \"ami\"\nusername = \"twin\"\nauth = \"plain\"\nsecret_file = %q\naddresses = [%s]\n",
		name, secret, strings.Join(addresses, ", "))
}

// A voice is what a pbx says events with. It says whole ones, so that no
// answer stands within one.
type voice struct {
	call    *pbxCall
	pending bytes.Buffer
}

// event says one event of n bytes or a little more, now or with later ones.
func (v *voice) event(at record.Instant, number, n int) error {
	fmt.Fprintf(&v.pending, "Event: Newexten\r\nTimestamp: %d.%06d\r\nUniqueid: %d\r\nAppData: %s\r\n\r\n",
		at/record.Second, at%record.Second, number, strings.Repeat("x", n))
	if v.pending.Len() < 64<<10 {
		return nil
	}
	return v.flush()
}

func (v *voice) flush() error {
	_, err := v.pending.WriteTo(v.call)
	return err
}

// A pbxCall is one client of a pbx.
type pbxCall struct {
	*pbx
	conn net.Conn
	mu   sync.Mutex // an answer never stands within an event
}

func (c *pbxCall) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.Write(b)
}

// hear answers actions until the client leaves; login is called at the login.
func (c *pbxCall) hear(ctx context.Context, login func()) {
	fmt.Fprint(c, "Asterisk Call Manager/9.0.0\r\n")
	var action, id string
	for in := bufio.NewScanner(c.conn); in.Scan(); {
		if c.mute.Load() {
			<-ctx.Done()
			return
		}
		name, value, _ := strings.Cut(in.Text(), ": ")
		switch {
		case name == "Action":
			action = value
		case name == "ActionID":
			id = value
		case name == "":
			at := record.At(time.Now())
			fmt.Fprintf(c, "Response: Success\r\nActionID: %s\r\nTimestamp: %d.%06d\r\n\r\n", id, at/record.Second, at%record.Second)
			if action == "Login" {
				c.logins.Add(1)
				login()
			}
		}
	}
}
