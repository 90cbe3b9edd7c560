package admin

import (
	"fmt"
	"strings"

	"github.com/twinctl/twin/collector/inert"
)

const maxID = 40 // bytes of a random key

// Fields that several kinds have.

func name() Field {
	return Field{Name: "name", Short: "how it is shown", Type: Text, check: isName}
}

func description() Field {
	return Field{Name: "description", Short: "a line about it", Type: Text}
}

func owner() Field {
	return Field{Name: "owner", Short: "the user whom it belongs to", Type: Ref, To: "user", Owner: true, Gone: Stands}
}

func isName(text string) error { return inert.Name(text) }

// isID takes random keys, and short words where a file was written by hand.
func isID(key string) error {
	if len(key) > maxID {
		return fmt.Errorf("is %d bytes long: want at most %d", len(key), maxID)
	}
	return isWord(key)
}

// isWord takes what a column is called.
func isWord(text string) error {
	for _, r := range text {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return fmt.Errorf("is %q: want small letters, digits, dashes and underscores", text)
		}
	}
	return nil
}

func isOrder(text string) error { return isWord(strings.TrimPrefix(text, "-")) }
