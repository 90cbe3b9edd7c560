package floors

import (
	"go/ast"
	"slices"
	"strings"
)

// floorsRunDown holds the floors, for tests too: what a test of a lower floor
// needs from above, it would drag into the package sooner or later.
func floorsRunDown(f file) []string {
	from := folder(f.dir())
	mine, known := floors[from]
	if !known {
		return []string{f.say(f.ast.Name, "folder %q stands on no floor: move the file, or give the folder its line in floors", f.dir())}
	}
	var found []string
	f.imports(func(spec *ast.ImportSpec, to string, own bool) {
		top := folder(to)
		other, known := floors[top]
		if !own || top == from || known && other < mine {
			return
		}
		if other == mine {
			found = append(found, f.say(spec, "%s imports %s: they stand side by side; declare a small interface here and let cmd join them", f.dir(), to))
			return
		}
		found = append(found, f.say(spec, "%s (floor %d) imports %s (floor %d): a folder imports only what is below it", f.dir(), mine, to, other))
	})
	return found
}

// sidesStayApart holds what stands in apart. Tests may have both sides talk.
func sidesStayApart(f file) []string {
	if f.isTest() {
		return nil
	}
	var found []string
	f.imports(func(spec *ast.ImportSpec, to string, own bool) {
		for _, sides := range apart {
			if own && (f.dir() == sides[0] && to == sides[1] || f.dir() == sides[1] && to == sides[0]) {
				found = append(found, f.say(spec, "%s imports %s: they are two sides of one conversation", f.dir(), to))
			}
		}
	})
	return found
}

// arrowsRunDown holds the arrows inside collector. Tests may reach sideways:
// an upstream or a database of the same floor is the real thing to test with.
func arrowsRunDown(f file) []string {
	if folder(f.dir()) != "collector" || f.isTest() {
		return nil
	}
	allowed, listed := arrowsOf(f.dir())
	if !listed {
		return []string{f.say(f.ast.Name, "package %s has no place inside collector: give it its line in arrows", f.dir())}
	}
	var found []string
	f.imports(func(spec *ast.ImportSpec, to string, own bool) {
		inside := own && folder(to) == "collector"
		if !inside || slices.ContainsFunc(allowed, func(p string) bool { return matches(p, to) }) {
			return
		}
		found = append(found, f.say(spec, "%s imports %s: it may import only %s", f.dir(), to, listOr(allowed, "nothing of ours")))
	})
	return found
}

func arrowsOf(dir string) (allowed []string, listed bool) {
	if slices.Contains(ground, dir) {
		return nil, true
	}
	for _, a := range arrows {
		if matches(a.from, dir) {
			return slices.Concat(a.to, ground), true
		}
	}
	return nil, false
}

// collectorIsBlind holds what makes the twins collect alike, also in tests.
func collectorIsBlind(f file) []string {
	if f.dir() != "collector" && !under(f.dir(), "collector/feed") {
		return nil
	}
	var found []string
	f.imports(func(spec *ast.ImportSpec, to string, own bool) {
		if own && (to == "collector/node" || to == "collector/admin") {
			found = append(found, f.say(spec, "%s imports %s: collecting knows nothing of role and administration; cmd hands it what it needs", f.dir(), to))
		}
	})
	return found
}

func oneDoor(f file) []string {
	var found []string
	f.imports(func(spec *ast.ImportSpec, to string, own bool) {
		if own || standard(to) {
			return
		}
		if why := closed(f, to); why != "" {
			found = append(found, f.say(spec, "%s imports %s: %s", f.dir(), to, why))
		}
	})
	return found
}

// closed says why f may not import the dependency, or nothing if it may.
func closed(f file, dependency string) string {
	for _, d := range testDoors {
		if under(dependency, d) {
			if f.isTest() {
				return ""
			}
			return "it is for tests only"
		}
	}
	var folders []string
	for _, d := range doors {
		if under(dependency, d.dependency) {
			if opensTo(d.folder, f.dir()) {
				return ""
			}
			folders = append(folders, d.folder)
		}
	}
	if folders != nil {
		return "its door is " + strings.Join(folders, " or ")
	}
	return "it has no door; name the one folder that may import it in doors"
}

// standard reports whether an import path is the standard library's: its first
// element is no host name.
func standard(importPath string) bool {
	return !strings.Contains(folder(importPath), ".")
}

func listOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}
