package floors

import (
	"path"
	"strings"
)

const module = "github.com/twinctl/twin"

// floors says on which floor each folder at the root stands. A folder imports
// only from lower floors, and from itself.
var floors = map[string]int{
	"cmd":        4,
	"tui":        3,
	"sync":       2,
	"timetable":  2,
	"switchover": 2,
	"collector":  1,
	"fixtures":   0, // data, what builds some of it in, and how much of it is drawn
}

// arrows says what each package inside collector may import of the others.
// Whoever is not listed is refused, so that a new package gets its place here.
var arrows = []struct {
	from string
	to   []string
}{
	{"collector", []string{"collector/feed", "collector/feed/*", "collector/acd", "collector/history"}},
	{"collector/count", []string{"collector/history", "collector/acd"}},
	{"collector/report", []string{"collector/history", "collector/acd", "collector/admin", "collector/watch", "collector/hours"}},
	{"collector/history", []string{"collector/store", "collector/feed", "collector/acd"}},                   // it commits a feed's batches, and keeps what is counted of them
	{"collector/admin", []string{"collector/store", "collector/audit", "collector/acd", "collector/hours"}}, // what waits are counted by, and calendars
	{"collector/archive", []string{"collector/history", "collector/feed"}},                                  // it brings a feed's old files into the history
	{"collector/node", []string{"collector/store", "collector/audit"}},
	{"collector/backup", []string{"collector/history", "collector/admin", "collector/node", "collector/store"}},
	{"collector/audit", []string{"collector/store"}}, // a table that two files have
	{"collector/feed/*", []string{"collector/feed", "collector/feed/stream"}},
	{"collector/feed", []string{"collector/ech", "collector/cucm"}},
	{"collector/acd", []string{"collector/ech", "collector/cucm"}},
	{"collector/watch", []string{"collector/acd"}}, // thresholds are held against what is counted
	{"collector/store", nil},
	{"collector/record", nil},
	{"collector/ech", nil}, // what the records of a format hold, for whoever cuts, dates or understands them
	{"collector/cucm", nil},
	{"collector/hours", nil},
	{"collector/inert", nil},
	{"collector/nearest", nil},
	{"collector/secret", nil},
	{"collector/sieve", nil},
}

// apart are packages of one floor that know nothing of each other: each is one
// server's side of a conversation, and what both know stands in a third.
var apart = [][2]string{
	{"sync/push", "sync/apply"},
}

// ground is what every package inside collector may stand on.
var ground = []string{"collector/record", "collector/inert", "collector/nearest", "collector/secret"}

// doors says where each outside dependency comes in: one folder, a folder and
// all below it ("tui/..."), or anywhere ("..."). A second line for one that
// has a door is a second door, and wants a reason.
var doors = []struct{ dependency, folder string }{
	{"github.com/mattn/go-sqlite3", "collector/store"},
	{"github.com/spf13/pflag", "cmd/internal/cli"},
	{"github.com/pelletier/go-toml/v2", "cmd/internal/config"},
	{"github.com/pelletier/go-toml/v2", "collector/admin"}, // the file that export writes
	{"github.com/prometheus", "cmd/internal/app"},
	{"github.com/coreos/go-systemd/v22", "cmd/internal/app"},
	{"github.com/wneessen/go-mail", "cmd/internal/deliver"},
	{"golang.org/x/crypto", "sync/link"},
	{"golang.org/x/crypto", "cmd/twinctl"}, // its tests: the SSH client of a person, which is no twin's
	{"github.com/pkg/sftp", "sync/link"},
	{"github.com/robfig/cron/v3", "timetable/schedule"},
	{"github.com/charmbracelet", "tui/..."},
	{"github.com/muesli/termenv", "tui"}, // the colour profiles that lipgloss takes
	{"github.com/leodido/go-syslog/v4", "collector/feed"},
	{"golang.org/x/text", "collector/admin"},
	{"gonum.org/v1/plot", "cmd/internal/page"},
	{"github.com/klauspost/compress", "collector/backup"},
	{"golang.org/x/sync", "..."},
	{"golang.org/x/sys", "..."},
}

// testDoors are open to tests alone, and to all of them.
var testDoors = []string{
	"github.com/emersion/go-sasl", // what go-smtp takes for a login
	"github.com/emersion/go-smtp", // a real server to send mail to
	"github.com/google/go-cmp",
	"github.com/rogpeppe/go-internal",
	"pgregory.net/rapid",
}

// badNames are no names for a package: words that say nothing, and names of
// the standard library that an importer could not do without.
var badNames = strings.Fields(`
	util utils common types manager managers helper helpers misc base shared
	bytes context errors exec filepath flag fmt http io json log maps math net
	os path rand rpc runtime signal slices slog sort sql strings sync syscall
	template testing time url user`)

// The sizes of the house. Parameters do not count a context, nor the receiver.
const (
	maxFileLines  = 400
	maxMainLines  = 60
	maxFuncLines  = 60
	maxParameters = 4
)

// folder returns the first element of a path: the folder at the root.
func folder(dir string) string {
	top, _, _ := strings.Cut(dir, "/")
	return top
}

// under reports whether an import path is the dependency or lies below it.
func under(importPath, dependency string) bool {
	return importPath == dependency || strings.HasPrefix(importPath, dependency+"/")
}

// opensTo reports whether a door at folder lets dir in.
func opensTo(folder, dir string) bool {
	if folder == "..." {
		return true
	}
	if tree, all := strings.CutSuffix(folder, "/..."); all {
		return under(dir, tree)
	}
	return folder == dir
}

// matches reports whether a pattern, whose * stands for one element, is dir.
func matches(pattern, dir string) bool {
	ok, err := path.Match(pattern, dir)
	return ok && err == nil
}
