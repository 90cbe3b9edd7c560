package deliver

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
)

// What a mail server says is kept with the message and logged: one that says
// very much is not heard to its end.
func TestServerThatTalksWithoutEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		w := bufio.NewWriter(conn)
		fmt.Fprint(w, "220 post.example\r\n")
		_ = w.Flush()
		_, _ = bufio.NewReader(conn).ReadString('\n')
		line := "421-" + strings.Repeat("\x1b[31mno ", 100) + "\r\n"
		for range 20_000 {
			if _, err := w.WriteString(line); err != nil {
				return
			}
		}
		fmt.Fprint(w, "421 no\r\n")
		_ = w.Flush()
	}()
	begun := time.Now()
	err = Post{config.Mail{Server: l.Addr().String(), TLS: config.NoTLS, From: "twin@example.com"}}.Tell(t.Context(), crossed())
	if err == nil {
		t.Fatal("it was taken")
	}
	if n := len(err.Error()); n > 4<<10 {
		t.Errorf("%d bytes of trouble", n)
	}
	if !errors.Is(err, errTalks) {
		t.Errorf("it was heard to its end: %.200q", err)
	}
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}
