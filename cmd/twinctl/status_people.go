package main

import (
	"fmt"
	"io"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// writePeople writes a line about each who came by SSH, here and to the twin: on
// a secondary nobody should be.
func writePeople(w io.Writer, doc node.Document) {
	if doc.People != nil {
		writeSessions(w, doc.Name, doc.Role, doc.People.Sessions)
	}
	if t := doc.Twin; t != nil && t.People != nil && t.Role != nil {
		writeSessions(w, t.Name, *t.Role, t.People.Sessions)
	}
}

func writeSessions(w io.Writer, server string, role node.Role, all []node.PersonDocument) {
	for _, p := range all {
		does := "the screens"
		if p.Verb != "" {
			does = "twinctl " + p.Verb
		} else if !p.Terminal {
			does = "no terminal"
		}
		from := inert.Text(p.From)
		if from == "" {
			from = "that machine"
		}
		fmt.Fprintf(w, "person  %s on %s from %s since %s: %s", inert.Text(p.Login), inert.Text(server), from, second(&p.Since), inert.Text(does))
		if role == node.Secondary {
			fmt.Fprint(w, "; people belong on the primary")
		}
		fmt.Fprintln(w)
	}
}
