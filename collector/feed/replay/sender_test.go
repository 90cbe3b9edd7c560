package replay

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/fixtures/await"
)

// A taker is a server of RELP that a sender calls, one connection at a time.
type taker struct {
	mu     sync.Mutex
	down   bool            // nobody is there
	answer func(n int) int // of the n messages that a connection has said: how many to answer; less than none: break it
	got    []string        // in the order in which they came, again where they came again
	sure   int             // answered
	most   int             // that waited for their answer at a time
	calls  int
}

// dial is what the sender calls.
func (k *taker) dial(context.Context) (net.Conn, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down {
		return nil, errors.New("refused")
	}
	k.calls++
	mine, theirs := net.Pipe()
	go k.serve(mine)
	return theirs, nil
}

func (k *taker) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	paid := 0
	for heard := 0; ; {
		var txnr, size int
		var name string
		if _, err := fmt.Fscanf(r, "%d %s %d", &txnr, &name, &size); err != nil {
			return
		}
		data := make([]byte, size+1)
		if size > 0 {
			_, _ = r.ReadByte()
		}
		if _, err := io.ReadFull(r, data); err != nil || data[size] != '\n' {
			return
		}
		switch name {
		case "open":
			_, _ = fmt.Fprintf(conn, "%d rsp 30 200 OK\nrelp_software=test\nx=yz\n", txnr)
			continue
		case "close":
			_, _ = io.WriteString(conn, "0 serverclose 0\n")
			return
		}
		heard++
		pay := k.take(string(data[:size]), heard, paid)
		for ; paid < pay; paid++ {
			if _, err := fmt.Fprintf(conn, "%d rsp 6 200 OK\n", paid+2); err != nil {
				return
			}
		}
		if pay < 0 {
			return
		}
	}
}

// take notes what came, and returns how many of a connection are to be answered.
func (k *taker) take(message string, heard, paid int) (pay int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.got = append(k.got, message)
	k.most = max(k.most, heard-paid)
	pay = k.answer(heard)
	k.sure += max(0, pay-paid)
	return pay
}

// look calls so with all as it is now.
func (k *taker) look(so func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	so()
}

// messenger makes a sender of lines to a taker. It is for bubbles, and ends with
// the test.
func messenger(t *testing.T, k *taker, o Options) *Server {
	t.Helper()
	o.Kind, o.Format, o.Doors[0].To = RELP, "queue_log", "twin"
	server, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSender(server.doors[0])
	s.dial = k.dial
	await.Run(t, s.run)
	return server
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d|%d\n", 1_700_000_000+i/100, i)
	}
	return b.String()
}

// However connections break, all is said in order, only what was not answered is
// said again, and no more than a window waits.
func TestSenderRepeatsWhatWasNotAnswered(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		const messages = 400
		breaks := rapid.SliceOfN(rapid.IntRange(1, 2*window), 0, 5).Draw(r, "breaks after")
		lag := rapid.IntRange(0, window-1).Draw(r, "answers owed")
		text := numbered(messages)
		synctest.Test(t, func(t *testing.T) {
			k := &taker{}
			k.answer = func(n int) int {
				if k.calls <= len(breaks) && n == breaks[k.calls-1] {
					return -1
				}
				if k.sure+lag+1 >= messages || n < lag {
					return n
				}
				return n - lag
			}
			messenger(t, k, Options{Doors: []Door{{File: file(t, "q", text)}}})
			pass(time.Hour)
			k.mu.Lock()
			defer k.mu.Unlock()
			var got []string
			for _, line := range k.got { // what comes again is the next of what came
				if i := slices.Index(got, line); i >= 0 && len(got)-i <= window {
					got = append(got[:i], line)
					continue
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(strings.Split(strings.TrimSpace(text), "\n"), got); diff != "" {
				r.Fatalf("(-want +got):\n%s", diff)
			}
			if k.most > window || k.calls > len(breaks)+1 {
				r.Fatalf("%d waited at a time, on %d connections", k.most, k.calls)
			}
		})
	})
}

// While nobody is there it waits, and nothing begins; who is away misses nothing.
func TestSenderWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &taker{down: true, answer: func(n int) int { return n }}
		s := messenger(t, k, Options{Parts: 2, Doors: []Door{{File: file(t, "q", "1700000000|a\n1700000002|b\n1700000600|c\n1700000601|d\n")}}})
		pass(time.Hour)
		if s.stage.isBegun() {
			t.Fatal("it began without anybody")
		}
		k.look(func() { k.down = false })
		pass(90 * time.Second)
		k.look(func() {
			if diff := cmp.Diff([]string{"1700000000|a", "1700000002|b"}, k.got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
		pass(time.Hour)
		s.Release()
		pass(time.Second)
		k.look(func() {
			if len(k.got) != 4 || k.got[3] != "1700000601|d" || k.calls != 1 {
				t.Errorf("%q on %d connections", k.got, k.calls)
			}
		})
	})
}

// A server that answers no more is told a window and nothing more, left after its
// time, and called again.
func TestSenderLeavesTheMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &taker{}
		k.answer = func(n int) int { return n * (k.calls - 1) } // the second one does
		messenger(t, k, Options{Doors: []Door{{File: file(t, "q", numbered(window+50))}}})
		pass(answerWithin - time.Second)
		k.look(func() {
			if k.calls != 1 || len(k.got) != window {
				t.Errorf("on %d connections it was told %d", k.calls, len(k.got))
			}
		})
		pass(redialAfter + time.Second)
		k.look(func() {
			if k.calls != 2 || len(k.got) != 2*window+50 || k.sure != window+50 || k.got[window] != k.got[0] {
				t.Errorf("on %d connections it was told %d, and answered %d", k.calls, len(k.got), k.sure)
			}
		})
	})
}

// What is no answer to what was said is believed in nothing.
func TestSenderBelievesAnswersInTheirTurn(t *testing.T) {
	for _, said := range []string{"3 rsp 6 200 OK\n", "2 rsp 6 500 no\n", "2 rsp 0\n", "0 serverclose 0\n", "2 rsp 9999 200 OK\n", "GET / HTTP/1.1\r\n\r\n"} {
		talk := &Talk{in: bufio.NewReader(strings.NewReader(said))}
		d := &delivery{sender: &sender{}, next: 1}
		a, err := talk.Answer()
		if err == nil {
			err = d.take(a)
		}
		if err == nil || d.kept != 0 {
			t.Errorf("%q was taken for an answer", said)
		}
	}
}

// FuzzAnswer holds: whatever a server says, an answer is short and printable in
// its name, and what is one comes back as it was.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("1 rsp 12 200 OK\nx=yz\n2 rsp 6 200 OK\n0 serverclose 0\n"))
	f.Add([]byte("2 rsp 0 \n3 rsp 9 500 why\n\n"))
	f.Add([]byte("999999999 rsp 999999999 x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		talk := &Talk{in: bufio.NewReader(strings.NewReader(string(b)))}
		for rest := string(b); ; {
			a, err := talk.Answer()
			if err != nil {
				return
			}
			if len(a.Text) > mostAnswer || len(a.Name) > mostWord {
				t.Fatalf("%d and %d bytes", len(a.Name), len(a.Text))
			}
			i := strings.Index(rest, a.Name)
			if i < 0 || !strings.Contains(rest[i:], a.Text) {
				t.Fatalf("%q is not what was said", a)
			}
			rest = rest[i+len(a.Name):]
		}
	})
}
