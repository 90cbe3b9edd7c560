package ami

import (
	"context"
	"crypto/md5" //nolint:gosec // the protocol's own; tls:// keeps it from being heard
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/secret"
)

const (
	loginTime   = 10 * time.Second       // for the banner and the login
	goodbyeTime = 300 * time.Millisecond // for the upstream to hear that we leave
	greeting    = "Asterisk Call Manager/"
)

// A talk is a connection on which we say actions and hear blocks. One
// goroutine uses it.
type talk struct {
	conn net.Conn
	in   *blockReader
	said int // actions
}

func newTalk(conn net.Conn, limit int) *talk {
	return &talk{conn: conn, in: newBlockReader(conn, limit)}
}

// say sends an action with its headers, each a "Name: value", and returns the
// ActionID that the answer will carry, also when it could not be sent.
func (t *talk) say(action string, headers ...string) (id string, err error) {
	t.said++
	id = "twin-" + strconv.Itoa(t.said)
	var b strings.Builder
	b.WriteString("Action: " + action + "\r\nActionID: " + id + "\r\n")
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	if _, err := t.conn.Write([]byte(b.String())); err != nil {
		return id, fmt.Errorf("action %s: %w", action, err)
	}
	return id, nil
}

// await reads until the answer to the action with that id. Whatever else comes
// goes to other.
func (t *talk) await(id string, other func(block []byte) error) (answer []byte, err error) {
	for {
		block, err := t.in.next()
		if err != nil && !errors.Is(err, errTooLong) {
			return nil, err
		}
		m := parse(block)
		if err == nil && m.response != nil && (string(m.actionID) == id || m.actionID == nil) {
			return block, nil
		}
		if err := other(block); err != nil {
			return nil, err
		}
	}
}

// greet reads the banner and returns what stands behind "Asterisk Call Manager/".
func (t *talk) greet() (version string, err error) {
	text, err := t.in.banner()
	if err != nil {
		return "", fmt.Errorf("no banner of an Asterisk manager: %w", err)
	}
	version, ok := strings.CutPrefix(text, greeting)
	if !ok {
		return "", fmt.Errorf("not an Asterisk manager: it greets with %q", clip([]byte(text)))
	}
	return version, nil
}

// probe is the feed.Dialer's: it does not log in.
func probe(conn net.Conn) error {
	_, err := newTalk(conn, headSize).greet()
	return err
}

// login reads the banner and logs in, all within ten seconds. What comes
// beside the answers goes to other. A refusal is a *feed.Lost.
func (t *talk) login(ctx context.Context, o Options, other func([]byte) error) (version string, err error) {
	if err := t.conn.SetDeadline(time.Now().Add(loginTime)); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil { // whoever ended it could have set its deadline before ours
		return "", err
	}
	word, err := secret.Read(o.SecretFile)
	if err != nil {
		return "", &feed.Lost{Reason: feed.Refused, Err: fmt.Errorf("secret_file: %w", err)}
	}
	version, err = t.greet()
	if err != nil {
		return "", err
	}
	proof := []string{"Secret: " + word}
	if o.Auth == "md5" {
		proof, err = t.challenge(word, other)
		if err != nil {
			return version, fmt.Errorf("login: %w", err)
		}
	}
	headers := append([]string{"Username: " + o.Username, "Events: " + o.Events}, proof...)
	id, err := t.say("Login", headers...)
	if err != nil {
		return version, err
	}
	answer, err := t.await(id, other)
	if err != nil {
		return version, fmt.Errorf("login: %w", err)
	}
	if err := accepted(answer); err != nil {
		return version, refused(o.Username, err)
	}
	return version, t.conn.SetDeadline(time.Time{})
}

// challenge asks for one and returns the headers that answer it.
func (t *talk) challenge(secret string, other func([]byte) error) ([]string, error) {
	id, err := t.say("Challenge", "AuthType: MD5")
	if err != nil {
		return nil, err
	}
	answer, err := t.await(id, other)
	if err != nil {
		return nil, err
	}
	if err := accepted(answer); err != nil {
		return nil, &feed.Lost{Reason: feed.Refused, Err: fmt.Errorf("the upstream gives no MD5 challenge: %w: auth = \"plain\" does without", err)}
	}
	sum := md5.Sum([]byte(header(answer, "Challenge") + secret)) //nolint:gosec // as above
	return []string{"AuthType: MD5", "Key: " + hex.EncodeToString(sum[:])}, nil
}

// accepted returns what the upstream said if it did not say Success.
func accepted(answer []byte) error {
	if r := parse(answer).response; string(r) == "Success" {
		return nil
	}
	return fmt.Errorf("%q", clip([]byte(header(answer, "Message"))))
}

func refused(username string, err error) *feed.Lost {
	return &feed.Lost{Reason: feed.Refused, Err: fmt.Errorf(
		"login as %q refused: it says %w: compare username and secret_file with Asterisk's manager.conf, and its deny and permit with our address",
		username, err)}
}

// goodbye logs off. It waits a moment for the upstream to close, so that a
// login that follows does not find this one still there.
func (t *talk) goodbye() {
	if t.conn.SetDeadline(time.Now().Add(goodbyeTime)) != nil {
		return
	}
	if _, err := t.say("Logoff"); err != nil {
		return // it is gone already
	}
	t.in.wait = nil
	for {
		if _, err := t.in.next(); err != nil && !errors.Is(err, errTooLong) {
			return
		}
	}
}
