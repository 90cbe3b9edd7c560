package link

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/sync/errgroup"
)

// inFlight is how many packets of an upload wait for their answers at once: as
// much as an SSH channel lets through.
const inFlight = slab / packet

// Put sends size bytes, from their first on, to what the twin's tree makes of
// path. It returns nil only when the twin has taken all of them and has ended
// the upload without an error of its own; what its tree returned is a
// *RemoteError. ctx is for all of it; whatever it allows, a twin that answers
// to nothing for Options.Answer is ErrFrozen. Of an upload that was cut
// (ErrLost) the twin may have any part, or all. from is read by several
// goroutines at once, and by none of them when Put has returned, unless ctx or
// the link ended. A client sends one file at a time: the next waits its turn.
//
// When ctx ends, the files that are open at that time are lost; calls are not.
func (c *Client) Put(ctx context.Context, path string, from io.ReaderAt, size int64) error {
	what := "upload " + shorten(path)
	if size < 0 {
		return fmt.Errorf("%s: %d bytes", what, size)
	}
	select {
	case c.putting <- struct{}{}:
		defer func() { <-c.putting }()
	case <-ctx.Done():
		return c.late(fmt.Errorf("%s: %w", what, ctx.Err()), what)
	case <-c.done:
		return about(c.target, c.cause)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	patience := time.AfterFunc(c.options.Answer, func() { end(context.DeadlineExceeded) })
	defer patience.Stop()
	err := c.put(ctx, delivery{
		path: path, from: from, size: size,
		heard: func() { patience.Reset(c.options.Answer) },
	})
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return c.late(fmt.Errorf("%s: %w", what, c.whole(err)), what)
	}
	return nil
}

func (c *Client) put(ctx context.Context, d delivery) error {
	end, err := c.fileEnd(ctx)
	if err != nil {
		return err
	}
	err = c.within(ctx, func() error { return d.to(ctx, end) })
	if err != nil && ctx.Err() != nil {
		end.leave()
	}
	return err
}

// A delivery is a file on its way.
type delivery struct {
	path  string
	from  io.ReaderAt
	size  int64
	heard func() // called with each answer
}

// to sends it. The upload is ended also when it failed, so that the twin has
// room for the next.
func (d delivery) to(ctx context.Context, end *fileEnd) error {
	f, err := end.sftp.OpenFile(d.path, os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return remote(err)
	}
	d.heard()
	err = d.send(ctx, f)
	closed := f.Close()
	if err == nil && closed != nil {
		err = remote(closed)
	}
	return err
}

func (d delivery) send(ctx context.Context, f *sftp.File) error {
	var next atomic.Int64
	senders, ctx := errgroup.WithContext(ctx)
	for range min(inFlight, (d.size+packet-1)/packet) {
		senders.Go(func() error {
			buf := make([]byte, packet)
			for ctx.Err() == nil {
				at := next.Add(packet) - packet
				if at >= d.size {
					return nil
				}
				if err := d.piece(f, buf[:min(packet, d.size-at)], at); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return senders.Wait()
}

// piece sends what stands at a place, and waits for the answer.
func (d delivery) piece(f *sftp.File, buf []byte, at int64) error {
	if n, err := d.from.ReadAt(buf, at); n < len(buf) {
		return fmt.Errorf("what is to be sent ends after %d of %d bytes: %w", at+int64(n), d.size, err)
	}
	if _, err := f.WriteAt(buf, at); err != nil {
		return remote(err)
	}
	d.heard()
	return nil
}
