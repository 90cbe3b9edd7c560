package pairing

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/collector/node"
)

// An Action is one thing that pairing does. Each may be done again.
type Action string

// The actions.
const (
	Pin       Action = "pin"       // the host key of an address, in known_hosts
	Unpin     Action = "unpin"     // an address, from known_hosts
	Authorize Action = "authorize" // the twin's key, and no other, for the link alone
	Revoke    Action = "revoke"    // the twin's key
	Write     Action = "write"     // the row of the pair, the epochs and the audit
	Forget    Action = "forget"    // the row of the pair, with the audit
)

// A Step is an action and what it is done to.
type Step struct {
	Action  Action
	Address string // of Pin and Unpin
	Key     string // of Pin and Authorize: the host key, or the public key
}

// Steps lists what accepting does, in order. The row comes last: until it is
// written nobody says that this server is paired, the twin is let in to nothing,
// and accepting the same line again does all that is missing. embedded tells
// that our own SSH server lets the twin in, which reads the row.
func (d Decision) Steps(embedded bool) []Step {
	steps := []Step{{Action: Pin, Address: d.Pair.Address, Key: d.Pair.HostKey}}
	if embedded {
		steps = append(steps, Step{Action: Revoke})
	} else {
		steps = append(steps, Step{Action: Authorize, Key: d.Pair.PublicKey})
	}
	if d.Had != nil && d.Had.Address != d.Pair.Address {
		steps = append(steps, Step{Action: Unpin, Address: d.Had.Address})
	}
	return append(steps, Step{Action: Write})
}

// RemoveSteps lists what removing the twin does. The door is closed first; the
// row goes last, so that removing again finishes what was begun.
func RemoveSteps(have node.Pair) []Step {
	return []Step{{Action: Revoke}, {Action: Unpin, Address: have.Address}, {Action: Forget}}
}

// Command returns what the system's sshd runs for the twin, whatever the twin
// asks for: a line for the shell.
func Command(twinctl, config string) (string, error) {
	var words []string
	for _, word := range []string{twinctl, "--config", config, "peer"} {
		quoted, err := quote(word)
		if err != nil {
			return "", fmt.Errorf("forced command: %q: %w", word, err)
		}
		words = append(words, quoted)
	}
	return strings.Join(words, " "), nil
}

var errUnquotable = errors.New("holds what cannot stand in a line of authorized_keys")

// quote makes a word that every shell reads as itself.
func quote(word string) (string, error) {
	plain := word != ""
	for _, r := range word {
		switch {
		case r < ' ' || r == 0x7f || strings.ContainsRune(`"'\`, r):
			return "", errUnquotable
		case !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=@%+,", r):
			plain = false
		}
	}
	if plain {
		return word, nil
	}
	return "'" + word + "'", nil
}
