package link_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/link"
)

// hasty gives up soon, so that a test need not wait for what never comes.
func hasty() link.Options {
	return link.Options{Login: 3 * time.Second, Answer: 2 * time.Second, Keepalive: 300 * time.Millisecond}
}

// TestWhatIsWrongHasAName holds each way not to be a twin against its error.
func TestWhatIsWrongHasAName(t *testing.T) {
	for name, c := range map[string]struct {
		accept func(net.Conn) bool
		serve  func(*ssh.ServerConn, <-chan ssh.NewChannel)
		want   error
		text   string
	}{
		"mute":              {accept: mute, want: link.ErrMute, text: "accepts connections"},
		"mute after login":  {serve: func(c *ssh.ServerConn, _ <-chan ssh.NewChannel) { _ = c.Wait() }, want: link.ErrMute},
		"mute channel":      {serve: speaking(func(_ string, ch ssh.Channel) { _, _ = io.Copy(io.Discard, ch) }), want: link.ErrMute, text: "greet"},
		"hangs up":          {accept: func(net.Conn) bool { return false }, want: link.ErrLost},
		"endless banner":    {accept: endless("x"), want: link.ErrProtocol},
		"endless lines":     {accept: endless("hello\r\n"), want: link.ErrProtocol},
		"another protocol":  {accept: saying("HTTP/1.1 400 Bad Request\r\n\r\n"), want: link.ErrMute},
		"SSH 1":             {accept: saying("SSH-1.5-old\r\n"), want: link.ErrMute},
		"noise":             {accept: saying("SSH-2.0-x\r\n" + strings.Repeat("\xff", 1000)), want: link.ErrProtocol},
		"a shell's welcome": {serve: saysFirst("Welcome to \x1b[31mDebian\n"), want: link.ErrProtocol, text: "Welc"},
		"too long a frame":  {serve: saysFirst("\x00\x10\x00\x01"), want: link.ErrProtocol},
		"no JSON":           {serve: saysFirst("\x00\x00\x00\x04abcd"), want: link.ErrProtocol},
		"no versions":       {serve: saysFirst("\x00\x00\x00\x02{}"), want: link.ErrProtocol},
		"half a frame":      {serve: saysFirst("\x00\x00\x00\x20{"), want: link.ErrMute},
		"other versions":    {serve: saysFirst("\x00\x00\x00\x20" + `{"link":{"oldest":7,"newest":9}}`), want: link.ErrVersion, text: "7 to 9"},
		"wrong versions":    {serve: saysFirst("\x00\x00\x00\x20" + `{"link":{"oldest":9,"newest":7}}`), want: link.ErrProtocol},
		"no sessions":       {serve: rejecting, want: link.ErrRefused},
		"command not found": {serve: exiting(127, "sh: twinctl: not found\nmore\n"), want: link.ErrRefused, text: "exit status 127: sh: twinctl: not found"},
		"ends at once":      {serve: exiting(0, ""), want: link.ErrRefused, text: "exit status 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := strange(t, c.accept, c.serve)
			began := time.Now()
			var o link.Options
			if c.want == link.ErrMute { // the others need not be in haste
				o = hasty()
			}
			client, err := link.Dial(t.Context(), h.target, o)
			if err == nil {
				_ = client.Close()
			}
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "twin cms-b at twin@127") {
				t.Errorf("got %v\nwant %v and %q", err, c.want, c.text)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func mute(conn net.Conn) bool {
	_, _ = io.Copy(io.Discard, conn)
	return false
}

func endless(s string) func(net.Conn) bool {
	return func(conn net.Conn) bool {
		for {
			if _, err := io.WriteString(conn, strings.Repeat(s, 100)); err != nil {
				return false
			}
		}
	}
}

func saying(s string) func(net.Conn) bool {
	return func(conn net.Conn) bool {
		_, _ = io.WriteString(conn, s)
		return mute(conn)
	}
}

func saysFirst(s string) func(*ssh.ServerConn, <-chan ssh.NewChannel) {
	return speaking(func(_ string, ch ssh.Channel) { _, _ = io.WriteString(ch, s) })
}

func rejecting(_ *ssh.ServerConn, channels <-chan ssh.NewChannel) {
	for ch := range channels {
		_ = ch.Reject(ssh.Prohibited, "no \x1b[31msessions")
	}
}

func exiting(status byte, said string) func(*ssh.ServerConn, <-chan ssh.NewChannel) {
	return speaking(func(_ string, ch ssh.Channel) {
		_, _ = io.WriteString(ch.Stderr(), said)
		_, _ = ch.SendRequest("exit-status", false, []byte{0, 0, 0, status})
		_ = ch.Close()
	})
}

// slowly says it for ever, a thousand times a second at most: no machine is so
// fast that a frame of a MiB ends in the time of a test.
func slowly(w io.Writer, s string) {
	for {
		if _, err := io.WriteString(w, s); err != nil {
			return
		}
		<-time.After(time.Millisecond)
	}
}

// TestAHostilePeerCostsLittle lets a peer that has greeted as a twin do what
// it likes: a call ends in its time, for a reason that has a name, and leaves
// nothing behind.
func TestAHostilePeerCostsLittle(t *testing.T) {
	for name, c := range map[string]struct {
		say  func(ssh.Channel)
		want error
	}{
		"says nothing":     {func(ch ssh.Channel) { _, _ = io.Copy(io.Discard, ch) }, link.ErrFrozen},
		"does not read":    {func(ssh.Channel) {}, link.ErrFrozen},
		"endless frame":    {func(ch ssh.Channel) { _, _ = io.WriteString(ch, "\x00\x10\x00\x00"); slowly(ch, " ") }, link.ErrFrozen},
		"too long a frame": {func(ch ssh.Channel) { _, _ = io.WriteString(ch, "\x00\x10\x00\x01") }, link.ErrProtocol},
		"garbage":          {func(ch ssh.Channel) { _, _ = io.WriteString(ch, strings.Repeat("\xfe", 1<<16)) }, link.ErrProtocol},
		"unasked answers":  {func(ch ssh.Channel) { drip(ch, "\x00\x00\x00\x0a{\"id\":999}") }, link.ErrProtocol},
		"null answers":     {func(ch ssh.Channel) { drip(ch, "\x00\x00\x00\x04null") }, link.ErrProtocol},
		"not what we want": {replying(`{"id":1,"answer":{"x":1}}`), link.ErrProtocol},
		"endless stderr":   {func(ch ssh.Channel) { drip(ch.Stderr(), strings.Repeat("x", 1000)) }, link.ErrFrozen},
		"ends":             {func(ch ssh.Channel) { _ = ch.Close() }, link.ErrLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c0 := dial(t, strange(t, nil, greeted(c.say)).target, hasty())
			var n int
			began := time.Now()
			if err := c0.Call(t.Context(), "echo", strings.Repeat("x", 1<<18), &n); !errors.Is(err, c.want) {
				t.Errorf("got %v\nwant %v", err, c.want)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

// drip says something again and again, until nobody takes it any more.
func drip(w io.Writer, s string) {
	for {
		if _, err := io.WriteString(w, s); err != nil {
			return
		}
	}
}

func replying(body string) func(ssh.Channel) {
	return func(ch ssh.Channel) {
		for {
			if _, err := readAny(ch); err != nil {
				return
			}
			_ = writeAny(ch, body)
		}
	}
}

// TestFloods lets a logged-in server ask, open and answer without end.
func TestFloods(t *testing.T) {
	for name, flood := range map[string]func(*ssh.ServerConn) error{
		"requests": func(c *ssh.ServerConn) error {
			_, _, err := c.SendRequest("keepalive@openssh.com", false, nil)
			return err
		},
		"requests that want an answer": func(c *ssh.ServerConn) error {
			_, _, err := c.SendRequest("keepalive@openssh.com", true, nil)
			return err
		},
		"channels": func(c *ssh.ServerConn) error { return prohibited(c, "session") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			greet := greeted(func(ch ssh.Channel) { _, _ = io.Copy(io.Discard, ch) })
			c, err := link.Dial(t.Context(), strange(t, nil, func(conn *ssh.ServerConn, channels <-chan ssh.NewChannel) {
				go greet(conn, channels)
				for flood(conn) == nil {
				}
			}).target, link.Options{Keepalive: 50 * time.Millisecond})
			if err == nil {
				err = c.Wait()
				must(t, c.Close())
			}
			if !errors.Is(err, link.ErrProtocol) || !errors.Is(err, link.ErrLost) {
				t.Errorf("ended by %v", err)
			}
		})
	}
}

// TestUnaskedReplies answers each sign of life a thousand times.
func TestUnaskedReplies(t *testing.T) {
	config, hostKey := strangeConfig(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		login, channels, requests, err := ssh.NewServerConn(conn, config)
		if err != nil {
			return
		}
		go greeted(replying(`{"id":1,"answer":1}`))(login, channels)
		for r := range requests {
			for range 1000 {
				_ = r.Reply(true, []byte("more"))
			}
		}
	}()
	target, _ := newKeys(t, "twin@"+listener.Addr().String(), hostKey)
	c := dial(t, target, link.Options{Keepalive: time.Millisecond, Misses: 10_000})
	before := c.BytesIn()
	await.Until(t, "a flood of replies came in", func() bool { return c.BytesIn() > before+1<<18 })
	must(t, c.Call(t.Context(), "echo", nil, nil))
}

// TestHostileFiles reads files that are not what they say.
func TestHostileFiles(t *testing.T) {
	serve := func(f sftp.FileReader, size int64) func(*ssh.ServerConn, <-chan ssh.NewChannel) {
		return speaking(func(command string, ch ssh.Channel) {
			if command == string(link.Control) {
				_, _ = readAny(ch)
				_ = writeAny(ch, `{"link":{"oldest":1,"newest":1}}`)
				_, _ = io.Copy(io.Discard, ch)
				return
			}
			_ = sftp.NewRequestServer(ch, sftp.Handlers{FileGet: f, FileList: lister(size)}, sftp.WithRSMaxTxPacket(1<<16)).Serve()
		})
	}
	for name, c := range map[string]struct {
		file      endlessFile
		size      int64
		read      int64
		want      error
		wantFirst error
	}{
		"never ends":      {size: 1000, read: 1000},
		"is too short":    {file: 100 << 10, size: 1 << 20, read: 100 << 10, want: link.ErrProtocol},
		"has no bytes":    {file: -1, size: 1 << 20, want: link.ErrProtocol},
		"negative size":   {size: -5, wantFirst: link.ErrProtocol},
		"says nothing":    {file: -2, size: 1000, want: context.DeadlineExceeded},
		"enormous":        {size: 1 << 62, read: -1, want: context.DeadlineExceeded},
		"empty answers":   {file: -3, size: 1000, want: context.DeadlineExceeded},
		"as it should be": {file: 5 << 20, size: 5 << 20, read: 5 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := dial(t, strange(t, nil, serve(c.file, c.size)).target, link.Options{})
			most := 30 * time.Second
			if c.want == context.DeadlineExceeded {
				most = 2 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), most)
			defer cancel()
			f, size, err := client.Open(ctx, "x")
			if !errors.Is(err, c.wantFirst) {
				t.Errorf("open: %v", err)
			}
			if err != nil {
				return
			}
			n, err := io.Copy(io.Discard, f)
			must(t, f.Close())
			if size != c.size || c.read >= 0 && n != c.read && c.want == nil || !errors.Is(err, c.want) {
				t.Errorf("size %d, read %d, %v", size, n, err)
			}
			must(t, client.Err())
		})
	}
}

// An endlessFile has so many bytes; 0 is no end, -1 is none at all, -2 never
// answers, -3 answers with nothing for ever.
type endlessFile int64

func (f endlessFile) Fileread(*sftp.Request) (io.ReaderAt, error) { return f, nil }

func (f endlessFile) ReadAt(p []byte, at int64) (int, error) {
	switch {
	case f == -1:
		return 0, io.EOF
	case f == -2:
		select {}
	case f == -3:
		return 0, nil
	case f > 0 && at+int64(len(p)) > int64(f):
		return int(max(int64(f)-at, 0)), io.EOF
	}
	return len(p), nil
}

type lister int64

func (l lister) Filelist(*sftp.Request) (sftp.ListerAt, error) { return l, nil }

func (l lister) ListAt(list []info, _ int64) (int, error) {
	list[0] = sized(l)
	return 1, io.EOF
}

// TestNothingIsLeftBehind ends links in every way, and counts what still runs.
func TestNothingIsLeftBehind(t *testing.T) {
	h := embedded(t)
	once := func() {
		c, err := link.Dial(t.Context(), h.target, link.Options{})
		must(t, err)
		must(t, c.Call(t.Context(), "echo", 1, nil))
		f, _, err := c.Open(t.Context(), "count/9000000")
		must(t, err)
		go c.Call(context.Background(), "hang", nil, nil)
		must(t, c.Close())
		if _, err := io.Copy(io.Discard, f); !errors.Is(err, link.ErrLost) {
			t.Errorf("a file of a closed link: %v", err)
		}
		must(t, f.Close())
		if err := c.Call(t.Context(), "echo", 1, nil); !errors.Is(err, link.ErrLost) {
			t.Errorf("a call over a closed link: %v", err)
		}
		if _, _, err := c.Open(t.Context(), "count/1"); !errors.Is(err, link.ErrLost) {
			t.Errorf("a file over a closed link: %v", err)
		}
		must(t, c.Close())
	}
	once()
	before := runtime.NumGoroutine()
	for range 20 {
		once()
	}
	await.Until(t, fmt.Sprintf("%d goroutines again", before), func() bool { return runtime.NumGoroutine() <= before+2 })
}
