package files

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// What becomes of a file that was read.
const (
	leave   = "leave"
	archive = "archive"
	remove  = "delete"
)

// options are the keys that this kind alone understands.
type options struct {
	Dir        string `toml:"dir"`              // absolute, or sftp://user@host:port/path
	KeyFile    string `toml:"key_file"`         // our private key, with sftp
	KnownHosts string `toml:"known_hosts_file"` // the server's pinned key, with sftp
	Mask       string `toml:"mask"`             // of names, as a shell has it
	Poll       string `toml:"poll"`             // from one look to the next
	Age        string `toml:"age"`              // a file that changed later than this ago is not touched
	Late       string `toml:"late"`             // from a record to its finished file
	Silence    string `toml:"silence"`          // how long nothing new may come; empty: for ever
	ReadLimit  int    `toml:"read_limit"`       // files at one look; 0: all
	After      string `toml:"after"`            // leave, archive or delete
	Stage      string `toml:"stage"`            // directory that files are moved to before they are read
	Archive    string `toml:"archive"`          // directory
	Error      string `toml:"error"`            // directory
	Retries    int    `toml:"retries"`          // further tries with a file that cannot be read
}

// settings are options that make sense.
type settings struct {
	place                    string // the directory as it is shown
	dir                      string
	remote                   *feed.Remote // nil: this machine
	mask                     string
	poll, age, late          time.Duration
	silence                  time.Duration // 0: for ever
	readLimit                int
	after                    string
	stage, archived, refused string // directories; "" for none
	retries                  int
}

// settle checks the options. Its errors are *feed.KeyError.
func (o *options) settle() (settings, error) {
	s := settings{
		mask: o.Mask, readLimit: o.ReadLimit, after: o.After, retries: o.Retries,
		stage: o.Stage, archived: o.Archive, refused: o.Error,
	}
	if err := s.find(o); err != nil {
		return s, err
	}
	if _, err := path.Match(o.Mask, ""); err != nil || o.Mask == "" || strings.Contains(o.Mask, "/") {
		return s, refuse("mask", `%q: want a name with * ? or [a-z] in it, as "cdr_*.csv"`, o.Mask)
	}
	if o.Late == "" {
		return s, refuse("late", "missing: say how long after a record's own time the finished file with it lies there, at the latest: "+
			`where a file is begun each minute, "2m"`)
	}
	for _, d := range []struct {
		key, text   string
		least, most time.Duration
		into        *time.Duration
	}{
		{"poll", o.Poll, time.Second, 24 * time.Hour, &s.poll},
		{"age", o.Age, 0, 24 * time.Hour, &s.age},
		{"late", o.Late, 0, 7 * 24 * time.Hour, &s.late},
		{"silence", o.Silence, time.Second, 7 * 24 * time.Hour, &s.silence},
	} {
		if d.key == "silence" && d.text == "" {
			continue
		}
		var err error
		if *d.into, err = time.ParseDuration(d.text); err != nil || *d.into < d.least || *d.into > d.most {
			return s, refuse(d.key, "%q: want a time from %s to %s, as 90s", d.text, d.least, d.most)
		}
	}
	if o.ReadLimit < 0 {
		return s, refuse("read_limit", "%d: want a number of files, 0 for all", o.ReadLimit)
	}
	if o.Retries < 0 {
		return s, refuse("retries", "%d: want a number from 0", o.Retries)
	}
	return s, s.settleDirs()
}

// find takes dir apart.
func (s *settings) find(o *options) error {
	rest, remote := strings.CutPrefix(o.Dir, "sftp://")
	switch {
	case o.Dir == "":
		return refuse("dir", "missing: say which directory, as /var/spool/cdr or sftp://user@host/cdr")
	case !remote && strings.Contains(o.Dir, "://"):
		return refuse("dir", "%q: want an absolute path, or sftp://user@host:port/path", o.Dir)
	case !remote && (o.KeyFile != "" || o.KnownHosts != ""):
		return refuse("dir", "%q is a directory of this machine: key_file and known_hosts_file are for sftp://", o.Dir)
	case !remote:
		s.place, s.dir = o.Dir, o.Dir
		return absolute("dir", &s.dir)
	}
	address, dir, _ := strings.Cut(rest, "/")
	user, host, _ := strings.Cut(address, "@")
	switch {
	case user == "" || host == "" || strings.Contains(user, ":"):
		return refuse("dir", "%q: want sftp://user@host:port/path; the key is in key_file", o.Dir)
	case o.KeyFile == "":
		return refuse("key_file", "missing: say which private key opens %s", address)
	case o.KnownHosts == "":
		return refuse("known_hosts_file", "missing: say where the host key of %s is pinned, as ssh-keyscan and known_hosts have it", host)
	}
	s.place, s.dir = o.Dir, "/"+dir
	s.remote = &feed.Remote{Address: address, KeyFile: o.KeyFile, KnownHosts: o.KnownHosts}
	return absolute("dir", &s.dir)
}

// settleDirs checks the directories that files are moved to.
func (s *settings) settleDirs() error {
	dirs := []struct {
		key  string
		path *string
	}{{"stage", &s.stage}, {"archive", &s.archived}, {"error", &s.refused}}
	switch {
	case s.after != leave && s.after != archive && s.after != remove:
		return refuse("after", "%q: want leave, archive or delete", s.after)
	case s.after == archive && s.archived == "":
		return refuse("archive", `missing: after = "archive" wants the directory`)
	case s.after != archive && s.archived != "":
		return refuse("archive", `is for after = "archive", which is %q`, s.after)
	}
	taken := map[string]string{s.dir: "dir"}
	for _, d := range dirs {
		if *d.path == "" {
			continue
		}
		if s.after == leave {
			return refuse(d.key, `after = "leave" moves nothing: leave this out, or say archive or delete there`)
		}
		if err := absolute(d.key, d.path); err != nil {
			return err
		}
		if strings.HasPrefix(*d.path, strings.TrimSuffix(s.dir, "/")+"/") {
			return refuse(d.key, "%q lies in the directory that is read, %s: want one outside of it", *d.path, s.dir)
		}
		if other := taken[*d.path]; other != "" {
			return refuse(d.key, "%q is %s already", *d.path, other)
		}
		taken[*d.path] = d.key
	}
	if s.after != leave && s.refused == "" { // last: who is asked one after the other was not asked yet
		return refuse("error", "missing: say where files go that cannot be read")
	}
	return nil
}

// absolute cleans a path.
func absolute(key string, p *string) error {
	if !path.IsAbs(*p) {
		return refuse(key, "%q is not absolute: begin it with /", *p)
	}
	*p = path.Clean(*p)
	return nil
}

func refuse(key, format string, args ...any) error {
	err := errors.New(format)
	if len(args) > 0 {
		err = fmt.Errorf(format, args...)
	}
	return &feed.KeyError{Key: key, Err: err}
}
