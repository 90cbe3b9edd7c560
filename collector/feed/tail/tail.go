// Package tail follows a file that somebody else writes, line by line, through
// its rotations.
//
// The eight questions that package feed asks of a kind:
//
//   - The time stands where the format says. A line without a readable one is
//     rejected.
//   - The canonical bytes are the line without its line feed, a carriage return
//     before that, and NUL bytes at its beginning. Empty lines are nothing.
//   - A file says nothing twice, so identical lines of one time are numbered,
//     anew in each file. A restart numbers on as if it had never been: the
//     position says from where on lines must be read again and only counted.
//   - End of file, seen at a time of our clock, proves coverage up to two
//     seconds before; a line whose end is not yet written holds that back to
//     two seconds before its beginning was first seen.
//   - A file speaks in order of time.
//   - The position names the file (by inode, and by the beginning of what it
//     holds), how far it was read, and the last line that became a record. A
//     file with a reused inode, or that was cut and has grown again, shows
//     itself by these.
//   - A file cannot be mute, but a file system can: a call that hangs in it for
//     ten seconds ends the session. So does a file that is away for as long, or
//     cannot be read. When it is back and the place is found again, nothing was
//     missed and no gap remains.
//   - The writer never waits; a full queue lets the rest lie in the file.
//
// # Network mounts
//
// NFS and its like keep attributes for up to a minute, so that a file seems not
// to grow while it does, and its end proves what it does not. Mount with
// actimeo=1: attributes are then younger than the two seconds that a proof
// stays behind.
//
// # Rotation
//
// One process is taken to write. Its first byte in a new file of the name
// shows that it has left the old one, which is then read to its end. A last
// line that it left there unfinished is half a line: it is rejected, never
// stored. Until then an empty new file changes nothing.
//
// Of files that were rotated while nobody looked, those beside the path are
// read in the order of their last change, if their name begins like the
// path's and they are not compressed. One that was, or was moved to a name
// that rotation does not give, and was written after what was read last, makes
// a gap. (What compresses must keep the time of the last change, as gzip, xz,
// zstd, bzip2 and logrotate do: otherwise each rotation makes one.)
//
// A file that was empty when it was last seen is known by its inode alone.
// Whether it was written and cut down again since, without leaving a copy,
// nobody can tell.
//
// Where rotation copies the file and cuts the original down, the copy is found
// and read to its end. What is written between the copy and the cut is lost to
// everyone. If there is no copy, or it was compressed already, the stretch
// since end of file was last seen becomes a gap.
package tail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

const (
	pollEvery = 200 * time.Millisecond
	behind    = 2 * time.Second // what a writer may hold back: coverage is proven up to this long ago
)

// options are the keys that this kind alone understands.
type options struct {
	Path string `toml:"path"` // of the file, absolute
}

// Kind describes following a file.
func Kind() feed.Kind {
	return feed.Kind{
		Name:    "tail",
		Code:    2,
		Formats: []string{"queue_log", "cdr_csv", "smdr", "text"}, // those that somebody appends lines of to a file
		Resumes: true,
		Suffix:  "\n",
		Options: func() any { return &options{} },
		Open:    open,
	}
}

// source is a file to follow.
type source struct {
	path   string
	limit  int
	format feed.Format
	log    *slog.Logger
}

func open(c feed.Config) (feed.Source, error) {
	own, ok := c.Own.(*options)
	if !ok {
		return nil, fmt.Errorf("options are %T, not those of kind tail", c.Own)
	}
	switch {
	case own.Path == "":
		return nil, &feed.KeyError{Key: "path", Err: errors.New("missing: say which file to follow")}
	case !filepath.IsAbs(own.Path):
		return nil, &feed.KeyError{Key: "path", Err: fmt.Errorf("%q is not absolute: begin it with /", own.Path)}
	}
	return &source{path: filepath.Clean(own.Path), limit: c.FrameLimit, format: c.Format, log: c.Log}, nil
}

// Run follows the file until ctx ends. Whatever is wrong with the file is told
// to q, waited for and tried again. It returns an error if the follower hangs
// in the file system, which no call can be got out of: it is left behind there,
// and will say nothing any more.
func (s *source) Run(ctx context.Context, from feed.Start, q *feed.Queue) error {
	defer q.End(feed.Stopped, nil)
	v := feed.NewVoice(q, ctx.Done())
	f, err := newFollower(s, from, v)
	if err != nil {
		return err
	}
	return v.Attend(ctx, s.path, s.log, func() {
		defer f.close()
		f.run(ctx)
	})
}
