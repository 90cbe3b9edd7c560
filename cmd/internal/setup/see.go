package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/link"
)

// account is the user that the installer makes.
const account = "twin"

// A Rim looks at this machine and changes it.
type Rim struct {
	File    string // twin.toml
	Systemd string // the directory that is there where systemd runs
}

// Existing reads the configuration that is there, nil if there is none.
func (r Rim) Existing() (*config.Config, error) {
	c, err := config.Load(r.File, config.Source{}, collector.Kinds())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // none
	}
	return c, err
}

// See looks at what the goal is about. It changes nothing.
func (r Rim) See(ctx context.Context, g Goal) (Seen, error) {
	s := Seen{Root: os.Geteuid() == 0}
	var err error
	if s.Config, err = r.Existing(); err != nil {
		return s, err
	}
	if !s.Root {
		if err := app.BecomeOwner(g.Data); err != nil { // refuses whoever is not
			return s, err
		}
	}
	if s.Owner, s.Data, err = owner(g.Data); err != nil {
		return s, err
	}
	s.Secret = readSecret(g.SecretFile, s.Owner.UID)
	s.Pinned = g.Pin == nil || link.Pinned(g.Pin.File, g.Pin.Address) == nil
	if s.Self, err = identity(ctx, g.Data, s.Owner); err != nil {
		return s, err
	}
	if s.Root {
		s.Service = r.service(ctx)
	}
	return s, nil
}

// owner is who has the data directory or, before it is there, is to have it.
func owner(data string) (u User, there bool, err error) {
	info, err := os.Stat(data)
	if err == nil && !info.IsDir() {
		return u, false, fmt.Errorf("data directory %s: is not a directory", data)
	}
	if err == nil {
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return u, false, fmt.Errorf("data directory %s: its owner cannot be told", data)
		}
		u = User{strconv.Itoa(int(stat.Uid)), int(stat.Uid), int(stat.Gid)}
		if known, err := user.LookupId(u.Name); err == nil {
			u.Name = known.Username
		}
		return u, true, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return u, false, fmt.Errorf("data directory: %w", err)
	}
	me, err := user.Current()
	if err != nil {
		return u, false, err
	}
	if os.Geteuid() == 0 {
		if twin, err := user.Lookup(account); err == nil {
			me = twin
		}
	}
	u.Name = me.Username
	u.UID, err = strconv.Atoi(me.Uid)
	if err == nil {
		u.GID, err = strconv.Atoi(me.Gid)
	}
	return u, false, err
}

// Kept returns the secret that stands in the file already, "" if it has to be
// given.
func (r Rim) Kept(path, data string) string {
	u, _, err := owner(data)
	if err != nil {
		return ""
	}
	return readSecret(path, u.UID)
}

// readSecret returns what the file holds, if it is the owner's alone.
func readSecret(path string, uid int) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o177 != 0 || info.Size() > maxSecret {
		return ""
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != uid {
		return ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if CheckSecret(secret) != nil {
		return ""
	}
	return secret
}

// identity returns who this server is, nil before init has come to its end.
func identity(ctx context.Context, dir string, u User) (self *node.Self, err error) {
	if _, err := os.Stat(filepath.Join(dir, node.File)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nobody yet
	}
	err = app.As(u.UID, u.GID, func() error {
		data, err := app.OpenData(ctx, dir, store.Use)
		if err != nil {
			return err
		}
		s, err := data.Node.Self(ctx)
		self = &s
		return errors.Join(err, data.Close())
	})
	if errors.Is(err, node.ErrNotInitialized) || errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // cut short
	}
	if err != nil {
		return nil, err
	}
	return self, nil
}

// service asks systemd for twind. A unit that runs another configuration is
// none of ours.
func (r Rim) service(ctx context.Context) Service {
	if _, err := os.Stat(r.Systemd); err != nil {
		return Service{}
	}
	out, err := exec.CommandContext(ctx, "systemctl", "show", "twind.service", "--property=LoadState,ActiveState,UnitFileState,ExecStart").Output()
	if err != nil {
		return Service{}
	}
	has := func(line string) bool { return strings.Contains("\n"+string(out)+"\n", "\n"+line+"\n") }
	return Service{
		There:  has("LoadState=loaded") && strings.Contains(string(out), "--config "+r.File+" "),
		Active: has("ActiveState=active") && has("UnitFileState=enabled"),
	}
}
