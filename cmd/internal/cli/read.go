package cli

// Read reads a command line of the program root as Main does, and does nothing:
// it returns the verb that would run, as "history", "verify". Whoever keeps the
// line for later says himself which configuration it is for, and where its
// help goes.
func Read(root Command, args []string) (verb []string, err error) {
	g := newGlobals(&root)
	inv, err := g.parse(args)
	if err != nil {
		return nil, err
	}
	for _, c := range inv.path[1:] {
		verb = append(verb, c.Name)
	}
	switch {
	case g.help || g.version:
		return nil, inv.usage("--help and --version do nothing here: leave them out")
	case g.config != "" || len(g.set) > 0 || g.named():
		return nil, inv.usage("--config, --set and --as are those of twind: leave them out")
	case inv.command().Run == nil:
		return nil, inv.usage("which? It has %s", names(inv.command().Sub))
	}
	if err := inv.checkArgs(); err != nil {
		return nil, err
	}
	if _, err := g.format(inv); err != nil {
		return nil, err
	}
	return verb, nil
}
