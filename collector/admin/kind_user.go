package admin

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

func user() Kind {
	return Kind{
		Name: "user", Short: "a person who may log in, by login", Label: "name", key: isLogin,
		Fields: []Field{
			name(), description(),
			{Name: "keys", Short: "public SSH keys, as in authorized_keys, without options", Type: List, Unique: true, check: isPublicKey, claim: withoutComment},
			{Name: "permission", Short: "what the user may do", Type: Choice, Choices: []string{"view", "operate", "admin"}, Default: "view"},
			{Name: "feeds", Short: "may see these feeds; none: all", Type: List, check: isName},
			{Name: "queue_groups", Short: "may see the queues of these groups; none: all", Type: Refs, To: "queue-group", Gone: Stands},
		},
	}
}

// isLogin takes what Unix takes.
func isLogin(key string) error {
	const want = "want small letters, digits, dots, dashes and underscores, a letter first, at most 32"
	if len(key) > 32 || key[0] < 'a' || key[0] > 'z' {
		return fmt.Errorf("is %q: %s", key, want)
	}
	for _, r := range key {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789._-", r) {
			return fmt.Errorf("is %q: %s", key, want)
		}
	}
	return nil
}

// isPublicKey takes "TYPE BASE64 [COMMENT]", where the encoded key says the
// same type.
func isPublicKey(line string) error {
	kind, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	switch kind {
	case "ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ssh-rsa",
		"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ecdsa-sha2-nistp256@openssh.com":
	default:
		return fmt.Errorf("has a line that begins with %.40q: want a public key, as ssh-ed25519 AAAA... name", kind)
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(code)
	if err != nil {
		return fmt.Errorf("has a %s key that is not base64", kind)
	}
	if len(blob) < 4 || uint64(binary.BigEndian.Uint32(blob)) >= uint64(len(blob)-4) ||
		string(blob[4:4+binary.BigEndian.Uint32(blob)]) != kind {
		return errors.New("has a " + kind + " key that is cut off or of another type")
	}
	return nil
}

// withoutComment returns what of a public key's line tells whose it is.
func withoutComment(line string) string {
	kind, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	return kind + " " + code
}
