package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/store"
)

func adminExportCommand() cli.Command {
	return cli.Command{
		Name:  "export",
		Args:  "[FILE]",
		Short: "write all administration data as one file to read, edit and import",
		Long:  "The file is TOML: a table for each row, and in it the fields that are not at their default. Without FILE, or with -, it goes to standard output. A FILE that exists is replaced once the new one is whole.",
		Examples: []cli.Example{
			{Line: "twinctl admin export > admin.toml"},
			{Line: "twinctl admin export /var/lib/twin/admin.toml", Why: "as the owner of the data, for it alone to read"},
		},
		Exits: []cli.Code{cli.Refused, cli.Untrusted},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			if len(call.Args) == 0 || call.Args[0] == "-" {
				return buffered(call.Out, func(w io.Writer) error { return s.data.Admin.Export(ctx, w) })
			}
			path := call.Args[0]
			err := s.intoFile(path, func(w io.Writer) error { return s.data.Admin.Export(ctx, w) })
			if errors.Is(err, fs.ErrPermission) {
				return cli.Fail(cli.Failed, err, "twinctl admin export > FILE: then it is your shell that writes it")
			}
			if err == nil {
				_, err = fmt.Fprintf(call.Err, "written to %s\n", inert.Text(path))
			}
			return err
		}),
	}
}

func buffered(w io.Writer, write func(io.Writer) error) error {
	b := bufio.NewWriter(w)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

// intoFile writes a file, whole or not at all: for its owner alone, unless it
// replaces one that is for others too. What is no regular file is written as it
// comes.
func intoFile(path string, write func(io.Writer) error) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode, dir := fs.FileMode(0o600), filepath.Dir(path)
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return intoDevice(path, write)
	} else if err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(dir, ".twin-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = buffered(f, write)
	if err == nil {
		err = errors.Join(f.Chmod(mode), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return store.FlushDir(dir)
}

func intoDevice(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(buffered(f, write), f.Close())
}

func adminImportCommand() cli.Command {
	a := act{verb: "admin.import"}
	var prune bool
	return cli.Command{
		Name:  "import",
		Args:  "FILE",
		Short: "make the rows as a file says that export or a person wrote",
		Long: `What will change is shown first, and asked; then all of it is done, or nothing. Rows that the file does not name stay, unless --prune. ` +
			`With - the file comes from standard input, and --yes must be said. An export changes nothing when it is imported where it was made.`,
		Examples: []cli.Example{
			{Line: "twinctl admin import admin.toml --dry-run", Why: "what would change?"},
			{Line: "twinctl admin import admin.toml --prune", Why: "and delete what is not in the file"},
		},
		Exits:   []cli.Code{cli.Differs, cli.Refused, cli.Untrusted, cli.Busy, cli.Unknown},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags: func(f *cli.FlagSet) {
			a.flags(f)
			f.BoolVar(&prune, "prune", false, "delete rows that the file does not name")
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			file, err := openInput(call, call.Args[0]) // before this program becomes the owner of the data: it is the caller's
			if err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help admin import")
			}
			defer file.Close() //nolint:errcheck // only read
			return with(func(ctx context.Context, call *cli.Call, s *site) error {
				edits, err := s.data.Admin.Import(ctx, file, prune)
				if err != nil {
					return err
				}
				a.question = "Import these"
				return showReferences(call, s.administer(ctx, call, a, edits))
			})(ctx, call)
		},
	}
}

// openInput opens the file of that name; - is standard input.
func openInput(call *cli.Call, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(call.In), nil
	}
	if call.Person != nil {
		return nil, cli.Fail(cli.Refused, fmt.Errorf("%s: %w", name, errFile), "the same with - in its place, and the file on standard input")
	}
	return os.Open(name)
}
