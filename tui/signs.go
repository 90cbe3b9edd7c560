package tui

// signLines are what signs and words mean.
func signLines(width int) []line {
	pages := []struct{ title, text string }{
		{"SIGNS", ""},
		{"  +", "well"},
		{"  !", "look at it: nothing is lost yet"},
		{"  x", "trouble: data is being missed, or may be"},
		{"  ?", "not known; what is shown is what was heard last"},
		{"  -", "not so, and nobody wants it so"},
		{"  =  <  >", "between the two servers: the same; that one is ahead"},
		{"  #", "a row that is marked"},
		{"WORDS", ""},
		{"  heard", "up to when the feed was provably heard in full"},
		{"  last", "how long ago the last record was"},
		{"  gap", "a stretch that was not provably heard"},
		{"  filled, lost", "the twin had what was said in it; nobody has it"},
		{"  GAPS +3", "3 more rows than there is room for"},
		{"  epoch", "rises with each change of role; the higher one counts"},
		{"  draft", "changes that are put together, and then done at once"},
		{"  ~", "a text that was cut"},
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
