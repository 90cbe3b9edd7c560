package link

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// hostsHead is the first line of a known_hosts file that PinHost makes.
const hostsHead = "# The twin's host keys, as twinctl pair was shown them. No other host belongs here."

// PinHost makes a host key the only one that is trusted for an address, which
// is user@host:port or host:port. The file is replaced as a whole and made if
// it is missing; lines for other hosts, comments and @revoked lines stay. A
// key that the file revokes is refused with ErrHostKey.
func PinHost(file, address, hostKeyLine string) error {
	key, err := parseKey(hostKeyLine)
	if err != nil {
		return fmt.Errorf("pin host: %w", err)
	}
	host, err := pinnedName(address)
	if err != nil {
		return err
	}
	lines, err := otherHosts(file, host)
	if err != nil {
		return err
	}
	if revoked(lines, key) {
		return fmt.Errorf("pin host: %w: %s is revoked in %s", ErrHostKey, ssh.FingerprintSHA256(key), file)
	}
	if len(lines) == 0 {
		lines = []string{hostsHead}
	}
	return replaceFile(file, joinLines(append(lines, host+" "+keyLine(key))))
}

// Unpin takes out what PinHost wrote for an address. It is nothing to it
// if there was nothing.
func Unpin(file, address string) error {
	host, err := pinnedName(address)
	if err != nil {
		return err
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	lines, err := otherHosts(file, host)
	if err != nil {
		return err
	}
	return replaceFile(file, joinLines(lines))
}

// pinnedName returns how an address stands in a known_hosts file.
func pinnedName(address string) (string, error) {
	if !strings.Contains(address, "@") {
		address = "anyone@" + address
	}
	a, err := ParseAddress(address)
	if err != nil {
		return "", err
	}
	return knownhosts.Normalize(a.Dial()), nil
}

// otherHosts returns the lines of a known_hosts file but those that pin host.
func otherHosts(file, host string) ([]string, error) {
	lines, err := readLines(file)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(lines, func(line string) bool {
		words := strings.Fields(line)
		return len(words) > 0 && words[0] == host
	}), nil
}

// revoked reports whether one of the lines revokes a key.
func revoked(lines []string, key ssh.PublicKey) bool {
	return slices.ContainsFunc(lines, func(line string) bool {
		marker, _, other, _, _, err := ssh.ParseKnownHosts([]byte(line + "\n"))
		return err == nil && marker == "revoked" && bytes.Equal(other.Marshal(), key.Marshal())
	})
}

// A hostCheck knows the keys that are pinned for a host.
type hostCheck struct {
	file, host string
	check      ssh.HostKeyCallback
	algorithms []string
}

// checkHost reads a known_hosts file for a host, host:port. That nothing is
// pinned is said here, before anything goes over the network.
func checkHost(file, host string) (*hostCheck, error) {
	check, err := knownhosts.New(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no key of %s is pinned: %s does not exist", ErrHostKey, host, file)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHostKey, err)
	}
	h := &hostCheck{file: file, host: host, check: check}
	pinned, err := h.pinned()
	if err != nil {
		return nil, err
	}
	h.algorithms = hostAlgorithms(pinned)
	if len(h.algorithms) == 0 {
		return nil, fmt.Errorf("%w: no key of %s is pinned in %s", ErrHostKey, host, file)
	}
	return h, nil
}

// pinned returns the keys of the host: what the check wants instead of a key
// that nobody has.
func (h *hostCheck) pinned() ([]ssh.PublicKey, error) {
	err := h.check(h.host, &net.TCPAddr{}, nobody{})
	unknown, ok := errors.AsType[*knownhosts.KeyError](err)
	if !ok {
		return nil, fmt.Errorf("%w: %s: cannot be asked: %w", ErrHostKey, h.file, err)
	}
	keys := make([]ssh.PublicKey, len(unknown.Want))
	for i, known := range unknown.Want {
		keys[i] = known.Key
	}
	return keys, nil
}

// verify is the ssh.HostKeyCallback.
func (h *hostCheck) verify(host string, remote net.Addr, key ssh.PublicKey) error {
	err := h.check(host, remote, key)
	if err == nil {
		return nil
	}
	shown := ssh.FingerprintSHA256(key)
	if _, ok := errors.AsType[*knownhosts.RevokedError](err); ok {
		return fmt.Errorf("%w: %s is revoked in %s", ErrHostKey, shown, h.file)
	}
	if wrong, ok := errors.AsType[*knownhosts.KeyError](err); ok {
		var pinned []string
		for _, known := range wrong.Want {
			pinned = append(pinned, ssh.FingerprintSHA256(known.Key))
		}
		return fmt.Errorf("%w: it changed: %s is pinned in %s, the host shows %s",
			ErrHostKey, strings.Join(pinned, ", "), h.file, shown)
	}
	return fmt.Errorf("%w: %s: %w", ErrHostKey, shown, err)
}

// nobody is a key that no host has and no file names.
type nobody struct{}

func (nobody) Type() string                        { return "nobody" }
func (nobody) Marshal() []byte                     { return []byte("nobody") }
func (nobody) Verify([]byte, *ssh.Signature) error { return errors.New("nobody's key") }
