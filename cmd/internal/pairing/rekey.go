package pairing

// A RekeyStep is one thing that giving this server another key takes. Each may
// be done again.
type RekeyStep string

// The steps.
const (
	MakeKey RekeyStep = "make key" // beside the one in use; the same again finds it made
	Tell    RekeyStep = "tell"     // the twin lets in the new key, and no longer the old one
	Prove   RekeyStep = "prove"    // log in with the new key
	UseKey  RekeyStep = "use key"  // audit it, and put it in the place of the old one
)

// RekeySteps lists what changes this server's key, in order. The old one is
// given up when the new one is proven. Between telling the twin and that a crash
// leaves a server which the twin does not let in by the old key: done again, the
// twin is told by way of whichever key it takes.
func RekeySteps() []RekeyStep { return []RekeyStep{MakeKey, Tell, Prove, UseKey} }
