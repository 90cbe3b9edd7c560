package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/timetable/task"
)

// ErrNotOwner is returned when the data directory belongs to somebody else.
var ErrNotOwner = errors.New("not the owner of the data directory")

// BecomeOwner makes this process run as the owner of the data directory, so
// that no file of another owner ever appears in it. Root becomes the owner;
// anybody else must be it. A directory that does not exist yet has no owner.
func BecomeOwner(data string) error {
	info, err := os.Stat(data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return Denied(fmt.Errorf("data directory: %w", err))
	}
	if !info.IsDir() {
		return cli.Fail(cli.Usage, fmt.Errorf("data directory %s: is not a directory: data must name one", data), "twinctl config show --origin")
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("data directory %s: its owner cannot be told", data)
	}
	owner, me := int(stat.Uid), os.Geteuid()
	switch {
	case owner == me:
		return nil
	case me == 0:
		return become(owner, int(stat.Gid))
	}
	return notOwner(data, userName(owner), spelledOut(os.Args, os.LookupEnv))
}

// As runs do with the effective rights of a user, which root alone can, and takes
// its own back. All threads have them meanwhile: nothing else may be under way.
func As(uid, gid int, do func() error) (err error) {
	if os.Geteuid() == uid {
		return do()
	}
	groups, err := syscall.Getgroups()
	if err != nil {
		return err
	}
	defer func() {
		back := errors.Join(syscall.Setresuid(-1, os.Getuid(), -1), syscall.Setresgid(-1, os.Getgid(), -1), syscall.Setgroups(groups))
		err = errors.Join(err, back)
	}()
	for _, step := range []error{syscall.Setgroups([]int{gid}), syscall.Setresgid(-1, gid, -1), syscall.Setresuid(-1, uid, -1)} {
		if step != nil {
			return fmt.Errorf("become user %d for a while: %w", uid, step)
		}
	}
	return do()
}

// notOwner refuses, with the line that would have done it.
func notOwner(data, owner string, line []string) error {
	err := fmt.Errorf("%w: %s belongs to %s", ErrNotOwner, data, owner)
	return cli.Fail(cli.Usage, err, "sudo -u "+owner+" "+strings.Join(line, " "))
}

// Denied adds to a refusal by the system how not to be refused: root becomes
// whoever may.
func Denied(err error) error {
	if !errors.Is(err, fs.ErrPermission) || os.Geteuid() == 0 {
		return err
	}
	return cli.Fail(cli.Usage, err, "sudo "+strings.Join(spelledOut(os.Args, os.LookupEnv), " "))
}

// spelledOut returns a command line that means the same without the environment,
// which sudo does not pass on.
func spelledOut(line []string, lookup func(string) (string, bool)) []string {
	named := func(word string) bool { return word == "--config" || strings.HasPrefix(word, "--config=") }
	var flags []string
	if file, ok := lookup(config.FileVariable); ok && file != "" && !slices.ContainsFunc(line, named) {
		flags = append(flags, "--config", Quoted(file))
	}
	for _, s := range config.Settings() {
		if value, ok := lookup(s.Env()); ok {
			flags = append(flags, "--set", Quoted(s.Key+"="+value))
		}
	}
	return slices.Insert(slices.Clone(line), 1, flags...)
}

// Quoted writes a word for a shell.
func Quoted(word string) string {
	if strings.ContainsAny(word, " \t\n\"'\\$`*?[]#~&;<>()|{}!") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// become changes the whole process, all threads, for good.
func become(uid, gid int) error {
	for _, step := range []error{syscall.Setgroups([]int{gid}), syscall.Setgid(gid), syscall.Setuid(uid)} {
		if step != nil {
			return fmt.Errorf("become user %d: %w", uid, step)
		}
	}
	return nil
}

// Me names the user as whom this process runs.
func Me() string { return userName(os.Geteuid()) }

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

// Actor names who is at the keyboard, for the records of what was done; or the
// timetable that does it. The environment tells, which is good enough among
// people who may write the files anyhow; it is made inert, and short: the twin
// is told of it, and refuses a word that is longer than any of that kind.
func Actor() string {
	const most = 128 // bytes
	name := inert.Text(actor())
	return strings.ToValidUTF8(name[:min(len(name), most)], "")
}

func actor() string {
	if name := os.Getenv(task.TimetableVariable); name != "" && os.Getenv(task.RunVariable) != "" {
		return "timetable " + name
	}
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	return userName(os.Getuid())
}
