package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// Data is an open data directory: this server's databases.
type Data struct {
	Dir     string
	History *history.DB
	Node    *node.DB
}

// OpenData opens the databases of the directory, all or none. Verbs use them
// as they are; only twind at its start may bring an older schema up to date.
func OpenData(ctx context.Context, dir string, mode store.Mode) (*Data, error) {
	if _, err := os.Stat(filepath.Join(dir, node.File)); errors.Is(err, fs.ErrNotExist) && mode != store.Create {
		return nil, fmt.Errorf("%s: %w", dir, node.ErrNotInitialized)
	}
	d := &Data{Dir: dir}
	var err error
	if d.Node, err = node.Open(ctx, filepath.Join(dir, node.File), mode); err != nil {
		return nil, err
	}
	if d.History, err = history.Open(ctx, filepath.Join(dir, history.File), mode); err != nil {
		return nil, errors.Join(err, d.Node.Close())
	}
	return d, nil
}

// Close closes the databases.
func (d *Data) Close() error {
	return errors.Join(d.History.Close(), d.Node.Close())
}

// Init makes the data directory and its databases, and gives the server its
// identity. A second time it is node.ErrInitialized and changes nothing.
func Init(ctx context.Context, dir, name string, role node.Role) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return denied(fmt.Errorf("data directory: %w", err))
	}
	data, err := OpenData(ctx, dir, store.Create)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	return data.Node.Init(ctx, name, role)
}
