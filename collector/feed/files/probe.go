package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// sampleSize is how much of the newest file Test looks at.
const sampleSize = 64 << 10

// Test says whether the directories are there, what lies to be read, and
// whether the newest file is understood. Nothing is moved. The server of a
// remote directory is logged in to either way: it serves more than one.
func (s *source) Test(ctx context.Context, _ bool) []feed.Check {
	var checks []feed.Check
	lib, err := s.storage(ctx)
	if s.remote != nil {
		c := feed.Check{Name: "log in to " + s.remote.Address, Result: feed.Pass, Text: "its pinned host key is the one that it shows"}
		if err != nil {
			c.Result, c.Text, c.Cause = feed.Fail, plain(err), err
		}
		checks = append(checks, c)
	}
	if err != nil {
		return checks
	}
	defer lib.Close() //nolint:errcheck // nothing was changed there
	counted, newest := s.survey(ctx, lib)
	checks = append(checks, counted)
	for _, dir := range []string{s.stage, s.archived, s.refused} {
		if dir != "" {
			checks = append(checks, s.reachable(ctx, lib, dir))
		}
	}
	if newest.name != "" {
		checks = append(checks, s.sample(ctx, lib, &newest))
	}
	return checks
}

// survey counts what lies in the directory, and returns the newest file that is
// not being written any more.
func (s *source) survey(ctx context.Context, lib feed.Library) (c feed.Check, newest entry) {
	c = feed.Check{Name: "list " + s.dir, Result: feed.Pass}
	var all, fit int
	err := lib.List(ctx, s.dir, func(info fs.FileInfo) error {
		if all++; wanted(info, s.mask) {
			fit++
			if e := newEntry(s.dir, info.Name(), info); newest.name == "" || newest.before(&e) < 0 {
				newest = e
			}
		}
		return nil
	})
	switch {
	case err != nil:
		c.Result, c.Text = feed.Fail, plain(err)
		if errors.Is(err, fs.ErrNotExist) {
			c.Text = "it is not there: is it mounted?"
		}
	case fit == 0:
		c.Result, c.Text = feed.Warn, fmt.Sprintf("none of %d names in it fits mask %q and is of a finished file", all, s.mask)
	default:
		c.Text = fmt.Sprintf("%d files fit, the newest of %s", fit, record.At(newest.changed))
	}
	return c, newest
}

// reachable says whether files can be moved to a directory, as far as that is
// known without moving one.
func (s *source) reachable(ctx context.Context, lib feed.Library, dir string) feed.Check {
	c := listable(ctx, lib, dir)
	if c.Result == feed.Pass && s.remote == nil && apart(s.dir, dir) {
		c.Result, c.Text = feed.Fail, fmt.Sprintf("it lies on another file system than %s: no file can be moved there; make one beside it", s.dir)
	}
	return c
}

// listable says whether a directory that files are moved to is there.
func listable(ctx context.Context, lib feed.Library, dir string) feed.Check {
	c := feed.Check{Name: "list " + dir, Result: feed.Pass, Text: "it is there"}
	enough := errors.New("enough")
	if err := lib.List(ctx, dir, func(fs.FileInfo) error { return enough }); err != nil && !errors.Is(err, enough) {
		c.Result, c.Text = feed.Fail, plain(err)
		if errors.Is(err, fs.ErrNotExist) {
			c.Text = "it is not there: make it, for the user that twind runs as"
		}
	}
	return c
}

// sample looks for times at the beginning of a file.
func (s *source) sample(ctx context.Context, lib feed.Library, e *entry) feed.Check {
	c := feed.Check{Name: "understand " + path.Base(e.String()), Result: feed.Fail}
	opened, err := lib.Open(ctx, e.path())
	if err != nil {
		c.Text = plain(err)
		return c
	}
	defer opened.Close() //nolint:errcheck // it was only read
	voice := feed.NewVoice(nil, nil)
	d, err := s.newDelivery(e, &section{File: opened, voice: voice, over: ctx.Err, size: e.size})
	if err != nil {
		c.Text = plain(err)
		return c
	}
	good, bad, latest, why := s.count(ctx, d)
	c.Result, c.Text = feed.Pass, fmt.Sprintf("%d of %d pieces have a time, the latest %s", good, good+bad, latest)
	switch {
	case good+bad == 0 && why != nil:
		c.Result, c.Text = feed.Fail, plain(why)
	case good+bad == 0:
		c.Result, c.Text = feed.Warn, "there is no whole record in it"
	case good == 0:
		c.Result, c.Text = feed.Fail, fmt.Sprintf("none of %d pieces has a time: %v: look at format and time", bad, why)
	case bad > 0:
		c.Result, c.Text = feed.Warn, fmt.Sprintf("%s; %d will be rejected: %v", c.Text, bad, why)
	}
	return c
}

// count tells how many of the first pieces have a time and how many have none,
// and why the last of these has not.
func (s *source) count(ctx context.Context, d *delivery) (good, bad int, latest record.Instant, why error) {
	for until := time.Now().Add(feed.Patience); d.offset() < sampleSize && ctx.Err() == nil && time.Now().Before(until); {
		piece, err := d.cutter.Next()
		var at record.Instant
		switch {
		case err != nil && good+bad == 0 && !isLong(err) && !errors.Is(err, io.EOF):
			return 0, 0, 0, err
		case err != nil && !isLong(err):
			return good, bad, latest, why
		case err == nil && len(piece) == 0:
			continue
		case err == nil:
			at, err = s.format(piece)
		}
		if err != nil {
			bad, why = bad+1, err
			continue
		}
		good, latest = good+1, max(latest, at)
	}
	return good, bad, latest, why
}

// plain returns what is wrong without the word for the gap list.
func plain(err error) string {
	if lost, ok := errors.AsType[*feed.Lost](err); ok {
		return lost.Err.Error()
	}
	if errors.Is(err, fs.ErrPermission) {
		return err.Error() + ": let in the user that twind runs as, or of an SFTP server the one that it logs in as"
	}
	return err.Error()
}
