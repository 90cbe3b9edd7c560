package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// waitfor CONFIG PATH WANT looks at the status document until what stands at
// the path is WANT: a text, or >=N for a number. A path is "running",
// "feeds.pbx.records" (an element of a list goes by its name) or "alarms.0.code".
func waitfor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: waitfor CONFIG PATH WANT")
	}
	until(ts, strings.Join(args, " "), func() (bool, string) {
		out, err := output(ts, "twinctl", "status", "--json", "--config", args[0])
		if err != nil {
			return false, err.Error()
		}
		got, err := at(decode(ts, string(out)), args[1])
		if err != nil {
			return false, err.Error()
		}
		return meets(fmt.Sprint(got), args[2]), fmt.Sprintf("it is %v in %s", got, out)
	})
}

// eventually REGEXP COMMAND ARG... runs the command until what it writes matches.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually REGEXP COMMAND [ARG...]")
	}
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	until(ts, strings.Join(args, " "), func() (bool, string) {
		out, err := output(ts, args[1], args[2:]...)
		return err == nil && want.Match(out), fmt.Sprintf("%s%v", out, err)
	})
}

func meets(got, want string) bool {
	least, ok := strings.CutPrefix(want, ">=")
	if !ok {
		return got == want
	}
	has, err := strconv.ParseFloat(got, 64)
	wants, wrong := strconv.ParseFloat(least, 64)
	return err == nil && wrong == nil && has >= wants
}

// at returns what stands at a path of a document; "." is the whole of it.
func at(doc any, path string) (any, error) {
	if path == "." {
		return doc, nil
	}
	for step := range strings.SplitSeq(path, ".") {
		switch in := doc.(type) {
		case map[string]any:
			value, ok := in[step]
			if !ok {
				return nil, fmt.Errorf("no %q in %v", step, in)
			}
			doc = value
		case []any:
			i := slices.IndexFunc(in, func(e any) bool {
				named, ok := e.(map[string]any)
				return ok && named["name"] == step
			})
			if n, err := strconv.Atoi(step); err == nil && n < len(in) {
				i = n
			}
			if i < 0 {
				return nil, fmt.Errorf("no %q in %v", step, in)
			}
			doc = in[i]
		default:
			return nil, fmt.Errorf("%v has no %q", in, step)
		}
	}
	return doc, nil
}

// decode reads the first document of a text.
func decode(ts *testscript.TestScript, text string) (doc any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	ts.Check(d.Decode(&doc))
	return doc
}

// keys FILE PATH KEY... demands that the object at the path of the first
// document in the file has these keys and no others.
func keys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: keys FILE PATH KEY...")
	}
	value, err := at(decode(ts, ts.ReadFile(args[0])), args[1])
	ts.Check(err)
	object, ok := value.(map[string]any)
	if !ok {
		ts.Fatalf("at %s stands %v", args[1], value)
	}
	want := slices.Sorted(slices.Values(args[2:]))
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(object))); diff != "" {
		ts.Fatalf("keys at %s (-want +got):\n%s", args[1], diff)
	}
}

// field FILE PATH REGEXP demands that what stands at the path of the first
// document matches, whole. With a fourth argument it also sets that variable.
func field(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: field FILE PATH REGEXP [NAME]")
	}
	value, err := at(decode(ts, ts.ReadFile(args[0])), args[1])
	ts.Check(err)
	if text := fmt.Sprint(value); !regexp.MustCompile("^(?:" + args[2] + ")$").MatchString(text) {
		ts.Fatalf("at %s stands %q, want %q", args[1], text, args[2])
	} else if len(args) == 4 {
		ts.Setenv(args[3], text)
	}
}

// lines FILE N demands that the file has so many lines.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines FILE N")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := strings.Count(ts.ReadFile(args[0]), "\n"); got != want {
		ts.Fatalf("%s has %d lines, want %d", args[0], got, want)
	}
}

// sameset SEPARATOR A B demands that both files hold the same pieces, whatever
// their order. The separator is written as in Go. A file in .gz is unpacked.
func sameset(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: sameset SEPARATOR A B")
	}
	separator, err := strconv.Unquote(`"` + args[0] + `"`)
	ts.Check(err)
	pieces := func(file string) []string {
		text := ts.ReadFile(file)
		if strings.HasSuffix(file, ".gz") {
			r, err := gzip.NewReader(strings.NewReader(text))
			ts.Check(err)
			plain, err := io.ReadAll(r)
			ts.Check(err)
			text = string(plain)
		}
		return slices.Sorted(strings.SplitSeq(text, separator))
	}
	a, b := pieces(args[1]), pieces(args[2])
	if len(a) != len(b) {
		ts.Fatalf("%s has %d pieces, %s has %d", args[1], len(a), args[2], len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			ts.Fatalf("%s has %q where %s has %q", args[1], a[i], args[2], b[i])
		}
	}
}

// inert FILE... demands that nothing in the files makes a terminal act.
func inertText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: inert FILE...")
	}
	for _, file := range args {
		text := ts.ReadFile(file)
		if text == "" {
			ts.Fatalf("%s is empty", file)
		}
		for i, r := range text {
			if r != '\n' && !unicode.IsGraphic(r) {
				ts.Fatalf("%s holds %U at byte %d", file, r, i)
			}
		}
	}
}

// distinct N FILE... demands that the exported records in the files, taken
// together, have so many different keys.
func distinct(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: distinct N FILE...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	seen := map[string]bool{}
	for _, file := range args[1:] {
		for line := range strings.Lines(ts.ReadFile(file)) {
			row, ok := decode(ts, line).(map[string]any)
			if !ok {
				ts.Fatalf("%s: not an object: %s", file, line)
			}
			seen[fmt.Sprint(row["feed"], row["at"], row["digest"], row["n"])] = true
		}
	}
	if len(seen) != want {
		ts.Fatalf("%d different keys, want %d", len(seen), want)
	}
}
