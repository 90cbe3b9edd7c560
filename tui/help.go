package tui

// helpLines is the screen behind the question mark.
func helpLines(width int) []line {
	pages := []struct{ title, text string }{
		{"KEYS", ""},
		{"  q, ctrl+c", "leave; the servers go on"},
		{"  ?", "this page; any key leads back"},
		{"  j k, arrows", "scroll the list that > marks, when it does not fit"},
		{"  g G", "its beginning, its end; page up and down work too"},
		{"  tab", "the next list that does not fit"},
		{"SIGNS", ""},
		{"  +", "well"},
		{"  !", "look at it: nothing is lost yet"},
		{"  x", "trouble: data is being missed, or may be"},
		{"  ?", "not known; what is shown is what was heard last"},
		{"  -", "not so, and nobody wants it so"},
		{"WORDS", ""},
		{"  heard", "up to when the feed was provably heard in full"},
		{"  last", "how long ago the last record was"},
		{"  gap", "a stretch that was not provably heard"},
		{"  filled, lost", "the twin had what was said in it; nobody has it"},
		{"  GAPS +3", "3 more rows than there is room for"},
		{"  epoch", "rises with each change of role; the higher one counts"},
		{"COMMANDS", "twinctl status, twinctl gap list, twinctl log, twinctl help"},
	}
	var lines []line
	for _, p := range pages {
		t := usual
		if p.title[0] != ' ' {
			t = strong
		}
		label := min(18, max(0, width-1))
		lines = append(lines, line{{" ", usual}, {left(p.title, label), t}, {p.text, usual}})
	}
	return lines
}
