package shares

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"

	"amparo/internal/journal"
	"amparo/internal/record"
)

// The code is "AMPARO1:" and, in the letters and digits of Crockford's base 32 (no I, L, O and U), the bytes: version,
// length of the relay's address, K, N, Number, Set 7, the piece 32, Workspace 16, Founder 16, the address, CRC-32 of all that
// 4. Its signs are those of a QR code's alphanumeric mode, so it prints small.
const (
	codeMark  = "AMPARO1:"
	codeFixed = 1 + 1 + 3 + 7 + 32 + 16 + 16
	// MostRelay is how many bytes the address of a relay may have on paper.
	MostRelay = 255

	base32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// Code spells the share for a QR code. The share must know its Home.
func (s *Share) Code() string {
	raw := []byte{version, byte(len(s.Home.Relay)), byte(s.K), byte(s.N), byte(s.Number)}
	raw = append(append(raw, s.Set[:]...), s.piece[:]...)
	raw = append(append(append(raw, s.Home.Workspace[:]...), s.Home.Founder[:]...), s.Home.Relay...)
	raw = binary.BigEndian.AppendUint32(raw, crc32.Checksum(raw, castagnoli))
	b := bits{data: raw}
	var out strings.Builder
	out.WriteString(codeMark)
	for range len(raw) * 8 / 5 {
		out.WriteByte(base32[b.take(5)])
	}
	if left := len(raw)*8 - b.n; left > 0 {
		out.WriteByte(base32[b.take(left)<<(5-left)])
	}
	return out.String()
}

// signs is how many of them n bytes take.
func signs(n int) int { return (n*8 + 4) / 5 }

// takeCode reads the code that follows its mark and gives what comes after it. Blanks, line breaks and dashes may stand
// between the signs, and a sign that is easily taken for another is read as that.
func takeCode(text string) (s Share, rest string, err error) {
	var b bits
	need, got := signs(2), 0
	for i, r := range text {
		if got == need && need == signs(2) && got > 0 { // the length is known now
			if b.data[0] != version {
				return s, "", fmt.Errorf("%w: share version %d", journal.ErrNewer, b.data[0])
			}
			need = signs(codeFixed + int(b.data[1]) + 4)
		}
		if got == need {
			s, err = readCode(b.data)
			return s, text[i:], err
		}
		if strings.ContainsRune(" \t\r\n-\u00a0", r) {
			continue
		}
		at := strings.IndexRune(base32, sign(r))
		if at < 0 {
			return s, "", mistyped(codeSigns, got+1, string(r), "")
		}
		b.put(uint64(at), 5)
		got++
	}
	if need > signs(2) && got == need {
		s, err = readCode(b.data)
		return s, "", err
	}
	return s, "", mistyped(codeSigns, got, "", "")
}

func sign(r rune) rune {
	switch r {
	case 'o', 'O':
		return '0'
	case 'i', 'I', 'l', 'L':
		return '1'
	}
	if r >= 'a' && r <= 'z' {
		r += 'A' - 'a'
	}
	return r
}

func readCode(raw []byte) (s Share, err error) {
	n := codeFixed + int(raw[1])
	if len(raw) < n+4 || len(bytes.Trim(raw[n+4:], "\x00")) > 0 || crc32.Checksum(raw[:n], castagnoli) != binary.BigEndian.Uint32(raw[n:n+4]) {
		return s, mistyped(codeSigns, 0, "", "")
	}
	s.K, s.N, s.Number = int(raw[2]), int(raw[3]), int(raw[4])
	at := 5
	for _, into := range [][]byte{s.Set[:], s.piece[:], s.Home.Workspace[:], s.Home.Founder[:]} {
		at += copy(into, raw[at:])
	}
	s.Home.Relay = string(raw[at:n])
	s.Check = s.Home.check()
	if !s.whole() || !s.Home.Known() {
		return s, mistyped(codeSigns, 0, "", "")
	}
	return s, nil
}

// codeSigns says that it is the code, not a word, that is wrong.
const codeSigns = -1

// mistyped says where a share is not as it was printed: which sign of the code, or which of so many words; 0 when all are
// known and yet do not fit.
func mistyped(words, which int, got, near string) error {
	switch {
	case words == codeSigns && got == "":
		return record.Refuse("share", "share_code").Because(ErrTyping)
	case words == codeSigns:
		return record.Refuse("share", "share_code_sign", "n", which, "got", got).Because(ErrTyping)
	case which == 0:
		return record.Refuse("share", "share_checksum").Because(ErrTyping)
	case near == "":
		return record.Refuse("share", "share_word", "number", which, "got", got).Because(ErrTyping)
	}
	return record.Refuse("share", "share_word_near", "number", which, "got", got, "near", near).Because(ErrTyping)
}
