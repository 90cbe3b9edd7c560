package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/sync/link"
)

// Attend runs one session of the link on rw until it is over. Each question is
// answered by the peer that there is then: a session of the twin lasts for days,
// and a configuration need not.
func Attend(ctx context.Context, now func() Peer, s link.Session, rw io.ReadWriter) error {
	switch s {
	case link.Control:
		return link.ServeControl(ctx, rw, attendant(now), link.Options{})
	case link.Files:
		return link.ServeFiles(ctx, rw, attendant(now), link.Options{})
	}
	return fmt.Errorf("%w %q", link.ErrCommand, s)
}

// An attendant returns the peer that there is now.
type attendant func() Peer

// Answer implements link.Handler.
func (now attendant) Answer(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	return now().Answer(ctx, verb, args)
}

// Open implements link.Tree.
func (now attendant) Open(ctx context.Context, path string) (link.File, error) {
	return now().Open(ctx, path)
}

// Create implements link.Taker.
func (now attendant) Create(ctx context.Context, path string) (link.Upload, error) {
	return now().Create(ctx, path)
}

// A Renewal is the configuration of a process that nobody tells to read it again:
// it looks itself whether the file is another.
type Renewal struct {
	read func() (*config.Config, error)
	log  *slog.Logger

	mu  sync.Mutex
	cfg *config.Config
	is  stamp
}

// A stamp tells one state of a file from another.
type stamp struct {
	size  int64
	since time.Time
}

// Renew returns one that has read cfg, and reads it anew by read.
func Renew(cfg *config.Config, read func() (*config.Config, error), log *slog.Logger) *Renewal {
	return &Renewal{read: read, log: log, cfg: cfg} // the first look reads: cfg may be older than the file is now
}

// Now returns the configuration as the file says now. One that is wrong, or of
// another server, changes nothing, and is logged once.
func (r *Renewal) Now() *config.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	info, err := os.Stat(r.cfg.File)
	if err != nil {
		return r.cfg // it is being replaced, or a person will miss it elsewhere
	}
	is := stamp{info.Size(), info.ModTime()}
	if is == r.is {
		return r.cfg
	}
	r.is = is
	cfg, err := r.read()
	switch {
	case err != nil:
		r.log.Error("configuration not read again, the old one stays", "err", err)
	case cfg.Name != r.cfg.Name || cfg.Data != r.cfg.Data:
		r.log.Warn("the configuration is that of another server now: the twin is answered by the old one", "name", cfg.Name, "data", cfg.Data)
	default:
		r.cfg = cfg
	}
	return r.cfg
}
