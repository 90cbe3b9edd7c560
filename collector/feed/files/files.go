// Package files reads the files that somebody puts into a directory, on this
// machine or on an SFTP server: looks again and again, and reads what is new.
//
// The eight questions that package feed asks of a kind:
//
//   - The time stands where the format says. A piece of a file without a
//     readable one is rejected.
//   - The canonical bytes are what the format's cutter makes of a file: a line
//     without its line end, as a rule. A file whose name ends with .gz is
//     unpacked first.
//   - A file says nothing twice: identical pieces of one time are numbered, anew
//     in each file, which is one delivery. A file that is read again from its
//     beginning gives the same keys, and they are stored once.
//   - A look at the directory after which every file was read to its end proves
//     coverage up to two seconds before it began, less the time that the upstream
//     takes from a record to the finished file (late). A file that was seen and is
//     not read to its end holds that back to the last look at which it was not
//     there. Nobody but who runs the upstream knows late, so it must be said: from
//     files alone a quiet hour cannot be told from one that is still to come.
//   - Files come in any order of time, of several nodes as it may be. What is
//     rejected is missing from what was proven when it was read.
//   - The position names the file that was read last, how far, and which files
//     are done with; see below.
//   - A directory cannot be mute, but what it lies on can: a call that hangs
//     there for ten seconds ends the session, and so does a directory that cannot
//     be read for as long. When it is back, nothing was missed and no gap remains.
//     Where silence says how long it may be that nothing new comes, whoever writes
//     the files is mute after that, and a gap lasts until the first record of what
//     comes then.
//   - The upstream never waits; a full queue lets the files lie.
//
// # Which files
//
// Regular files whose name fits mask. Those that are still being written are let
// be: their name begins or ends with _ or .part, or begins with a dot, or they
// were changed less than age ago. On this machine the time of the last change
// tells that; the clock of an SFTP server need not be ours, so there a file must
// have stayed the same for age while we looked. The oldest is read first, by the
// time of its last change, then by name, and at most read_limit at a look.
//
// The last line of a file may lack its line end. It is taken as it is when the
// file has not changed from one look to a next one that is ten seconds later.
//
// # What was read
//
// A file is told from others by its inode, or on a server its name, and by its
// size and the time of its last change. While twind runs, it knows all that is
// in the directory, so that a file which comes late, or is changed, is seen
// whatever its time. With each record is stored what a restart needs: how far
// the last file was read, which files the newest 256 are (eight bytes for each),
// and a time: what was changed last before it is taken for read. That time lies
// before all that is not read, and by late before the newest that is. A file
// that comes with an older one while twind does not run breaks what late
// promises; on this machine it is found all the same, by the time at which it
// came. Where more than 256 files came within late, a restart reads some of them
// again. None of that is ever counted twice. With another dir or mask all begins
// anew.
//
// A file that has grown is read on, in the delivery that it was; one that was
// replaced under its old name is another delivery, read from its beginning.
//
// # What becomes of them
//
// With after = "leave", the default, nothing is touched: two twins may read one
// directory. With "archive" and "delete" a file is moved into the directory
// archive, or removed, once all of it is stored. It may be moved into a
// directory of ours before it is read (stage), out of reach of who wrote it. All
// of these lie on the file system of dir, and outside of it.
//
// A file that cannot be read is tried again at the next look, retries times.
// Then it is given up: that is a gap. It is moved into the directory error, with
// the reason beside it, or with "leave" the reason is logged and shown, and the
// file is let be until it changes: touch it to have it read again. What was
// read of it is stored. A file of which some pieces were rejected goes to error
// too, at once: to read it again would not help, and to delete it would be a loss.
// So does one in which a line goes on without an end, for 64 MiB and for 64 times
// the longest line that is taken.
//
// A file that cannot be put away stays where it is, which is logged and shown; it
// is tried again at each look. Others are read meanwhile, unless 256 stay so.
package files

import (
	"context"
	"fmt"
	"log/slog"
	"path"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

const (
	behind     = 2 * time.Second  // coverage is proven up to this long before a look
	stillFor   = 10 * time.Second // a file that stayed the same so long has its last line end or never will
	maxDone    = 256              // files that the position names
	maxWait    = 4096             // files that are not read yet and are remembered from one look to the next
	maxKnown   = 1 << 17          // files that are read and are remembered from one look to the next
	maxStaying = 256              // files that are read, cannot be put away, and stop no others
	nextRound  = time.Second      // to the next look when more files lie there than are remembered
)

// Kind describes files in a directory.
func Kind() feed.Kind {
	return feed.Kind{
		Name:    "files",
		Code:    6,
		Resumes: true,
		Suffix:  "\n",
		Options: func() any {
			return &options{Mask: "*", Poll: "60s", Age: "10s", After: leave, Retries: 1}
		},
		Open: open,
	}
}

// source is a directory that is looked at.
type source struct {
	settings
	options feed.Options
	format  feed.Format
	log     *slog.Logger
	storage func(context.Context) (feed.Storage, error)
}

func open(c feed.Config) (feed.Source, error) {
	own, ok := c.Own.(*options)
	if !ok {
		return nil, fmt.Errorf("options are %T, not those of kind files", c.Own)
	}
	set, err := own.settle()
	if err != nil {
		return nil, err
	}
	s := &source{settings: set, options: c.Options, format: c.Format, log: c.Log}
	s.storage = func(context.Context) (feed.Storage, error) { return local{}, nil }
	if remote := set.remote; remote != nil {
		s.storage = func(ctx context.Context) (feed.Storage, error) { return c.Reach(ctx, *remote) }
	}
	return s, nil
}

// Run looks at the directory until ctx ends. Whatever is wrong with it is told
// to q, waited for and tried again. It returns an error if it hangs in the file
// system.
func (s *source) Run(ctx context.Context, from feed.Start, q *feed.Queue) error {
	defer q.End(feed.Stopped, nil)
	v := feed.NewVoice(q, ctx.Done())
	r, err := newReader(s, from, v)
	if err != nil {
		return err
	}
	return v.Attend(ctx, s.place, s.log, func() {
		defer r.close()
		r.run(ctx)
	})
}

// cut returns what cuts a file.
func (s *source) cut(src *content) feed.Cutter { return feed.NewCutter(s.options, src) }

// in returns the path of a file in a directory.
func in(dir, name string) string { return path.Join(dir, name) }
