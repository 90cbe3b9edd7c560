package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/nearest"
)

// Origins that are no place: see Value.
const (
	fromDefault = "default"
	fromSet     = "flag --set"
)

// A given is the value of a setting and where it was given.
type given struct {
	value string
	from  string // "default", "flag --set", the variable, or file:line
	dir   string // where a relative path starts
}

// settle gives every setting its value: the first of --set, environment, file
// and default that has one.
func (c *Config) settle(doc *document, above Source) Problems {
	sets, problems := parseSets(above.Set)
	for _, s := range Settings() {
		g, err := doc.given(s)
		if v, ok := above.lookup(s.Env()); ok {
			g, err = given{value: v, from: s.Env()}, nil
		}
		if v, ok := sets[s.Key]; ok {
			g, err = given{value: v, from: fromSet}, nil
		}
		if err == nil {
			err = c.assign(s, g)
		}
		if err != nil {
			problems = append(problems, &Problem{Where: g.place(doc), Key: s.Key, Err: err})
		}
	}
	if len(problems) == 0 {
		problems = c.contradictions(doc)
	}
	return problems
}

func (c *Config) assign(s Setting, g given) error {
	if s.Key == "name" && g.from == fromDefault {
		return errors.New(`missing: say what this server is called, as name = "cms-a"`)
	}
	if err := s.check(g.value); err != nil {
		return err
	}
	if s.path && g.value != "" {
		if s.inData && g.from == fromDefault {
			g.dir = c.Data // which comes before
		}
		path, err := s.absolute(g)
		if err != nil {
			return err
		}
		g.value = path
	}
	*s.field(c) = g.value
	c.origins[s.Key] = g.from
	return nil
}

// contradictions looks at settings that are good each by itself.
func (c *Config) contradictions(doc *document) Problems {
	blame := func(key, format string, args ...any) Problems {
		g := given{from: c.origins[key]}
		return Problems{{Where: g.place(doc), Key: key, Err: fmt.Errorf(format, args...)}}
	}
	switch {
	case c.Twin.Name == "" && c.Twin.SSH != "":
		return blame("twin.ssh", "needs twin.name: the other server's name")
	case c.Twin.Name != "" && c.Twin.SSH == "":
		return blame("twin.name", "needs twin.ssh: how the other server is reached, as twin@cms-b.example:22")
	case c.Twin.Name != "" && c.Twin.Name == c.Name:
		return blame("twin.name", "%q is this server's own name: the twin has another", c.Name)
	case clash(c.HTTP.Listen, c.SSH.Listen):
		return blame("ssh.listen", "%q: http.listen has this address already", c.SSH.Listen)
	}
	if key, why := c.undeliverable(); key != "" {
		return blame(key, "%s", why)
	}
	return nil
}

func (s Source) lookup(name string) (string, bool) {
	if s.LookupEnv == nil {
		return "", false
	}
	return s.LookupEnv(name)
}

func (g given) place(doc *document) string {
	if g.from == fromDefault {
		return doc.path
	}
	return g.from
}

// parseSets reads KEY=VALUE pairs.
func parseSets(pairs []string) (map[string]string, Problems) {
	keys := make([]string, 0, 10)
	for _, s := range Settings() {
		keys = append(keys, s.Key)
	}
	sets := make(map[string]string)
	var problems Problems
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		switch {
		case !ok:
			problems = append(problems, &Problem{Where: fromSet, Key: key, Err: errors.New("want KEY=VALUE")})
		case !slices.Contains(keys, key):
			problems = append(problems, &Problem{Where: fromSet, Key: key, Err: unknown(key, keys)})
		default:
			sets[key] = value
		}
	}
	return sets, problems
}

// unknown says that there is no such key, and which one may have been meant.
func unknown(key string, known []string) error {
	meant, _ := nearest.Word(key, known)
	return &unknownError{meant: meant, known: known}
}

// An unknownError refuses a key that nobody understands.
type unknownError struct {
	meant string // "" if none is near
	known []string
}

func (e *unknownError) Error() string {
	if e.meant != "" {
		return fmt.Sprintf("unknown key: did you mean %s?", e.meant)
	}
	return "unknown key: want one of " + strings.Join(e.known, ", ")
}

// absolute returns a path that was given as an absolute one; of a list the first
// is the path.
func (s Setting) absolute(g given) (string, error) {
	if !s.list {
		return absolute(g.dir, g.value)
	}
	list, err := parseList(g.value)
	if err == nil && len(list) > 0 {
		list[0], err = absolute(g.dir, list[0])
	}
	return writeList(list), err
}

func absolute(dir, path string) (string, error) {
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	return filepath.Abs(filepath.Join(dir, path))
}
