package replay

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

const fixtures = "../../../fixtures/asterisk/"

// day is the earliest time of the small recordings made here.
const day record.Instant = 1_700_000_000_000_000

// A pipeDoor is a listener whose connections are pipes, for bubbles.
type pipeDoor struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeDoor() *pipeDoor {
	return &pipeDoor{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (p *pipeDoor) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipeDoor) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipeDoor) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// serve runs a server until the test ends, and returns where it listens.
func serve(tb testing.TB, o Options) (*Server, []net.Addr) {
	tb.Helper()
	o.Log = cmp.Or(o.Log, slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})))
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	addrs, err := s.Listen(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	await.Run(tb, s.Run)
	return s, addrs
}

// perform runs a server on pipes until the test ends. It is for bubbles.
func perform(t *testing.T, o Options) []*pipeDoor {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var doors []*pipeDoor
	for _, d := range s.doors {
		p := newPipeDoor()
		d.listener = p
		doors = append(doors, p)
	}
	await.Run(t, s.Run)
	return doors
}

// A said is something that a client was told, and when.
type said struct {
	after time.Duration // since the client was made
	text  string
}

// An ear is a client that notes what it is told.
type ear struct {
	conn  net.Conn
	since time.Time

	mu   sync.Mutex
	told []said
	gone error
}

// connect makes a client that splits what it hears at end. Close it, or let the
// server go, or it is never done.
func connect(p *pipeDoor, end string) *ear {
	mine, theirs := net.Pipe()
	p.conns <- theirs
	return listen(mine, end)
}

func listen(conn net.Conn, end string) *ear {
	e := &ear{conn: conn, since: time.Now()}
	go e.listen(end)
	return e
}

func (e *ear) listen(end string) {
	r, text := bufio.NewReader(e.conn), ""
	for {
		line, err := r.ReadString('\n')
		text += line
		e.mu.Lock()
		if err != nil {
			e.gone = err
			e.mu.Unlock()
			return
		}
		if strings.HasSuffix(text, end) || strings.HasPrefix(text, "Asterisk Call Manager/") {
			e.told = append(e.told, said{time.Since(e.since), strings.TrimSuffix(text, end)})
			text = ""
		}
		e.mu.Unlock()
	}
}

// heard takes what was told since it was last called.
func (e *ear) heard() []said {
	e.mu.Lock()
	defer e.mu.Unlock()
	told := e.told
	e.told = nil
	return told
}

func (e *ear) isGone() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.gone != nil
}

// ask sends an action and returns the first block that comes back with its
// ActionID. It is for bubbles.
func (e *ear) ask(t *testing.T, lines ...string) string {
	t.Helper()
	id := fmt.Sprintf("ask-%d", time.Now().UnixNano())
	text := strings.Join(append(lines, "ActionID: "+id), crlf) + crlf + crlf
	if _, err := io.WriteString(e.conn, text); err != nil {
		t.Fatalf("%s: %v", lines[0], err)
	}
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, s := range e.told {
		if strings.Contains(s.text, "ActionID: "+id) {
			e.told = append(e.told[:i:i], e.told[i+1:]...)
			return strings.ReplaceAll(s.text, crlf+"ActionID: "+id, "")
		}
	}
	return ""
}

// logIn connects and logs in, and drops what that told.
func logIn(t *testing.T, p *pipeDoor, lines ...string) *ear {
	t.Helper()
	e := connect(p, crlf+crlf)
	got := e.ask(t, append([]string{"Action: Login"}, lines...)...)
	if !strings.HasPrefix(got, "Response: Success") {
		t.Fatalf("login: %q", got)
	}
	return e
}

// events returns the events among what was told, but for FullyBooted.
func events(told []said) []said {
	var all []said
	for _, s := range told {
		if strings.HasPrefix(s.text, "Event: ") && !strings.HasPrefix(s.text, "Event: FullyBooted") {
			all = append(all, s)
		}
	}
	return all
}

// names returns the N of each "N: " header among the events told.
func names(told []said) []string {
	var all []string
	for _, s := range events(told) {
		all = append(all, value([]byte(s.text), "N"))
	}
	return all
}

// pass lets time go by in a bubble.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// recording writes an AMI recording with an event at each of the offsets from
// day, numbered from 0.
func recording(t *testing.T, offsets ...time.Duration) string {
	t.Helper()
	var b strings.Builder
	for i, o := range offsets {
		at := day.Add(o)
		fmt.Fprintf(&b, "Event: Test\r\nPrivilege: agent,all\r\nTimestamp: %d.%06d\r\nN: %d\r\n\r\n", at/record.Second, at%record.Second, i)
	}
	return file(t, "test.ami", b.String())
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	keep(t, path, content)
	return path
}

// unpacked returns the content of a fixture.
func unpacked(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := read(fixtures + name)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func write(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	go func() { _ = tryWrite(conn, text) }() // the other end may write first
}

func tryWrite(conn net.Conn, text string) error {
	_, err := io.WriteString(conn, text)
	return err
}

// readUntil reads lines up to the one that holds mark, and returns them.
func readUntil(t *testing.T, conn net.Conn, mark string) string {
	t.Helper()
	var all strings.Builder
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("no %q before %v", mark, err)
		}
		all.WriteString(line)
		if strings.Contains(line, mark) {
			return all.String()
		}
	}
}

func keep(tb testing.TB, path, content string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
}
