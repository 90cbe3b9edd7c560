package config

import (
	"bytes"
	"os"
	"path/filepath"

	"github.com/twinctl/twin/collector/feed"
)

// Salvage returns what can be known of a configuration that Load refuses, for
// those who only want to look: above all Data. It reports whether that much is
// known. Of a file that is no TOML, what stands in front of the error counts,
// and there are no feeds.
func Salvage(file string, above Source, kinds []feed.Kind) (*Config, bool) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, false
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	c := &Config{File: path, origins: make(map[string]string)}
	doc, broken := parseDocument(path, text)
	if broken != nil {
		if doc, err = head(path, text, broken.line()); err != nil {
			return nil, false
		}
	}
	_ = c.settle(doc, above) // what is wrong, Load has said
	if broken == nil {
		_ = c.readFeeds(doc, kinds)
	}
	return c, c.Data != "" && (broken == nil || c.origins["data"] != fromDefault)
}

// head reads the lines in front of one that is wrong.
func head(path string, text []byte, line int) (*document, error) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	doc, problem := parseDocument(path, bytes.Join(lines[:max(0, min(line-1, len(lines)))], nil))
	if problem != nil {
		return nil, problem
	}
	return doc, nil
}
