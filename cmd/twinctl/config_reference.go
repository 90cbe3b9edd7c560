package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
)

// referenceWidth fits a terminal, behind the indent of help.
const referenceWidth = 76

// reference lists every setting and every key of a feed, as paragraphs of help.
func reference() string {
	var settings bytes.Buffer
	for _, s := range config.Settings() {
		writeKey(&settings, s.Key, s.Default, fmt.Sprintf("%s; $%s", s.Doc, s.Env()))
	}
	paragraphs := []string{"Settings:", settings.String()}
	for _, part := range []struct{ title, kinds string }{
		{"Keys of every [[feed]]:", ""},
		{"Keys of the kinds that dial, ami and lines:", "ami lines"},
		{"Keys of the kinds that listen, lines, relp and syslog:", "lines relp syslog"},
		{"Keys of kind ami:", "ami"},
		{"Keys of kind lines:", "lines"},
		{"Keys of the kinds files, lines, relp and syslog:", "files lines relp syslog"},
		{"Keys of kind relp:", "relp"},
		{"Keys of kind syslog:", "syslog"},
		{"Keys of kind tail:", "tail"},
		{"Keys of kind files:", "files"},
	} {
		var keys bytes.Buffer
		for _, k := range config.Keys() {
			if k.Kinds == part.kinds {
				writeKey(&keys, k.Name, k.Default, k.Doc)
			}
		}
		paragraphs = append(paragraphs, part.title, keys.String())
	}
	for i := range paragraphs {
		paragraphs[i] = strings.TrimRight(paragraphs[i], "\n")
	}
	return strings.Join(paragraphs, "\n\n")
}

func writeKey(b *bytes.Buffer, name, unless, doc string) {
	if unless != "" {
		doc += " (default " + unless + ")"
	}
	_ = cli.WriteFilled(b, referenceWidth, fmt.Sprintf("  %-16s ", name), doc) // a buffer takes everything
}
