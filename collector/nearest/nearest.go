// Package nearest finds the word that a person probably meant.
package nearest

// longest bounds the work that a hostile word can cause.
const longest = 64

// Word returns the candidate that is the fewest edits away from word, if one
// is near enough to be worth a question: a third of its length, at least one.
// Of equally near ones the first wins.
func Word(word string, candidates []string) (string, bool) {
	typed := []rune(word)
	if len(typed) < 2 || len(typed) > longest {
		return "", false
	}
	best, found := max(1, len(typed)/3)+1, ""
	for _, c := range candidates {
		if d := distance(typed, []rune(c)); d < best && d > 0 {
			best, found = d, c
		}
	}
	return found, found != ""
}

// distance counts the insertions, deletions and replacements that make b of a
// (Levenshtein), one row of the matrix at a time.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			replace := diagonal
			if x != y {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
