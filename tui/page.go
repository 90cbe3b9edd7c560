package tui

import (
	"context"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// A sight is what a page depends on beside its data.
type sight struct {
	at    place
	now   time.Time
	width int
	// height is how many lines there are for a page.
	height int
	here   string // the name of this server, inert
	twin   string // of the other; "" if there is none
	// primary: this server is, and administration data is changed here.
	primary bool
	looks   string // why nothing is changed from this screen; "": it is
	may     func(args []string) string
	draft   []Edit   // of the administration data, not done yet
	beside  []string // what the twin says that wants a person, a sentence each
	own     *node.Document
	sides   []side    // as the columns stand
	looked  time.Time // when own and sides were read; zero: never yet
	marks   marked    // rows of this list, and of the one that it was opened from
	above   marked
}

// stands reports that twind is known not to run, here or on the other server.
func (s sight) stands(here bool) bool {
	return !s.looked.IsZero() && slices.ContainsFunc(s.sides, func(one side) bool { return one.here == here && one.stands() })
}

// idle says why nothing is done here that twind does; "" while it runs.
func (s sight) idle() string {
	if s.stands(true) {
		return "twind does not run on " + s.here + ": systemctl start twind"
	}
	return ""
}

// usualPace is how often a page is looked at anew.
const usualPace = 2 * time.Second

// A page is what a screen shows at a place: a table, or lines of text.
type page struct {
	title string
	of    string  // what it is of: a name, which may be foreign
	notes []piece // a line each, above all that scrolls
	above []line  // and these, as they are
	// fits, in the stead of above, gives them for as many lines as there is room for,
	// and says what it leaves out; nil: above is all.
	fits  func(room int) []line
	table *table
	text  []line
	// acts are what can be done: with the row of that key, "" if there is none.
	acts func(row string) []act
	// below is what there is to say of that row beneath the table: as many lines
	// for each; nil: nothing.
	below func(row string) []line
	// leads is where enter goes from that row; nil: into it, where rows open.
	leads func(row string) source
	seek  string        // the row that is chosen as long as nobody chooses another; "": none
	pace  time.Duration // between looks; 0: usualPace; less than 0: only on demand
}

// A screen is one of those that a person can go to.
type screen struct {
	tab   string // the key of its tab; screens that share one take turns
	name  string
	about string // what it is good for
	// look reads what the page at a place shows; nil: what all screens know of
	// the pair is all that there is.
	look func(ctx context.Context, from Sources, at place) (any, error)
	show func(data any, as sight) page // pure
}

// of gives a screen the functions that read and show its own data.
func of[T any](s screen, look func(context.Context, Sources, place) (T, error), show func(T, sight) page) screen {
	s.look = func(ctx context.Context, from Sources, at place) (any, error) { return look(ctx, from, at) }
	s.show = func(data any, as sight) page {
		own, _ := data.(T) // look returned it
		return show(own, as)
	}
	return s
}
