package tail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// sampleSize is how much of the file's end Test looks at.
const sampleSize = 64 << 10

// Test says whether the file can be read and its last lines are understood.
// Files know no login.
func (s *source) Test(context.Context, bool) []feed.Check {
	f, err := openFile(s.path)
	if err != nil {
		return []feed.Check{s.unreadable(err)}
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return []feed.Check{s.unreadable(err)}
	}
	text := fmt.Sprintf("%d bytes, written last at %s, owner %s", info.Size(), record.At(info.ModTime()), owner(info))
	checks := []feed.Check{{Name: "read " + s.path, Result: feed.Pass, Text: text}}
	return append(checks, s.sample(f, info.Size()))
}

func (s *source) unreadable(err error) feed.Check {
	c := feed.Check{Name: "read " + s.path, Result: feed.Fail, Text: err.Error()}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		dir := filepath.Dir(s.path)
		if _, err := os.Stat(dir); err != nil {
			c.Text = fmt.Sprintf("there is no directory %s: is it mounted?", dir)
			break
		}
		c.Result, c.Text = feed.Warn, "it does not exist yet and will be waited for"
	case errors.Is(err, fs.ErrPermission):
		c.Text = fmt.Sprintf("user %s may not read it: add this user to the group of the file", username(os.Geteuid()))
	}
	return c
}

// sample looks for times in the last lines.
func (s *source) sample(f *os.File, size int64) feed.Check {
	c := feed.Check{Name: "understand its last lines", Result: feed.Pass}
	from := max(0, size-sampleSize)
	lines := feed.NewLineReader(io.NewSectionReader(f, from, size-from), s.limit)
	if from > 0 {
		_, _ = lines.Next() // most likely the rest of a line
	}
	good, bad, latest, why := s.count(lines)
	c.Text = fmt.Sprintf("%d of %d have a time, the latest %s", good, good+bad, latest)
	switch {
	case good+bad == 0:
		c.Result, c.Text = feed.Warn, "there is no whole line yet"
	case good == 0:
		c.Result, c.Text = feed.Fail, fmt.Sprintf("none of %d has a time: %v: look at format and time", bad, why)
	case bad > 0:
		c.Result, c.Text = feed.Warn, fmt.Sprintf("%s; %d will be rejected: %v", c.Text, bad, why)
	}
	return c
}

// count tells how many lines have a time and how many have none, and why the
// last of these has not.
func (s *source) count(lines *feed.LineReader) (good, bad int, latest record.Instant, why error) {
	for {
		line, err := lines.Next()
		if err != nil && !isLong(err) {
			return good, bad, latest, why
		}
		if err == nil && len(line) == 0 {
			continue
		}
		var at record.Instant
		if err == nil {
			at, err = s.format(line)
		}
		if err != nil {
			bad, why = bad+1, err
			continue
		}
		good, latest = good+1, max(latest, at)
	}
}

func owner(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "unknown"
	}
	return username(int(st.Uid))
}

func username(uid int) string {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return strconv.Itoa(uid)
	}
	return u.Username
}
