package tui

// scroll moves the list of the first screen that scrolls, as far as it goes.
func (f *frame) scroll(by int) {
	p := f.plan(f.width, f.bodyHeight())
	if p.focus < 0 {
		return
	}
	f.focus = p.focus
	f.offset[p.focus] += by
	f.settle()
}

// turn moves the keys to the next list that does not fit, or the one before.
func (f *frame) turn(by int) {
	p := f.plan(f.width, f.bodyHeight())
	for i := p.focus; p.focus >= 0; {
		i = (i + by + listsShown) % listsShown
		if p.most(i) > 0 {
			f.focus = i
			return
		}
	}
}

// settle brings the lists back into sight when they or the screen became smaller.
func (f *frame) settle() {
	p := f.plan(f.width, f.bodyHeight())
	for i := range f.offset {
		f.offset[i] = max(0, min(f.offset[i], p.most(i)))
	}
}
