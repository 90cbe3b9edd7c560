package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// A document is the file as read: its values, and the line of each key.
type document struct {
	path  string
	root  map[string]any
	lines map[string]int // by path: "name", "http.listen", "feed[1].time.zone"
}

func parseDocument(path string, text []byte) (*document, *Problem) {
	root := make(map[string]any)
	if err := toml.Unmarshal(text, &root); err != nil {
		where := path
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, _ := at.Position()
			where = fmt.Sprintf("%s:%d", path, line)
		}
		return nil, &Problem{Where: where, Err: plain(err)}
	}
	return &document{path: path, root: root, lines: lineIndex(text)}, nil
}

// place returns file:line of a key, or of the nearest thing around it.
func (d *document) place(key string) string {
	for key != "" {
		if line, ok := d.lines[key]; ok {
			return fmt.Sprintf("%s:%d", d.path, line)
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
	return d.path
}

// given returns what the file, or else the default, says of a setting. Where
// it is wrong, the place is right nevertheless.
func (d *document) given(s Setting) (given, error) {
	g := given{value: s.Default, from: fromDefault, dir: filepath.Dir(d.path)}
	table, key := d.root, s.Key
	if section, rest, ok := strings.Cut(s.Key, "."); ok {
		table, _ = d.root[section].(map[string]any)
		key = rest
	}
	value, ok := table[key]
	if !ok {
		return g, nil
	}
	g.from = d.place(s.Key)
	if s.list {
		var err error
		g.value, err = listed(value)
		return g, err
	}
	if g.value, ok = value.(string); !ok {
		return g, fmt.Errorf("is %s: want text in quotes", described(value))
	}
	return g, nil
}

// unknownSettings refuses every key outside the feeds that is no setting.
func (d *document) unknownSettings() Problems {
	known, sections := []string{"feed"}, map[string][]string{}
	for _, s := range Settings() {
		if section, key, ok := strings.Cut(s.Key, "."); ok {
			sections[section] = append(sections[section], key)
		} else {
			known = append(known, s.Key)
		}
	}
	known = append(known, sortedKeys(sections)...)
	var problems Problems
	refuse := func(key string, err error) {
		problems = append(problems, &Problem{Where: d.place(key), Key: key, Err: err})
	}
	for _, key := range sortedKeys(d.root) {
		keys, isSection := sections[key]
		switch table, isTable := d.root[key].(map[string]any); {
		case !slices.Contains(known, key):
			refuse(key, unknown(key, known))
		case isSection && !isTable:
			refuse(key, fmt.Errorf("is %s: want a table, [%s]", described(d.root[key]), key))
		case isSection:
			for _, k := range sortedKeys(table) {
				if !slices.Contains(keys, k) {
					refuse(key+"."+k, unknown(k, keys))
				}
			}
		}
	}
	return problems
}

// feeds returns the [[feed]] sections.
func (d *document) feeds() ([]map[string]any, Problems) {
	value, ok := d.root["feed"]
	if !ok {
		return nil, nil
	}
	wrong := Problems{{Where: d.place("feed"), Key: "feed", Err: errors.New("want each feed as a section of its own: [[feed]], with double brackets")}}
	list, ok := value.([]any)
	if !ok {
		return nil, wrong
	}
	sections := make([]map[string]any, len(list))
	for i, v := range list {
		if sections[i], ok = v.(map[string]any); !ok {
			return nil, wrong
		}
	}
	return sections, nil
}

// plain takes the library's own name off its message.
func plain(err error) error {
	if text, ok := strings.CutPrefix(err.Error(), "toml: "); ok {
		return errors.New(text)
	}
	return err
}
