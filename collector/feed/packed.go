package feed

import (
	"encoding/base64"
	"encoding/binary"
)

// appendPacked appends numbers as base64: small ones take little room.
func appendPacked(b []byte, numbers []int64) []byte {
	var packed []byte
	for _, n := range numbers {
		packed = binary.AppendVarint(packed, n)
	}
	return base64.StdEncoding.AppendEncode(b, packed)
}

// unpacked reads what appendPacked wrote; ok is false of anything else.
func unpacked(text []byte) (numbers []int64, ok bool) {
	packed, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return nil, false
	}
	for len(packed) > 0 {
		n, size := binary.Varint(packed)
		if size <= 0 {
			return nil, false
		}
		numbers, packed = append(numbers, n), packed[size:]
	}
	return numbers, true
}
