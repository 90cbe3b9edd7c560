package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/sync/link"
)

// guest is the SSH client of a person: guest HOSTKEY KEY LOGIN PORT [COMMAND], or
// [see TEXT type KEYS]... on a terminal, which types what stands behind each text
// once that was on the screen. Its exit status is the session's; 255: there was none.
func guest() int {
	status, err := visit(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		return 255
	}
	return status
}

func visit(args []string) (int, error) {
	if len(args) < 4 {
		return 0, errors.New("usage: guest HOSTKEY KEY LOGIN PORT [COMMAND]")
	}
	client, err := logIn(args[0], args[1], args[2], args[3])
	if err != nil {
		return 0, err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return 0, err
	}
	session.Stderr = os.Stderr
	switch {
	case len(args) > 4 && args[4] == "see":
		err = sit(session, args[4:])
	case len(args) > 4:
		session.Stdin, session.Stdout = os.Stdin, os.Stdout
		err = session.Run(strings.Join(args[4:], " "))
	default:
		session.Stdout = os.Stdout
		if err = session.Shell(); err == nil {
			err = session.Wait()
		}
	}
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		return exit.ExitStatus(), nil
	}
	return 0, err
}

func logIn(hostKey, key, login, port string) (*ssh.Client, error) {
	line, err := link.ReadPublicKey(hostKey)
	if err != nil {
		return nil, err
	}
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(key)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, err
	}
	return ssh.Dial("tcp", net.JoinHostPort("127.0.0.1", port), &ssh.ClientConfig{
		User: login, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, Timeout: patience,
		HostKeyCallback: ssh.FixedHostKey(pinned), HostKeyAlgorithms: []string{pinned.Type()},
	})
}

// sit reads a screen and types.
func sit(session *ssh.Session, moves []string) error {
	var said saying
	session.Stdout = &said
	keys, err := session.StdinPipe()
	if err != nil {
		return err
	}
	if err := session.RequestPty("xterm", 30, 100, nil); err != nil {
		return err
	}
	if err := session.Shell(); err != nil {
		return err
	}
	for ; len(moves) >= 4; moves = moves[4:] { // see TEXT type KEYS
		tick := time.NewTicker(lookAgain)
		defer tick.Stop()
		for end := time.Now().Add(patience); !strings.Contains(said.after(0), moves[1]); <-tick.C {
			if time.Now().After(end) {
				return fmt.Errorf("%q is not on the screen: %q", moves[1], said.after(0))
			}
		}
		if _, err := io.WriteString(keys, strings.ReplaceAll(moves[3], "ENTER", "\r")); err != nil {
			return err
		}
	}
	return session.Wait()
}
