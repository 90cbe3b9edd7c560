package relp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed/stream"
	"github.com/twinctl/twin/fixtures/await"
)

// However often and wherever the connection is cut, and whatever of it is sent
// again, each message is stored once, and none is answered that is not.
func TestEachMessageIsStoredOnce(t *testing.T) {
	s := newStore()
	address, stop := start(t, config(t, "text", listening()), s)
	defer stop()
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		var unanswered []string
		var want []string
		for i := range rapid.IntRange(1, 20).Draw(rt, "messages") {
			m := fmt.Sprintf("1767225600,%d.%d", round, i)
			unanswered, want = append(unanswered, m), append(want, m)
		}
		for len(unanswered) > 0 {
			answered := deliver(t, rt, address, unanswered)
			stored := s.said()
			for _, m := range unanswered[:answered] {
				if !slices.Contains(stored, m) {
					rt.Fatalf("%s was answered and is not stored", m)
				}
			}
			unanswered = unanswered[answered:]
		}
		var got []string
		for _, m := range s.said() {
			if strings.HasPrefix(m, fmt.Sprintf("1767225600,%d.", round)) {
				got = append(got, m)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("stored (-want +got)\n%s", diff)
		}
	})
}

// deliver sends messages on one connection that is cut somewhere, perhaps
// behind all of them, and returns how many were answered.
func deliver(t *testing.T, rt *rapid.T, address string, messages []string) (answered int) {
	up := dial(t, address)
	defer up.Close()
	var all strings.Builder
	for _, m := range messages {
		all.WriteString(up.command("syslog", m))
	}
	cut := rapid.IntRange(0, all.Len()+10).Draw(rt, "cut")
	up.write(t, all.String()[:min(cut, all.Len())])
	patient := rapid.Bool().Draw(rt, "waits for answers")
	if !patient && cut <= all.Len() {
		return 0
	}
	_ = up.Conn.(*net.TCPConn).CloseWrite()
	_ = up.SetReadDeadline(time.Now().Add(await.Most))
	for {
		got, err := up.answer()
		switch {
		case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			t.Fatal(err)
		case err != nil:
			return answered
		case strings.HasPrefix(got, "1 ") || strings.HasPrefix(got, "0 "):
		case got == fmt.Sprintf("%d rsp 200 OK", answered+2):
			answered++
		default:
			rt.Fatalf("answered %q behind %d", got, answered)
		}
	}
}

// FuzzReader holds: whatever comes, in whatever pieces, the frames are the same,
// what is read is bounded, and the end is an error.
func FuzzReader(f *testing.F) {
	f.Add([]byte("1 open 0\n2 syslog 5 hello\n3 close 0 \n"))
	f.Add([]byte("1 syslog 300 " + strings.Repeat("x", 300) + "\n2 syslog 1 y\n"))
	f.Add([]byte("999999999 rsp 999999999 x"))
	f.Add([]byte("1 syslog 2 abc\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, end := frames(t, bytes.NewReader(b))
		bytewise, sameEnd := frames(t, iotest.OneByteReader(bytes.NewReader(b)))
		if diff := cmp.Diff(whole, bytewise); diff != "" || end != sameEnd {
			t.Errorf("%q and byte by byte %q (-whole +bytewise)\n%s", end, sameEnd, diff)
		}
	})
}

// mostHeld is twice what a reader asks for at once.
const mostHeld = 128 << 10

// frames returns what a reader makes of a stream, and how it ended.
func frames(t *testing.T, src io.Reader) (all []string, end string) {
	r := newReader(src, frameLimit)
	for {
		f, err := r.next()
		if held := len(r.window.Bytes()); len(f.data) > frameLimit || held > mostHeld {
			t.Fatalf("%d bytes of data, %d held", len(f.data), held)
		}
		if bad, ok := errors.AsType[*badFrame](err); ok {
			return all, bad.what // how much of it was there is a matter of pieces
		}
		if err != nil {
			return all, fmt.Sprintf("%v with %d", err, r.unfinished())
		}
		all = append(all, fmt.Sprintf("%d %s %d %q", f.txnr, f.command, f.size, f.data))
	}
}

func unfit(err error) bool {
	_, ok := errors.AsType[*stream.Unfit](err)
	return ok
}

// FuzzConversation holds: whatever a connection says, it is answered, its
// messages are told in order, and the conversation ends with it.
func FuzzConversation(f *testing.F) {
	f.Add([]byte("1 open 15 commands=syslog\n2 syslog 12 1767225600,a\n3 close 0\n"))
	f.Add([]byte("1 open 15 commands=syslog\n2 open 0\n"))
	f.Add([]byte("1 open 15 commands=syslog\n2 syslog 0\n2 syslog 4 nope\n"))
	body := func(b []byte) []byte { return bytes.Clone(b) }
	f.Fuzz(func(t *testing.T, b []byte) {
		here, there := net.Pipe()
		talk := newTalk(there, newStore().q, frameLimit, body)
		done := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(done); talk.Answer(ctx) }()
		go func() { _, _ = here.Write(b); _ = here.Close() }()
		go func() { _, _ = io.Copy(io.Discard, here) }()
		for {
			if _, err := talk.Next(); err != nil && !unfit(err) {
				break
			}
		}
		cancel()
		_ = there.Close()
		select {
		case <-done:
		case <-time.After(await.Most):
			t.Fatal("the answering goes on")
		}
	})
}
