package link

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// EnsureIdentity returns the public half of the key in a file, as ReadPublicKey
// does. If there is no such file it makes one: a new Ed25519 key, 0600. A file
// that is there is never written.
func EnsureIdentity(path string) (string, error) { return ensureKey(path, "twin") }

// EnsureHostKey is EnsureIdentity for the host key of a Server.
func EnsureHostKey(path string) (string, error) { return ensureKey(path, "twin host key") }

// ReadPublicKey returns the public half of the private key in a file, as one
// line "type base64". The error is ErrIdentity: the file is missing, is no
// key, has a passphrase, or others than its owner may read it.
func ReadPublicKey(path string) (string, error) {
	signer, err := readKey(path)
	if err != nil {
		return "", err
	}
	return keyLine(signer.PublicKey()), nil
}

// Fingerprint returns the SHA256 fingerprint of a public key line, as ssh
// shows it; "" if the line is none.
func Fingerprint(line string) string {
	key, err := parseKey(line)
	if err != nil {
		return ""
	}
	return ssh.FingerprintSHA256(key)
}

// CheckKey returns a public key line without its comment. Options before the
// key, a second line and types that are no longer safe are refused.
func CheckKey(line string) (string, error) {
	key, err := parseKey(line)
	if err != nil {
		return "", err
	}
	return keyLine(key), nil
}

func parseKey(line string) (ssh.PublicKey, error) {
	line = strings.TrimSpace(line)
	if strings.ContainsAny(line, "\r\n") {
		return nil, errors.New("public key: more than one line")
	}
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil || len(options) > 0 {
		return nil, fmt.Errorf("public key: %q is none: want \"ssh-ed25519 AAAA...\"", shorten(line))
	}
	if signatures(key.Type()) == nil {
		return nil, fmt.Errorf("public key: %s is not accepted: want ssh-ed25519", key.Type())
	}
	return key, nil
}

func keyLine(key ssh.PublicKey) string {
	return strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(key)), "\n")
}

func ensureKey(path, comment string) (string, error) {
	line, err := ReadPublicKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return line, err
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("%w: make a key: %w", ErrIdentity, err)
	}
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return "", fmt.Errorf("%w: make a key: %w", ErrIdentity, err)
	}
	err = createFile(path, pem.EncodeToMemory(block))
	if err != nil && !errors.Is(err, fs.ErrExist) { // somebody else was faster: that one is it
		return "", fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	return ReadPublicKey(path)
}

// readKey reads a private key, and refuses one that is not its owner's alone.
func readKey(path string) (ssh.Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o: want a file that only its owner may read: chmod 600 %s",
			ErrIdentity, path, mode.Perm(), path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	signer, err := ssh.ParsePrivateKey(data)
	if missing, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		return nil, fmt.Errorf("%w: %s has a passphrase, and nobody is there to type it: %w", ErrIdentity, path, missing)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: no private key: %w", ErrIdentity, path, err)
	}
	if signatures(signer.PublicKey().Type()) == nil {
		return nil, fmt.Errorf("%w: %s: %s is not accepted: want ssh-ed25519", ErrIdentity, path, signer.PublicKey().Type())
	}
	return signer, nil
}
