package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// ErrNoHistory is returned when history.db is gone.
var ErrNoHistory = errors.New("the history is missing")

// Data is an open data directory: this server's databases.
type Data struct {
	Dir     string
	History *history.DB
	Node    *node.DB
	Admin   *admin.DB
}

// OpenData opens the databases of the directory, all or none. Verbs use them
// as they are; only twind at its start, init and a restore may bring an older
// schema up to date, which is copied first.
func OpenData(ctx context.Context, dir string, mode store.Mode) (*Data, error) {
	if _, err := os.Stat(filepath.Join(dir, backup.SwapFile)); err == nil {
		return nil, cli.Fail(cli.Halted, fmt.Errorf("%s: a restore was cut off while it put files in their places", dir), "twinctl backup restore --resume")
	}
	if _, err := os.Stat(filepath.Join(dir, node.File)); errors.Is(err, fs.ErrNotExist) && mode != store.Create {
		return nil, fmt.Errorf("%s: %w", dir, node.ErrNotInitialized)
	}
	if mode != store.Use {
		if err := keepBefore(ctx, dir); err != nil {
			return nil, goingBack(ctx, dir, err)
		}
	}
	d, err := openAll(ctx, dir, mode)
	if err != nil {
		return nil, goingBack(ctx, dir, err)
	}
	return d, nil
}

func openAll(ctx context.Context, dir string, mode store.Mode) (*Data, error) {
	d := &Data{Dir: dir}
	var err error
	if d.Node, err = node.Open(ctx, filepath.Join(dir, node.File), mode); err != nil {
		return nil, err
	}
	if err := d.needHistory(ctx, mode); err != nil {
		return nil, errors.Join(err, d.Node.Close())
	}
	if d.Admin, err = openAdmin(ctx, dir, d.Node, mode); err != nil {
		return nil, errors.Join(err, d.Node.Close())
	}
	if d.History, err = history.Open(ctx, filepath.Join(dir, history.File), mode); err != nil {
		return nil, errors.Join(err, d.Admin.Close(), d.Node.Close())
	}
	return d, nil
}

// needHistory refuses to go on where the identity is there and the history is
// not: an empty one in its place would look like a server that never heard
// anything. Only a server that is being made has none.
func (d *Data) needHistory(ctx context.Context, mode store.Mode) error {
	path := filepath.Join(d.Dir, history.File)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil // opening it tells
	}
	err := lost(ctx, d.Node, fmt.Errorf("%s: %w", path, ErrNoHistory), "--empty-history")
	switch {
	case errors.Is(err, ErrNoHistory):
		return err
	case errors.Is(err, node.ErrNotInitialized) && mode == store.Create:
		return nil
	}
	return fmt.Errorf("%s: %w", d.Dir, err)
}

// lost says of a database that is gone whose it was, and by which flag of init
// that server can begin an empty one.
func lost(ctx context.Context, n *node.DB, what error, flag string) error {
	self, err := n.Self(ctx)
	if err != nil {
		return err
	}
	return cli.Fail(cli.Untrusted, fmt.Errorf("%w, and %s is %s already", what, self.Name, self.Role),
		fmt.Sprintf("put it back from a copy; or begin an empty one: twinctl init --role %s %s", self.Role, flag))
}

// NewHistory makes an empty history for a server that has lost its own. It
// refuses where there is one, or where twind runs.
func NewHistory(ctx context.Context, dir string) error {
	return anew(dir, history.File, "an empty history", func(path string) (io.Closer, error) {
		return history.Open(ctx, path, store.Create)
	})
}

// anew makes a database that a server has lost, which is called what.
func anew(dir, file, what string, create func(path string) (io.Closer, error)) (err error) {
	held, err := lock(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	path := filepath.Join(dir, file)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return cli.Fail(cli.Refused, fmt.Errorf("%s is there: %s is only for a server that has none; nothing was changed", path, what),
			fmt.Sprintf("move %[1]s, %[1]s-wal and %[1]s-shm away first", file))
	}
	made, err := create(path)
	if err != nil {
		return err
	}
	return made.Close()
}

// Close closes the databases.
func (d *Data) Close() error {
	return errors.Join(d.History.Close(), d.Admin.Close(), d.Node.Close())
}

// Initialized tells whether a data directory holds a server's identity.
func Initialized(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, node.File))
	return err == nil
}

// Init makes the data directory and its databases, and gives the server its
// identity. A second time it is node.ErrInitialized and changes nothing.
func Init(ctx context.Context, dir, name string, role node.Role) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Denied(fmt.Errorf("data directory: %w", err))
	}
	data, err := OpenData(ctx, dir, store.Create)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	if err := data.Node.Init(ctx, name, role); err != nil {
		return err
	}
	return data.Node.SetAdministered(ctx)
}
