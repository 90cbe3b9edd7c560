package config

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/twinctl/twin/cmd/internal/reach"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/nearest"
)

// A Feed is one [[feed]] section.
type Feed struct {
	feed.Options           // filled
	Kind         feed.Kind // zero if it is not known
	Own          any       // what Kind.Options returned, filled in; nil if the kind is not known
	Line         int       // where the section begins
	// Err is what is wrong with the section: Problems. Such a feed cannot be
	// opened, and of the rest only Line, Fingerprint and what can be read of
	// Options hold.
	Err error
	// Fingerprint is the same for two sections that say the same, in whatever
	// order and layout: a feed whose fingerprint did not change need not be
	// started anew. What stands in files that it names is not part of it.
	Fingerprint string

	section map[string]any
	doc     *document
	path    string // of the section: "feed[0]"
	whole   bool   // all that it says is of the right type: Options and Own hold
}

// newFeed makes a feed of its section, which it changes: relative paths become
// absolute. The keys that kinds use for files are "path" and those that end in
// "_file".
func newFeed(doc *document, path string, section map[string]any, kinds []feed.Kind) Feed {
	f := Feed{doc: doc, path: path, section: section, Line: doc.lines[path]}
	f.Name, _ = section["name"].(string)
	problems := f.resolve(filepath.Dir(doc.path))
	f.Fingerprint = fingerprint(section)

	if key, err := f.findKind(kinds); err != nil {
		problems = append(problems, f.problem(key, err))
	} else {
		f.Own = f.Kind.Options()
	}
	common, own, strange := f.split()
	mistyped := f.fill(common, &f.Options)
	if f.Own != nil {
		mistyped = append(mistyped, f.fill(own, f.Own)...)
	}
	f.whole = f.Own != nil && len(mistyped) == 0
	problems = append(append(problems, strange...), mistyped...)
	if err := f.checkName(); err != nil && !problems.blame("name") {
		problems = append(problems, f.problem("name", err))
	}
	if f.whole {
		problems = append(problems, f.doubtful()...)
		problems = f.add(problems, f.complete())
	}
	f.Err = problems.orNil()
	return f
}

// With returns the feed as it would be with another value of a key.
func (f *Feed) With(key string, value any) *Feed {
	section := maps.Clone(f.section)
	section[key] = value
	return new(newFeed(f.doc, f.path, section, []feed.Kind{f.Kind}))
}

// add blames err too, unless its key is to blame already.
func (f *Feed) add(problems Problems, err error) Problems {
	if err == nil {
		return problems
	}
	for _, p := range AsProblems(f.blame(err)) {
		if p.Key == "" || !problems.blame(p.Key) {
			problems = append(problems, p)
		}
	}
	return problems
}

// Check returns all that is wrong with the section, as Open would find it one
// by one. It neither dials nor opens a file but those that hold secrets and
// certificates.
func (f *Feed) Check() Problems {
	problems := slices.Clone(AsProblems(f.Err))
	if !f.whole {
		return problems
	}
	format, err := feed.NewFormat(f.Options)
	problems = f.add(problems, err)
	_, err = f.Kind.Open(f.config(format, slog.New(slog.DiscardHandler)))
	return f.add(problems, err)
}

// Open makes the feed's source. It neither dials nor opens a file, so that it
// also serves to check the section to the end. Its errors are Problems.
func (f *Feed) Open(log *slog.Logger) (feed.Source, error) {
	if f.Err != nil {
		return nil, f.Err
	}
	format, err := feed.NewFormat(f.Options)
	if err != nil {
		return nil, f.blame(err)
	}
	source, err := f.Kind.Open(f.config(format, log))
	if err != nil {
		return nil, f.blame(err)
	}
	return source, nil
}

// config is what the kind gets.
func (f *Feed) config(format feed.Format, log *slog.Logger) feed.Config {
	return feed.Config{Options: f.Options, Own: f.Own, Format: format, Log: log, Reach: reach.Open}
}

// blame makes err say where in the file its cause stands: at the key, if err
// is a *feed.KeyError, else at the section. It returns Problems.
func (f *Feed) blame(err error) error {
	var at *feed.KeyError
	if errors.As(err, &at) {
		return Problems{f.problem(at.Key, at.Err)}
	}
	return Problems{f.problem("", err)}
}

func (f *Feed) problem(key string, err error) *Problem {
	return &Problem{Where: f.doc.place(join(f.path, key)), Feed: f.Name, Key: key, Err: err}
}

// resolve makes the section's paths absolute.
func (f *Feed) resolve(dir string) Problems {
	var problems Problems
	for key, value := range f.section {
		text, ok := value.(string)
		if !ok || text == "" || key != "path" && !strings.HasSuffix(key, "_file") {
			continue
		}
		path, err := absolute(dir, text)
		if err != nil {
			problems = append(problems, f.problem(key, err))
			continue
		}
		f.section[key] = path
	}
	return problems
}

// findKind returns the key to blame if there is no such kind.
func (f *Feed) findKind(kinds []feed.Kind) (string, error) {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		if names[i] = k.Name; f.section["kind"] == k.Name {
			f.Kind = k
			return "", nil
		}
	}
	value, ok := f.section["kind"]
	if !ok {
		for _, key := range sortedKeys(f.section) {
			if _, near := nearest.Word(key, []string{"kind"}); near {
				return key, unknown(key, []string{"kind"})
			}
		}
		return "kind", fmt.Errorf("missing: want one of %s", strings.Join(names, ", "))
	}
	name, ok := value.(string)
	if !ok {
		return "kind", fmt.Errorf("is %s: want text in quotes", described(value))
	}
	if k, ok := nearest.Word(name, names); ok {
		return "kind", fmt.Errorf("there is no kind %q: did you mean %q?", name, k)
	}
	return "kind", fmt.Errorf("there is no kind %q: want one of %s", name, strings.Join(names, ", "))
}

// complete sets what the section leaves to its kind.
func (f *Feed) complete() error {
	if err := f.Fill(f.Kind); err != nil {
		return err
	}
	known := slices.Contains(feed.FormatNames(), f.Format) // else NewFormat says what may be meant
	if can := f.Kind.Formats; can != nil && known && !slices.Contains(can, f.Format) {
		return &feed.KeyError{Key: "format", Err: fmt.Errorf("kind %s cannot carry %q: want one of %s", f.Kind.Name, f.Format, strings.Join(can, ", "))}
	}
	return nil
}

func (f *Feed) checkName() error {
	if _, ok := f.section["name"]; !ok {
		return errors.New(`missing: give the feed a name, as name = "pbx"`)
	}
	if _, ok := f.section["name"].(string); !ok {
		return nil // its type was refused already
	}
	return inert.Name(f.Name)
}

// fill decodes a part of the section.
func (f *Feed) fill(values map[string]any, into any) Problems {
	var problems Problems
	for _, wrong := range decode(values, into) {
		if wrong.key != "kind" || f.Own != nil { // else said already
			problems = append(problems, f.problem(wrong.key, wrong.err))
		}
	}
	return problems
}

// split parts the keys that all feeds understand from those of the kind, and
// refuses those that neither does. Without a kind, nobody can tell.
func (f *Feed) split() (common, own map[string]any, strange Problems) {
	common, own = make(map[string]any), make(map[string]any)
	shared, particular := fieldsOf(reflect.TypeFor[feed.Options]()), map[string]reflect.Type{}
	if f.Own != nil {
		particular = fieldsOf(reflect.TypeOf(f.Own).Elem())
	}
	known := slices.Concat(sortedKeys(shared), sortedKeys(particular))
	for _, key := range sortedKeys(f.section) {
		if _, ok := shared[key]; ok {
			common[key] = f.section[key]
		} else if _, ok := particular[key]; ok {
			own[key] = f.section[key]
		} else if f.Own != nil {
			strange = append(strange, f.problem(key, unknown(key, known)))
		}
	}
	return common, own, strange
}

// fingerprint writes a section in the one way that the library has for it,
// keys sorted.
func fingerprint(section map[string]any) string {
	text, err := toml.Marshal(section)
	if err != nil {
		return fmt.Sprint(section) // maps are printed sorted too
	}
	return string(text)
}

// refuseTwice finds feeds that cannot both be: the later one is at fault.
func refuseTwice(feeds []Feed) {
	names, counted := make(map[string]*Feed), make(map[string]*Feed)
	for i := range feeds {
		f := &feeds[i]
		if first, ok := names[f.Name]; ok && f.Name != "" {
			f.refuse("name", fmt.Errorf("the feed at line %d has this name already", first.Line))
			continue
		}
		names[f.Name] = f
		if f.Err != nil || f.Counts == nil || !*f.Counts {
			continue
		}
		if first, ok := counted[f.Source]; ok {
			f.refuse("counts", fmt.Errorf("feed %q at line %d is the one that is counted for source %q: one of them only", first.Name, first.Line, f.Source))
			continue
		}
		counted[f.Source] = f
	}
}

func (f *Feed) refuse(key string, err error) {
	f.Err = append(AsProblems(f.Err), f.problem(key, err))
}
