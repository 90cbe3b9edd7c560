// Package reach opens the directories of other machines for the feeds that read
// them, by the rules of the link between the twins.
package reach

import (
	"context"
	"errors"
	"io/fs"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/sync/link"
)

// Open is feed.Config's Reach.
func Open(ctx context.Context, r feed.Remote) (feed.Storage, error) {
	s, err := link.DialStorage(ctx, link.Target{Address: r.Address, Identity: r.KeyFile, KnownHosts: r.KnownHosts}, link.Options{})
	if err != nil {
		return nil, meant(err)
	}
	return storage{s}, nil
}

// storage is a directory's server, whose errors mean to a feed what they should.
type storage struct{ *link.Storage }

// Open implements feed.Library.
func (s storage) Open(ctx context.Context, path string) (feed.File, error) {
	f, err := s.Storage.Open(ctx, path)
	if err != nil {
		return nil, meant(err)
	}
	return file{f}, nil
}

// List implements feed.Library.
func (s storage) List(ctx context.Context, dir string, each func(fs.FileInfo) error) error {
	return meant(s.Storage.List(ctx, dir, each))
}

// Rename implements feed.Mover.
func (s storage) Rename(ctx context.Context, from, to string) error {
	return meant(s.Storage.Rename(ctx, from, to))
}

// Remove implements feed.Mover.
func (s storage) Remove(ctx context.Context, path string) error {
	return meant(s.Storage.Remove(ctx, path))
}

// Create implements feed.Mover.
func (s storage) Create(ctx context.Context, path string, text []byte) error {
	return meant(s.Storage.Create(ctx, path, text))
}

// file is one that is open there.
type file struct{ *link.StoredFile }

// ReadAt implements io.ReaderAt.
func (f file) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.StoredFile.ReadAt(p, at)
	return n, meant(err)
}

// Stat implements feed.File.
func (f file) Stat() (fs.FileInfo, error) {
	info, err := f.StoredFile.Stat()
	return info, meant(err)
}

// meant makes a *feed.Lost of what says that the server is away, or that it is
// not to be trusted; any other error is about a file and stays.
func meant(err error) error {
	for _, m := range []struct {
		known  error
		reason feed.Reason
	}{
		{link.ErrHostKey, feed.Refused},
		{link.ErrIdentity, feed.Refused},
		{link.ErrRefused, feed.Refused},
		{link.ErrProtocol, feed.Refused},
		{link.ErrMute, feed.Mute},
		{link.ErrFrozen, feed.Mute},
		{link.ErrUnreachable, feed.Unreachable},
		{link.ErrLost, feed.Unreachable},
	} {
		if errors.Is(err, m.known) {
			return &feed.Lost{Reason: m.reason, Err: err}
		}
	}
	return err
}
