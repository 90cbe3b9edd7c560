package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/switchover"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/timetable/task"
)

const (
	writeWithin = 2 * time.Second // a disk that takes longer for a small file does not answer
	readWithin  = 2 * time.Second // likewise, for what stands in node.db
)

// A Bedside answers for a server however it does: what it tells and does needs no
// file of data.
type Bedside struct {
	Config *config.Config
	Node   *node.DB // nil: it cannot be opened
	Why    error    // why it cannot

	keeper *timekeeper // of this twind; nil: it is another process, if any
}

// isFence tells of the verbs that a Bedside answers.
func isFence(verb string) bool { return verb == switchover.VerbSight || verb == switchover.VerbFence }

// Answer implements link.Handler, for who was let in.
func (b Bedside) Answer(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	var call roleCall
	if err := json.Unmarshal(args, &call); err != nil {
		return nil, remote(cli.Usage, err)
	}
	switch verb {
	case switchover.VerbSight:
		return b.vitals(ctx), nil
	case switchover.VerbFence:
		var q switchover.FenceQuestion
		if err := json.Unmarshal(call.Ask, &q); err != nil {
			return nil, remote(cli.Usage, err)
		}
		done, err := b.fence(ctx, q)
		if err != nil {
			return nil, remote(cli.Verdict(err), err)
		}
		return done, nil
	}
	return nil, remote(cli.Failed, fmt.Errorf("the files of %s cannot be used: %w", b.Config.Name, b.Why))
}

// Open implements link.Tree: there is nothing.
func (Bedside) Open(context.Context, string) (link.File, error) { return nil, os.ErrNotExist }

// Serve runs one session of the link on rw until it is over.
func (b Bedside) Serve(ctx context.Context, s link.Session, rw io.ReadWriter) error {
	if s != link.Control {
		return fmt.Errorf("%w %q: the files of %s cannot be used: %w", link.ErrCommand, s, b.Config.Name, b.Why)
	}
	return link.ServeControl(ctx, rw, b, link.Options{})
}

// vitals tells how this server does.
func (b Bedside) vitals(ctx context.Context) switchover.Vitals {
	v := switchover.Vitals{Name: b.Config.Name, PID: os.Getpid()}
	if b.keeper == nil {
		v.PID = Running(b.Config.Data)
		v.Stopped = v.PID != 0 && stopped(v.PID)
	}
	said := b.read(ctx, &v)
	v.Store, v.StoreText = writable(ctx, b.Config.Data)
	if v.Store == switchover.StoreOK && v.PID != 0 && (said == switchover.StoreFull || said == switchover.StoreFailed) {
		v.Store, v.StoreText = said, "its twind cannot store what it hears: "+said
	}
	if v.Fence != nil {
		v.Harmless = b.harmless(ctx, v.PID)
	}
	return v
}

// read adds what stands in node.db, and returns how twind says that it can store.
func (b Bedside) read(ctx context.Context, v *switchover.Vitals) (store string) {
	v.Fence = readFence(b.Config.Data)
	if b.Node == nil {
		v.Unread = clip(b.Why.Error())
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	self, err := b.Node.Self(ctx)
	if err != nil {
		v.Unread = clip(err.Error())
		return ""
	}
	v.Server, v.Role, v.Epoch, v.Seen = self.Server, self.Role, self.Epoch, self.EpochSeen
	if !fences(v.Fence, self) {
		v.Fence = nil
	}
	said, err := b.Node.Activity(ctx)
	if err != nil || v.PID == 0 || said.PID != v.PID {
		return ""
	}
	v.SilentS = max(0, int64(time.Since(said.At.Time())/time.Second))
	var doc node.Document
	if json.Unmarshal(said.Doc, &doc) != nil {
		return ""
	}
	return doc.Store
}

// harmless says why a fence has not come too late, "" if it may have.
func (b Bedside) harmless(ctx context.Context, pid int) string {
	switch {
	case b.keeper != nil:
		if b.keeper.harmless(ctx) != nil {
			return ""
		}
		return "and its twind starts nothing that needs the role"
	case pid == 0:
		return "and its twind is gone"
	case dying(pid):
		return "and its twind was killed"
	}
	return ""
}

// writable tells whether a directory can be written, by writing.
func writable(ctx context.Context, dir string) (store, text string) {
	tried := make(chan error, 1)
	go func() { tried <- tryWrite(dir) }()
	select {
	case err := <-tried:
		switch {
		case err == nil:
			return switchover.StoreOK, ""
		case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
			return switchover.StoreFull, clip(err.Error())
		case errors.Is(err, unix.EROFS):
			return switchover.StoreReadOnly, clip(err.Error())
		}
		return switchover.StoreFailed, clip(err.Error())
	case <-time.After(writeWithin):
		return switchover.StoreFailed, fmt.Sprintf("%s: a small file is not written within %s", dir, writeWithin)
	case <-ctx.Done():
		return switchover.StoreFailed, ctx.Err().Error()
	}
}

func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".write-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 64<<10))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close(), os.Remove(f.Name())); err != nil {
		return err
	}
	return hasRoom(dir)
}

// hasRoom tells whether a disk has room for records: what is kept back on it has
// no length once twind has given it up.
func hasRoom(dir string) error {
	free, err := store.Free(dir)
	if err == nil && !roomy(fileSize(filepath.Join(dir, reserveName)), free) {
		err = fmt.Errorf("%s: %d KiB are free: %w", dir, free>>10, unix.ENOSPC)
	}
	return err
}

// roomy is what hasRoom asks: a server that lives on its last MiB is no primary
// to rely on, though the next small file may find room.
func roomy(kept, free int64) bool { return kept > 0 || free >= spare+store.ReserveSize }

// fence keeps this server from acting as primary, whoever it is.
func (b Bedside) fence(ctx context.Context, q switchover.FenceQuestion) (done switchover.Fenced, err error) {
	f := switchover.Fence{Server: q.Server, Epoch: q.Epoch, By: q.By, Reason: q.Reason, At: record.At(time.Now())}
	if err := f.Check(); err != nil {
		return done, cli.Fail(cli.Usage, err, "")
	}
	if err := b.isMeant(ctx, f); err != nil {
		return done, err
	}
	if err := setFence(b.Config.Data, f); err != nil {
		return done, err
	}
	done.Fence = f
	if b.keeper != nil {
		done.PID, done.Twind = os.Getpid(), switchover.TwindObeys
		return done, b.keeper.harmless(ctx)
	}
	if done.PID, done.Twind, err = endTwind(ctx, b.Config.Data); err != nil {
		return done, err
	}
	done.Tasks = b.tasks(ctx)
	b.audit(ctx, f)
	return done, nil
}

// isMeant refuses a fence for another server, or of an epoch that it has passed.
func (b Bedside) isMeant(ctx context.Context, f switchover.Fence) error {
	if b.Node == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	self, err := b.Node.Self(ctx)
	switch {
	case err != nil:
		return nil // it cannot be told: whose files cannot be read must not act
	case f.Server != self.Server:
		return cli.Fail(cli.Untrusted, fmt.Errorf("the fence is for another server than %s", b.Config.Name), "")
	case !fences(&f, self):
		return cli.Fail(cli.Refused, fmt.Errorf("%s has seen epoch %d already", b.Config.Name, self.EpochSeen), "")
	}
	return self.CheckEpoch(f.Epoch)
}

// tasks waits for what twind ran, which ends with it, and says what is left.
func (b Bedside) tasks(ctx context.Context) string {
	ctx, cancel := context.WithTimeoutCause(ctx, tasksWithin, fmt.Errorf("after %s", tasksWithin))
	defer cancel()
	if err := (task.Runner{Dir: filepath.Join(b.Config.Data, runsDir)}).Settle(ctx); err != nil {
		return "whether what it ran has ended is not known: " + err.Error()
	}
	return ""
}

// audit writes it down where that can be done: the fence itself is what counts.
func (b Bedside) audit(ctx context.Context, f switchover.Fence) {
	if b.Node == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	act := node.Act{Actor: f.By, Verb: "role.fence", Target: b.Config.Name, Detail: f}
	_ = b.Node.Audit(ctx, act) // as on a full disk
}
