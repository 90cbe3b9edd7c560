package config

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/inert"
)

// A Setting is one value of the configuration: text, or a list of texts.
type Setting struct {
	Key     string // as in the file: "http.listen"
	Default string
	Doc     string

	list   bool // of texts: in the file a list, in field as writeList has it
	path   bool // a relative one is made absolute; of a list, the first
	inData bool // the default is in the data directory
	check  func(string) error
	field  func(*Config) *string
}

// Env returns the environment variable that overrides the file: TWIN_HTTP_LISTEN.
func (s Setting) Env() string {
	return "TWIN_" + strings.ToUpper(strings.ReplaceAll(s.Key, ".", "_"))
}

// Value returns what a text means that is the setting's: itself, or a list. One
// that is no list stays a text, and is refused as such.
func (s Setting) Value(text string) any {
	if list, err := parseList(text); s.list && err == nil {
		return list
	}
	return text
}

// Settings returns all that there are, in the order of the documentation.
func Settings() []Setting {
	return slices.Concat(serverSettings(), peopleSettings(), timetableSettings(), backupSettings(), roleSettings(), hookSettings(), deliverSettings())
}

// serverSettings are those of the server itself and of its twin.
func serverSettings() []Setting {
	return []Setting{
		{
			Key: "name", Doc: "this server's name for life, whatever its role",
			check: inert.Name, field: func(c *Config) *string { return &c.Name },
		},
		{
			Key: "data", Doc: "directory of the databases", Default: "/var/lib/twin",
			path: true, check: ownDirectory, field: func(c *Config) *string { return &c.Data },
		},
		{
			Key: "http.listen", Doc: `address of health, status and metrics; "" turns it off`, Default: "127.0.0.1:7080",
			check: listenAddress, field: func(c *Config) *string { return &c.HTTP.Listen },
		},
		{
			Key: "twin.name", Doc: "the other server's name; twinctl pair accept knows it too",
			check: optional(inert.Name), field: func(c *Config) *string { return &c.Twin.Name },
		},
		{
			Key: "twin.ssh", Doc: "the other server's SSH, user@host:port, if not as twinctl pair accept was told",
			check: optional(CheckAddress), field: func(c *Config) *string { return &c.Twin.SSH },
		},
		{
			Key: "twin.identity", Doc: "file of the private key that this server logs in with", Default: "id_ed25519",
			path: true, inData: true, check: notEmpty, field: func(c *Config) *string { return &c.Twin.Identity },
		},
		{
			Key: "twin.known_hosts", Doc: "file that pins the other server's host key", Default: "known_hosts",
			path: true, inData: true, check: notEmpty, field: func(c *Config) *string { return &c.Twin.KnownHosts },
		},
		{
			Key: "twin.boot_alone", Doc: "how long a primary that cannot ask its twin at start holds its timetables: hold, run or a duration", Default: "10m",
			check: bootAlone, field: func(c *Config) *string { return &c.Twin.BootAlone },
		},
		{
			Key: "ssh.listen", Doc: `address of the embedded SSH server, for the twin and for administered users; "" turns it off`,
			check: listenAddress, field: func(c *Config) *string { return &c.SSH.Listen },
		},
		{
			Key: "ssh.host_key", Doc: "file of the embedded SSH server's host key", Default: "ssh_host_ed25519",
			path: true, inData: true, check: notEmpty, field: func(c *Config) *string { return &c.SSH.HostKey },
		},
		{
			Key: "ssh.authorized_keys", Doc: `file in which the system's sshd looks up who may log in as the owner of data; "" for that user's own`,
			path: true, check: optional(notEmpty), field: func(c *Config) *string { return &c.SSH.AuthorizedKeys },
		},
		{
			Key: "ssh.address", Doc: `the twin reaches this server's SSH at user@host:port; "" is the owner of data at this host's name`,
			check: optional(CheckAddress), field: func(c *Config) *string { return &c.SSH.Address },
		},
		{
			Key: "ssh.host_key_pub", Doc: `file of the public host key that the system's sshd shows; "" is the usual one`,
			path: true, check: optional(notEmpty), field: func(c *Config) *string { return &c.SSH.HostKeyPub },
		},
	}
}

// peopleSettings are those of people who come by SSH.
func peopleSettings() []Setting {
	return []Setting{
		{
			Key: "ssh.sessions", Doc: "how many sessions of administered users there may be at once, by this SSH server and the system's sshd, 1 to 100", Default: "50",
			check: atOnce, field: func(c *Config) *string { return &c.SSH.Sessions },
		},
		{
			Key: "ssh.idle", Doc: "one ends when nothing was typed for this long; by this SSH server a verb too, of which nothing came or went", Default: "1h",
			check: lasting, field: func(c *Config) *string { return &c.SSH.Idle },
		},
		{
			Key: "ssh.longest", Doc: "one ends after this long, whatever goes on", Default: "24h",
			check: lasting, field: func(c *Config) *string { return &c.SSH.Longest },
		},
	}
}

// timetableSettings are those of timetables.
func timetableSettings() []Setting {
	return []Setting{
		{
			Key: "timetable.at_once", Doc: "how many runs of timetables may go on at once, 1 to 100", Default: "5",
			check: atOnce, field: func(c *Config) *string { return &c.Timetable.AtOnce },
		},
	}
}

// backupSettings are those of backups.
func backupSettings() []Setting {
	return []Setting{
		{
			Key: "backup.directory", Doc: "where backups are kept; best on another disk than data", Default: "backups",
			path: true, inData: true, check: ownDirectory, field: func(c *Config) *string { return &c.Backup.Directory },
		},
		{
			Key: "backup.second", Doc: "where each backup is sent too once it is good: twin or none", Default: "twin",
			check: second, field: func(c *Config) *string { return &c.Backup.Second },
		},
		{
			Key: "backup.from_twin", Doc: `how much the twin's backups may take below backup.directory, as 20GiB; "0" takes none`, Default: "20GiB",
			check: func(s string) error { _, err := size(s); return err }, field: func(c *Config) *string { return &c.Backup.FromTwin },
		},
	}
}

// roleSettings are those of how the role is made known.
func roleSettings() []Setting {
	return []Setting{
		{
			Key: "role.file", Doc: "file that says in a line which role this server has, and by which epoch, for programs that watch it", Default: "role",
			path: true, inData: true, check: ownDirectory, field: func(c *Config) *string { return &c.Role.File },
		},
	}
}

func notEmpty(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	if strings.ContainsRune(s, 0) {
		return errors.New("holds a NUL byte")
	}
	return nil
}

// ownDirectory refuses the root directory: it is nobody's own.
func ownDirectory(s string) error {
	if filepath.Clean(s) == "/" {
		return errors.New("is the root directory: want one that holds nothing else, as /var/lib/twin")
	}
	return notEmpty(s)
}

func optional(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return check(s)
	}
}

func listenAddress(s string) error {
	if s == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("%q: want host:port, as 127.0.0.1:7080", s)
	}
	if host != "" && inert.Name(host) != nil {
		return fmt.Errorf("%q: not a host name", s)
	}
	return portNumber(port)
}

func portNumber(s string) error {
	if _, err := strconv.ParseUint(s, 10, 16); err != nil {
		return fmt.Errorf("port %q: want a number from 0 to 65535", s)
	}
	return nil
}

// CheckAddress wants user@host or user@host:port, and refuses what an ssh client
// could take for an option.
func CheckAddress(s string) error {
	user, host, ok := strings.Cut(s, "@")
	if ok && strings.Contains(host, ":") {
		var port string
		var err error
		if host, port, err = net.SplitHostPort(host); err != nil {
			return fmt.Errorf("%q: want user@host:port", s)
		}
		if err := portNumber(port); err != nil {
			return err
		}
	}
	for _, part := range []string{user, host} {
		if !ok || inert.Name(part) != nil || strings.HasPrefix(part, "-") || strings.ContainsAny(part, " @") {
			return fmt.Errorf("%q: want user@host:port", s)
		}
	}
	return nil
}

func atOnce(s string) error {
	if n, err := strconv.Atoi(s); err != nil || n < 1 || n > 100 {
		return fmt.Errorf("%q: want a number from 1 to 100", s)
	}
	return nil
}

func lasting(s string) error {
	if d, err := time.ParseDuration(s); err != nil || d < time.Second {
		return fmt.Errorf("%q: want a duration, as 30m or 1h", s)
	}
	return nil
}

func bootAlone(s string) error {
	if s == "hold" || s == "run" {
		return nil
	}
	if d, err := time.ParseDuration(s); err != nil || d <= 0 {
		return fmt.Errorf(`%q: want "hold", "run" or a duration as "10m"`, s)
	}
	return nil
}
