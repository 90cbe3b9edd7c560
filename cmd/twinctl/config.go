package main

import "github.com/twinctl/twin/cmd/internal/cli"

func configCommand() cli.Command {
	return cli.Command{
		Name:  "config",
		Short: "check and show the configuration, compare it with the twin's",
		Long: `The configuration is twin.toml: what belongs to this machine. A setting comes from --set, else from its environment variable, else from the file, else from its default.

A relative path in the file starts at the file's own directory, one that is given with --set or in the environment at the working directory.

` + reference(),
		Examples: []cli.Example{
			{Line: "twinctl config check"},
			{Line: "twinctl config show --origin"},
		},
		Sub: []cli.Command{configCheckCommand(), configShowCommand(), configDiffCommand()},
	}
}
