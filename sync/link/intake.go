package link

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pkg/sftp"
)

// Filewrite begins an upload, if the tree takes any and none is under way.
// To add to something, to empty it, to read it too and to demand that it is
// new are all refused: what an upload is for stands in its path.
func (s *shelf) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	if s.create == nil || r.Pflags() != (sftp.FileOpenFlags{Write: true, Creat: true}) {
		return nil, sftp.ErrSSHFxPermissionDenied
	}
	name, err := named(r)
	if err != nil {
		return nil, refusal(err)
	}
	if !s.take() {
		return nil, refusal(errors.New("an upload is under way: a session may have no more"))
	}
	upload, err := s.create(name)
	if err != nil {
		s.taken()
		return nil, refusal(err)
	}
	return s.intake(upload), nil
}

func (s *shelf) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.taking
	s.taking = true
	return !was
}

func (s *shelf) taken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taking = false
}

// An intake is an upload as the library writes to it. One that failed once has
// failed: no later write makes good for it, nor does its end.
type intake struct {
	upload Upload
	until  time.Time
	idle   *time.Timer
	done   func()

	mu  sync.Mutex
	err error
}

func (s *shelf) intake(upload Upload) *intake {
	return &intake{
		upload: upload, until: time.Now().Add(maxLast), done: s.taken,
		idle: time.AfterFunc(maxIdle, func() {
			s.frozen(fmt.Errorf("%w: an upload lies unfinished", ErrFrozen))
		}),
	}
}

// WriteAt hands a piece on. The library turns an offset of 2^63 and more into
// a negative one.
func (i *intake) WriteAt(p []byte, at int64) (int, error) {
	i.idle.Reset(min(maxIdle, time.Until(i.until)))
	if err := i.failed(nil); err != nil {
		return 0, refusal(err)
	}
	if at < 0 || at > maxReach-int64(len(p)) || len(p) > packet {
		return 0, refusal(i.failed(fmt.Errorf("%d bytes at %d: an upload takes %d at once, and reaches to %d", len(p), at, packet, maxReach)))
	}
	n, err := i.upload.WriteAt(p, at)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, refusal(i.failed(err))
	}
	return n, nil
}

// failed notes an error, and returns the first.
func (i *intake) failed(err error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err == nil {
		i.err = err
	}
	return i.err
}

// Close ends the upload, also when the session ends.
func (i *intake) Close() error {
	defer i.done()
	i.idle.Stop()
	if err := i.failed(i.upload.Close()); err != nil {
		return refusal(err)
	}
	return nil
}
