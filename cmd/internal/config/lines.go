package config

import (
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"
)

// lineIndex returns the line of each key in a document that is known to be
// good, by its path: "http.listen", "feed[1].time.zone".
func lineIndex(text []byte) map[string]int {
	ix := indexer{lines: make(map[string]int), tables: make(map[string]int)}
	ix.parser.Reset(text)
	section := ""
	for ix.parser.NextExpression() {
		switch e := ix.parser.Expression(); e.Kind {
		case unstable.Table:
			section = ix.key("", e.Key())
		case unstable.ArrayTable:
			section = ix.arrayTable(e)
		case unstable.KeyValue:
			ix.value(ix.key(section, e.Key()), e.Value())
		}
	}
	return ix.lines
}

type indexer struct {
	parser unstable.Parser
	lines  map[string]int
	tables map[string]int // how many [[sections]] of that path have begun
}

// key notes the parts of a dotted key below a path, and returns the whole. A
// part that names an array of tables means its latest element.
func (ix *indexer) key(path string, parts unstable.Iterator) string {
	for parts.Next() {
		part := parts.Node()
		path = join(path, string(part.Data))
		ix.note(path, part)
		if n := ix.tables[path]; n > 0 {
			path = element(path, n-1)
		}
	}
	return path
}

func (ix *indexer) arrayTable(e *unstable.Node) string {
	path, last := "", (*unstable.Node)(nil)
	for parts := e.Key(); parts.Next(); {
		if n := ix.tables[path]; n > 0 {
			path = element(path, n-1)
		}
		last = parts.Node()
		path = join(path, string(last.Data))
		ix.note(path, last)
	}
	section := element(path, ix.tables[path])
	ix.tables[path]++
	ix.note(section, last)
	return section
}

// value notes the keys inside inline tables.
func (ix *indexer) value(path string, v *unstable.Node) {
	children := v.Children()
	switch v.Kind {
	case unstable.InlineTable:
		ix.note(path, v)
		for children.Next() {
			child := children.Node()
			ix.value(ix.key(path, child.Key()), child.Value())
		}
	case unstable.Array:
		for i := 0; children.Next(); i++ {
			ix.value(element(path, i), children.Node())
		}
	}
}

// note keeps the first line of a path: where it begins.
func (ix *indexer) note(path string, n *unstable.Node) {
	if _, ok := ix.lines[path]; !ok {
		ix.lines[path] = ix.parser.Shape(n.Raw).Start.Line
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func element(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
