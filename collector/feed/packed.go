package feed

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// appendPacked appends numbers as base64: small ones take little room.
func appendPacked(b []byte, numbers []int64) []byte {
	var packed []byte
	for _, n := range numbers {
		packed = binary.AppendVarint(packed, n)
	}
	return base64.StdEncoding.AppendEncode(b, packed)
}

var errPacked = errors.New("not numbers that were stored")

// unpacked reads what appendPacked wrote.
func unpacked(text []byte) ([]int64, error) {
	packed, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return nil, errPacked
	}
	var numbers []int64
	for len(packed) > 0 {
		n, size := binary.Varint(packed)
		if size <= 0 {
			return nil, errPacked
		}
		numbers, packed = append(numbers, n), packed[size:]
	}
	return numbers, nil
}
