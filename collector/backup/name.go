package backup

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// stamp is how a name tells the time: in UTC, and in order as text.
const stamp = "20060102T150405Z"

const longestServer = 64 // bytes of a server's name in that of a set

// A Name tells of a set what a person who sees the directory wants to know.
type Name struct {
	Server string // as file names can have it
	At     time.Time
	Number int64
	Kind   Kind
}

// String writes cms-a-20261121T060000Z-000012-full.
func (n Name) String() string {
	return fmt.Sprintf("%s-%s-%06d-%s", n.Server, n.At.UTC().Format(stamp), n.Number, n.Kind)
}

// newName names a set of a server, whose name can be any text.
func newName(server string, at record.Instant, number int64, kind Kind) Name {
	return Name{safeName(server), at.Time().Truncate(time.Second), number, kind}
}

// safeName makes a name that a file can have of that of a server.
func safeName(server string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, server)
	safe = strings.TrimLeft(safe[:min(len(safe), longestServer)], ".") // which would hide it
	if safe == "" {
		safe = "_"
	}
	return safe
}

// OfTwin is where in a directory of backups those of another server lie. It is
// the name of no set.
func OfTwin(server string) string { return safeName(server) + ".twin" }

// ParseName reads the name of a set.
func ParseName(text string) (Name, error) {
	m := regexp.MustCompile(`^([A-Za-z0-9_-][A-Za-z0-9._-]*)-([0-9]{8}T[0-9]{6}Z)-([0-9]{6,12})-(full|incremental)$`).FindStringSubmatch(text)
	if m == nil {
		return Name{}, fmt.Errorf("%q is not the name of a backup", text)
	}
	at, err := time.Parse(stamp, m[2])
	if err != nil {
		return Name{}, fmt.Errorf("%q is not the name of a backup: %w", text, err)
	}
	number, err := strconv.ParseInt(m[3], 10, 64)
	n := Name{m[1], at, number, Kind(m[4])}
	if err != nil || n.String() != text {
		return Name{}, fmt.Errorf("%q is not the name of a backup", text)
	}
	return n, nil
}
