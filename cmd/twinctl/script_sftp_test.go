package main

import (
	"net"
	"os"
	"os/exec"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/sync/link"
)

// sftpd PORT HOSTKEY serves the files of this machine by SFTP, like the system's
// sshd and with its program, to whoever has a key.
func sftpd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sftpd PORT HOSTKEY")
	}
	text, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	signer, err := ssh.ParsePrivateKey(text)
	ts.Check(err)
	config := &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil }}
	config.AddHostKey(signer)
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", args[0]))
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveSFTP(conn, config)
		}
	}()
}

func serveSFTP(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return // who only looks at the host key does not log in
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		ch, asked, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			defer ch.Close()
			for r := range asked {
				_ = r.Reply(r.Type == "subsystem", nil)
				if r.Type == "subsystem" {
					go ssh.DiscardRequests(asked)
					cmd := exec.Command(sftpServer(), "-R") // ends when who asked goes
					cmd.Stdin, cmd.Stdout = ch, ch
					_ = cmd.Run()
					return
				}
			}
		}()
	}
}

// sftpServer returns where OpenSSH's program is, "" if it is not installed.
func sftpServer() string {
	for _, path := range []string{"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// fingerprint FILE NAME sets the variable to the fingerprint of the public key in
// the file, as its administrator would read it out.
func fingerprint(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fingerprint FILE NAME")
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Setenv(args[1], ssh.FingerprintSHA256(key))
}

// pin FILE ADDRESS KEY makes the public key in a file the one that FILE pins for
// an address.
func pin(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: pin FILE ADDRESS KEY")
	}
	ts.Check(link.PinHost(ts.MkAbs(args[0]), args[1], ts.ReadFile(args[2])))
}
