//go:build real

package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/tui/console"
)

// TestRealCrowd has sixty people come by SSH where there is room for fifty: those
// are served, the others told why they are not, and all are gone with the server.
func TestRealCrowd(t *testing.T) {
	const room, crowd = 50, 60
	r := serving(t, `echo in; read -r line; echo "got $line"; exec sleep 600`, console.Limits{Sessions: room, Idle: time.Hour, Longest: time.Hour})
	var inside []ssh.Channel
	for i := range crowd {
		ch, requests := asks(t, r.comes(t))
		if i >= room {
			turnedAway(t, ch, requests)
			continue
		}
		go ssh.DiscardRequests(requests)
		inside = append(inside, ch)
		hears(t, ch, "in\n")
	}
	if n := r.console.here(); n != room {
		t.Errorf("%d are here", n)
	}
	for _, ch := range inside { // each is served still
		_, err := io.WriteString(ch, "word\n")
		must(t, err)
	}
	for _, ch := range inside {
		hears(t, ch, "got word\n")
	}

	must(t, inside[0].Close()) // who leaves makes room
	await.Until(t, "there is room", func() bool { return r.console.here() == room-1 })
	ch, _ := asks(t, r.comes(t))
	hears(t, ch, "in\n")

	began := time.Now()
	r.end()
	if n := r.console.here(); n != 0 {
		t.Errorf("%d are here behind the end of the server", n)
	}
	for _, ch := range append(inside[1:], ch) {
		if _, err := io.Copy(io.Discard, ch); err != nil {
			t.Errorf("a session ends with %v", err)
		}
	}
	t.Logf("all have ended within %s", time.Since(began).Round(time.Millisecond))
}

// hears reads what is said next.
func hears(t *testing.T, ch ssh.Channel, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(ch, got); err != nil || string(got) != want {
		t.Fatalf("heard %q, %v", got, err)
	}
}

// turnedAway wants a session to say that there is no room, and to end so.
func turnedAway(t *testing.T, ch ssh.Channel, requests <-chan *ssh.Request) {
	t.Helper()
	exit := make(chan uint32, 1)
	go func() {
		defer close(exit)
		for r := range requests {
			var s struct{ Status uint32 }
			if r.Type == "exit-status" && ssh.Unmarshal(r.Payload, &s) == nil {
				exit <- s.Status
			}
		}
	}()
	text, err := io.ReadAll(ch.Stderr())
	must(t, err)
	if status := <-exit; status != uint32(cli.Busy) || !strings.Contains(string(text), console.ErrFull.Error()) {
		t.Errorf("told %q, status %d", text, status)
	}
}
