// Package pairing is what makes two servers a pair: the line that is pasted from
// one to the other, which pairs are refused and why, what becomes of the epochs,
// and in which order files and rows are written, so that a crash half-way is
// repaired by running the same again. It decides; others do.
package pairing

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// ErrToken is returned for a line that is no server's.
var ErrToken = errors.New("not a line of twinctl pair show")

const (
	tokenVersion = 1
	tokenPrefix  = "twin1."
	maxToken     = 8 << 10 // bytes of the line
	maxKey       = 2 << 10 // bytes of a public key in it
)

// A Token is what one server tells the other about itself, by way of a person.
// It holds nothing secret.
type Token struct {
	Version   int       `json:"version"` // 1
	Name      string    `json:"name"`
	Server    string    `json:"server"`         // its own, for ever
	Pair      string    `json:"pair,omitempty"` // the one that it is in; "" while it is alone
	Role      node.Role `json:"role"`
	Epoch     int64     `json:"epoch"`      // of its own last change of role
	EpochSeen int64     `json:"epoch_seen"` // the highest that it ever heard of
	Address   string    `json:"address"`    // of its SSH: user@host:port
	PublicKey string    `json:"public_key"` // it logs in with this one, as in authorized_keys
	HostKey   string    `json:"host_key"`   // it shows this one
}

// Encode returns the line to paste: one word without a character that a shell,
// a mail or a chat could change.
func (t Token) Encode() (string, error) {
	t.Version = tokenVersion
	if err := t.check(); err != nil {
		return "", err
	}
	doc, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("line of this server: %w", err)
	}
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(doc), nil
}

// Parse reads a line. Whatever it returns without error holds nothing that a
// terminal, a file of keys or a shell would take for more than text. An error is
// ErrToken.
func Parse(line string) (Token, error) {
	line = strings.TrimSpace(line)
	var t Token
	body, ok := strings.CutPrefix(line, tokenPrefix)
	switch {
	case len(line) > maxToken:
		return t, fmt.Errorf("%w: %d bytes are too many", ErrToken, len(line))
	case !ok:
		return t, fmt.Errorf("%w: want one that begins with %s", ErrToken, tokenPrefix)
	}
	doc, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil {
		return t, fmt.Errorf("%w: it was cut or changed: %w", ErrToken, err)
	}
	if err := json.Unmarshal(doc, &t); err != nil {
		return Token{}, fmt.Errorf("%w: it was cut or changed: %w", ErrToken, err)
	}
	if err := t.check(); err != nil {
		return Token{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	return t, nil
}

func (t Token) check() error {
	if t.Version != tokenVersion {
		return fmt.Errorf("its version is %d, want %d", t.Version, tokenVersion)
	}
	if err := inert.Name(t.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if _, err := node.ParseRole(string(t.Role)); err != nil {
		return err
	}
	if err := config.CheckAddress(t.Address); err != nil {
		return fmt.Errorf("address: %w", err)
	}
	id := regexp.MustCompile(`^[A-Z2-7]{16,64}$`)
	if !id.MatchString(t.Server) {
		return fmt.Errorf("server %q: want letters and digits", t.Server)
	}
	if t.Pair != "" && !id.MatchString(t.Pair) {
		return fmt.Errorf("pair %q: want letters and digits", t.Pair)
	}
	for _, epoch := range []int64{t.Epoch, t.EpochSeen} {
		if epoch < 0 || epoch > node.MaxTold {
			return fmt.Errorf("epoch %d: want one from 0 to %d", epoch, int64(node.MaxTold))
		}
	}
	for _, key := range []string{t.PublicKey, t.HostKey} {
		if len(key) > maxKey || !regexp.MustCompile(`^[a-z][a-z0-9@.-]* [A-Za-z0-9+/]+={0,2}$`).MatchString(key) {
			return fmt.Errorf("key %q: want its kind and its base64", key)
		}
	}
	return nil
}

// ID names the pair of two servers; it is the same on both.
func ID(a, b string) string {
	sum := sha256.Sum256([]byte(min(a, b) + "\x00" + max(a, b)))
	return base32.StdEncoding.EncodeToString(sum[:])[:26]
}
