package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// Do does a step that changes something. It is not cut short by ctx, which is
// looked at between the steps.
func (r Rim) Do(ctx context.Context, step Step, g Goal, s Seen) error {
	u := s.Owner
	if !s.Root {
		u.UID, u.GID = -1, -1 // ours as it is made
	}
	switch step.Do {
	case MakeData:
		return makeDir(g.Data, 0o700, u.UID, u.GID)
	case WriteSecret:
		if err := r.makeHome(s); err != nil {
			return err
		}
		return file{g.SecretFile, g.Secret + "\n", 0o600, u.UID, u.GID}.replace()
	case PinHost:
		return r.pin(g.Pin, s)
	case WriteConfig:
		if err := r.makeHome(s); err != nil {
			return err
		}
		return file{g.File, g.Text, 0o640, rootOr(s), u.GID}.create()
	case Init:
		err := app.As(s.Owner.UID, s.Owner.GID, func() error {
			_, err := app.InitWhole(ctx, g.Data, g.Name, node.Role(g.Role))
			return err
		})
		if errors.Is(err, node.ErrInitialized) {
			return nil
		}
		return err
	case Start:
		out, err := exec.CommandContext(ctx, "systemctl", "enable", "--now", "twind").CombinedOutput()
		if err != nil {
			return fmt.Errorf("systemctl enable --now twind: %w: %s", err, strings.TrimSpace(string(out)))
		}
		return nil
	case Examine, Show: // they change nothing
	}
	return fmt.Errorf("step %q: does not change anything", step.Do)
}

// makeHome makes the directory of the configuration.
func (r Rim) makeHome(s Seen) error {
	gid := -1
	if s.Root {
		gid = s.Owner.GID
	}
	return makeDir(filepath.Dir(r.File), 0o750, rootOr(s), gid)
}

func rootOr(s Seen) int {
	if s.Root {
		return 0
	}
	return -1
}

// A Stage is a place of our own where answers are tried before anything is
// written where it belongs.
type Stage struct{ dir string }

// NewStage makes one; Close takes it away.
func NewStage() (*Stage, error) {
	dir, err := os.MkdirTemp("", "twin-setup-")
	if err != nil {
		return nil, err
	}
	st := &Stage{dir}
	if err := os.WriteFile(st.secret(), []byte("none yet\n"), 0o600); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

// Close removes the stage with what is in it.
func (st *Stage) Close() error { return os.RemoveAll(st.dir) }

func (st *Stage) secret() string { return filepath.Join(st.dir, "secret") }

func (st *Stage) hosts() string { return filepath.Join(st.dir, "known_hosts") }

// Check returns all that is wrong with the answers, those that are missing too, but
// for the feed's name.
func (st *Stage) Check(file string, a Answers) config.Problems {
	if a["feed.name"] == "" { // by it a problem is known to be the feed's
		a = maps.Clone(a)
		a["feed.name"] = "feed"
	}
	c, err := config.Check(file, Render(a, st.secret()), collector.Kinds())
	wrong := config.AsProblems(err)
	if err == nil {
		for i := range c.Feeds {
			wrong = append(wrong, c.Feeds[i].Check()...)
		}
	}
	return wrong
}

// Examine examines the feed's upstream with the rights of the owner, before or
// after the configuration is written.
func (st *Stage) Examine(ctx context.Context, a Answers, g Goal, s Seen) (checks []feed.Check, err error) {
	c := s.Config
	if c == nil {
		if a = maps.Clone(a); g.Pin != nil {
			a["feed.known_hosts_file"] = st.hosts()
		}
		if c, err = config.Check(g.File, Render(a, st.secret()), collector.Kinds()); err != nil {
			return nil, err
		}
	}
	f, ok := c.Feed(g.Feed)
	if !ok {
		return nil, fmt.Errorf("%s: there is no feed %q", g.File, g.Feed)
	}
	if s.Config != nil { // what is written later is on the stage
		f = st.stand(f, g, s)
	}
	if err := st.fill(g, s); err != nil {
		return nil, err
	}
	err = app.As(s.Owner.UID, s.Owner.GID, func() error {
		checks, err = app.Examine(ctx, f, true)
		return err
	})
	return checks, err
}

// stand returns the feed of a configuration with what is not yet where it says.
func (st *Stage) stand(f *config.Feed, g Goal, s Seen) *config.Feed {
	if g.SecretFile != "" && s.Secret != g.Secret {
		f = f.With("secret_file", st.secret())
	}
	if g.Pin != nil {
		f = f.With("known_hosts_file", st.hosts())
	}
	return f
}

// fill puts onto the stage what the feed needs to log in, for the owner to read.
func (st *Stage) fill(g Goal, s Seen) (err error) {
	if g.Secret != "" {
		err = os.WriteFile(st.secret(), []byte(g.Secret+"\n"), 0o600)
	}
	if g.Pin != nil {
		text, wrong := g.Pin.text()
		err = errors.Join(err, wrong, os.WriteFile(st.hosts(), []byte(text), 0o600))
		if s.Root {
			err = errors.Join(err, os.Lchown(st.hosts(), s.Owner.UID, s.Owner.GID))
		}
	}
	if s.Root {
		// The directory last: once it is theirs, what a path in it leads to is too.
		err = errors.Join(err, os.Lchown(st.secret(), s.Owner.UID, s.Owner.GID), os.Lchown(st.dir, s.Owner.UID, s.Owner.GID))
	}
	return err
}

// Offer returns what the twin must know of this server, as pair show does.
func (r Rim) Offer(ctx context.Context, s Seen, w app.Where) (offer pairing.Token, err error) {
	c, err := config.Load(r.File, config.Source{}, collector.Kinds())
	if err != nil {
		return offer, err
	}
	if u, there, err := owner(c.Data); err == nil && there {
		s.Owner = u
	}
	err = app.As(s.Owner.UID, s.Owner.GID, func() error {
		data, err := app.OpenData(ctx, c.Data, store.Use)
		if err != nil {
			return err
		}
		offer, err = app.Notary{Config: c, Node: data.Node}.Offer(ctx, w)
		return errors.Join(err, data.Close())
	})
	return offer, err
}

// Sshd tells whether the system's sshd has a host key to show.
func Sshd(w app.Where) bool {
	_, err := os.Stat(app.HostKeyFile(w))
	return !errors.Is(err, fs.ErrNotExist)
}
