package feed

import (
	"bytes"
	"errors"

	"github.com/twinctl/twin/collector/cucm"
)

// cucmCutter cuts a file of cucm_cdr. Files that were written one behind the
// other are cut as well: their heads may come again, or others. One of call
// management records has no piece.
type cucmCutter struct {
	*lineCutter
	names   []byte // nil before the first line
	types   bool   // the second line was read
	unusual bool   // names go before each line
	passed  bool   // what stands below the names is no call, and passed over
	piece   []byte
	wrong   error
}

var errTypes = errors.New("its second line is not one of types, as INTEGER,VARCHAR(50)")

// Next implements Cutter.
func (c *cucmCutter) Next() ([]byte, error) {
	if c.wrong != nil {
		return nil, c.wrong
	}
	line, err := c.lineCutter.Next()
	switch {
	case err != nil || len(line) == 0:
		return nil, err
	case c.names == nil || cucm.IsNames(line):
		return nil, c.begin(line)
	case cucm.IsTypes(line):
		c.types = true
		return nil, nil
	case c.passed:
		return nil, nil
	case !c.types:
		return nil, c.misshapen(errTypes)
	case c.unusual:
		c.piece = append(append(append(c.piece[:0], c.names...), '\n'), line...)
		return c.piece, nil
	}
	return line, nil
}

// begin reads the line of names.
func (c *cucmCutter) begin(line []byte) error {
	places, err := cucm.ReadNames(line)
	c.passed = errors.Is(err, cucm.ErrManagement)
	if err != nil && !c.passed {
		return c.misshapen(err)
	}
	c.names, c.types, c.unusual = bytes.Clone(line), false, places != cucm.UsualPlaces()
	return nil
}

func (c *cucmCutter) misshapen(why error) error {
	c.wrong = &ShapeError{"cucm_cdr", why}
	return c.wrong
}
