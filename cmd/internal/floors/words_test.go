package floors

import "go/ast"

// noForbiddenWord refuses what is wrong wherever it stands. Identifiers are
// looked at, not text: this file may name them.
func noForbiddenWord(f file) []string {
	var found []string
	for n := range ast.Preorder(f.ast) {
		switch n := n.(type) {
		case *ast.Ident:
			if n.Name == "InsecureIgnoreHostKey" || n.Name == "InsecureSkipVerify" {
				found = append(found, f.say(n, "%s: identities are pinned, in tests too", n.Name))
			}
		case *ast.SelectorExpr:
			if selects(n, "os", "Exit") && !f.ofMain() && !f.isTest() {
				found = append(found, f.say(n, "os.Exit outside main: return an error, so that what is open gets closed"))
			}
		}
	}
	return found
}

// noSleepInTests refuses time.Sleep outside a synctest bubble, where it turns
// the hand of a clock that is not real. Elsewhere a test waits for a condition
// until a deadline: a sleep is too long on one machine and too short on another.
func noSleepInTests(f file) []string {
	if !f.isTest() {
		return nil
	}
	var found []string
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			return !selects(n.Fun, "synctest", "Test")
		case *ast.SelectorExpr:
			if selects(n, "time", "Sleep") {
				found = append(found, f.say(n, "time.Sleep in a test: poll a condition with a deadline, or use a synctest bubble"))
			}
		}
		return true
	})
	return found
}
