package match

import "strings"

// Sound is the key under which name parts that sound alike in Spanish, French, Portuguese and the indigenous languages of the
// route fall together: Yésica and Jessica do not, Vásquez and Basques do. It takes a part from Tokens; letters of other
// scripts pass unchanged.
func Sound(part string) string {
	r := []rune(part)
	at := func(i int) rune {
		if i < 0 || i >= len(r) {
			return 0
		}
		return r[i]
	}
	var out []rune
	put := func(c rune) {
		if n := len(out); n == 0 || out[n-1] != c { // collapse doubles
			out = append(out, c)
		}
	}
	for i := 0; i < len(r); i++ {
		next := at(i + 1)
		switch c := r[i]; c {
		case 'h':
			// mute; ch, ph, sh and th are taken with their first letter
		case 'p':
			if next == 'h' {
				put('f')
				i++
			} else {
				put('p')
			}
		case 't':
			switch next {
			case 'h':
				put('t')
				i++
			case 'z', 's':
				put('s')
				i++
			default:
				put('t')
			}
		case 'q':
			put('k')
			if next == 'u' {
				i++
			}
		case 'c':
			switch {
			case next == 'h':
				put('x')
				i++
			case strings.ContainsRune("eiy", next) && next != 0:
				put('s')
			default:
				put('k')
			}
		case 's':
			if next == 'h' {
				put('x')
				i++
			} else {
				put('s')
			}
		case 'z':
			put('s')
		case 'v':
			put('b')
		case 'w':
			put('u')
		case 'g':
			after := at(i + 2)
			switch {
			case next == 'u' && (after == 'a' || after == 'o'):
				put('u')
				i++
			case next == 'u' && (after == 'e' || after == 'i'):
				put('g')
				i++
			case next == 'e' || next == 'i':
				put('j')
			default:
				put('g')
			}
		case 'l':
			if next == 'l' {
				put('i')
				i++
			} else {
				put('l')
			}
		case 'y':
			put('i')
		case 'x':
			put('j')
		case 'o':
			if next == 'u' {
				put('u')
				i++
			} else {
				put('o')
			}
		case 'm':
			if next == 0 || !strings.ContainsRune("aeiouyhm", next) {
				put('n')
			} else if next != 'm' {
				put('m')
			}
		default:
			put(c)
		}
	}
	if len(out) == 0 { // only mute letters: the part is its own sound
		return part
	}
	return string(out)
}
