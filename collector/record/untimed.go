package record

// Untimed is the ordinal of a record that came without usable time. Its At is
// when it arrived here, which is another time on the twin: two twins cannot be
// compared on it, nor filled with it.
const Untimed = 1 << 31

// Timed tells whether At is the upstream's own time.
func (k Key) Timed() bool { return k.N&Untimed == 0 }
