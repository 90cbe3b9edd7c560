// Package config is twin.toml: what belongs to this machine, read strictly.
//
// A setting comes from --set, else from the environment, else from the file,
// else from its default; Settings lists them all. A relative path in the file
// starts at the file's own directory, one that was given with --set or in the
// environment at the working directory.
//
// What is wrong with a setting stops the server, because it would not be the
// server that was meant. What is wrong with a feed stops that feed alone.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// A Config is a configuration that was read and found to make sense.
type Config struct {
	File string // absolute
	Name string // of this server, for life
	Data string // the directory of the three databases
	HTTP HTTP
	Twin Twin
	SSH  SSH
	// How timetables are run.
	Timetable Timetable
	// Where backups lie.
	Backup Backup
	// What others are told of the role.
	Role  Role
	Hooks Hooks
	// How people are told of what happens.
	Deliver Deliver
	Mail    Mail
	// Feeds stand in the order of the file, those that are wrong too: look at Err.
	Feeds []Feed

	origins map[string]string // by key of the setting
}

// HTTP is the [http] table.
type HTTP struct {
	Listen string // host:port; "" turns it off
}

// Twin is the [twin] table: the other server, where the file says otherwise than
// the pair that was accepted. Name and SSH are "" when it says nothing.
type Twin struct {
	Name       string
	SSH        string // user@host, or user@host:port
	Identity   string // file of our private key
	KnownHosts string // file that pins the twin's host key
	BootAlone  string // "hold", "run" or a duration
}

// SSH is the [ssh] table: the embedded SSH server.
type SSH struct {
	Listen         string // host:port; "" turns it off
	HostKey        string // file
	AuthorizedKeys string // file of the system's sshd; "" for the owner's own
	Address        string // the twin reaches this server at user@host:port; "" guesses
	HostKeyPub     string // file of the public host key that the system's sshd shows; "" for the usual one
	// What administered users may take of it: see People.
	Sessions string
	Idle     string
	Longest  string
}

// People returns how many sessions of people there may be at once, how long
// nothing may come of one, and how long it may last.
func (s SSH) People() (sessions int, idle, longest time.Duration) {
	sessions, _ = strconv.Atoi(s.Sessions) // each was checked
	idle, _ = time.ParseDuration(s.Idle)
	longest, _ = time.ParseDuration(s.Longest)
	return sessions, idle, longest
}

// Timetable is the [timetable] table.
type Timetable struct {
	AtOnce string // a number
}

// Limit returns how many runs may go on at once.
func (t Timetable) Limit() int {
	n, err := strconv.Atoi(t.AtOnce)
	if err != nil {
		return 0 // a configuration that nobody read
	}
	return n
}

// Backup is the [backup] table.
type Backup struct {
	Directory string // of this server's backups
	Second    string // where each goes too: "twin" or "none"
	FromTwin  string // how much the twin's may take here: see Quota
}

// Role is the [role] table.
type Role struct {
	File string // says which role this server has
}

// A Source tells where settings come from besides the file.
type Source struct {
	LookupEnv func(string) (string, bool) // os.LookupEnv, or nil for none
	Set       []string                    // KEY=VALUE, as in --set; the last of a key wins
}

// Load reads the file; kinds are the feeds that there can be. An error is
// Problems, all of them, and is ErrInvalid; a wrong feed alone is no error.
func Load(file string, above Source, kinds []feed.Kind) (*Config, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, Problems{{Where: file, Err: err}}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		err = fmt.Errorf("cannot be read: %w", err)
		if errors.Is(err, fs.ErrNotExist) {
			err = &noFileError{err}
		}
		return nil, Problems{{Where: path, Err: err}}
	}
	return parse(path, text, above, kinds)
}

// Check reads a text as the file at that path, which need not be there. Its
// errors are those of Load.
func Check(path, text string, kinds []feed.Kind) (*Config, error) {
	return parse(path, []byte(text), Source{}, kinds)
}

func parse(path string, text []byte, above Source, kinds []feed.Kind) (*Config, error) {
	doc, err := parseDocument(path, text)
	if err != nil {
		return nil, Problems{err}
	}
	c := &Config{File: path, origins: make(map[string]string)}
	problems := doc.unknownSettings()
	problems = append(problems, c.settle(doc, above)...)
	problems = append(problems, c.readFeeds(doc, kinds)...)
	if len(problems) > 0 {
		return nil, append(problems, c.Problems()...).Sorted()
	}
	return c, nil
}

// readFeeds makes the feeds of their sections. What it returns is wrong with
// the file; what is wrong with one feed stands there.
func (c *Config) readFeeds(doc *document, kinds []feed.Kind) Problems {
	sections, wrong := doc.feeds()
	for i, s := range sections {
		c.Feeds = append(c.Feeds, newFeed(doc, fmt.Sprintf("feed[%d]", i), s, kinds))
	}
	refuseTwice(c.Feeds)
	c.collisions()
	return wrong
}

// Problems returns what is wrong with the feeds.
func (c *Config) Problems() Problems {
	var all Problems
	for i := range c.Feeds {
		all = append(all, AsProblems(c.Feeds[i].Err)...)
	}
	return all
}

// Problem blames a setting for err, at the place that it was given.
func (c *Config) Problem(key string, err error) *Problem {
	where := c.origins[key]
	if where == fromDefault {
		where = c.File
	}
	return &Problem{Where: where, Key: key, Err: err}
}

// Above returns the settings that were given otherwise than by the file, as
// --set takes them: paths are absolute.
func (c *Config) Above() []string {
	var all []string
	for _, s := range Settings() {
		if from := c.origins[s.Key]; from == fromSet || from == s.Env() {
			all = append(all, s.Key+"="+*s.field(c))
		}
	}
	return all
}

// Feed returns the feed of that name. Where two have it, the first is the one.
func (c *Config) Feed(name string) (*Feed, bool) {
	for i := range c.Feeds {
		if c.Feeds[i].Name == name {
			return &c.Feeds[i], true
		}
	}
	return nil, false
}
