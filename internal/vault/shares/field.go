package shares

import "crypto/rand"

// Arithmetic over GF(2^8) with the polynomial x^8+x^4+x^3+x+1, as AES has it. There are no tables and no branches on the
// values: how long it takes says nothing of the secret.

func mul(a, b byte) byte {
	var p byte
	for range 8 {
		p ^= -(b & 1) & a
		a = a<<1 ^ -(a>>7)&0x1b
		b >>= 1
	}
	return p
}

// inverse is a^254: the inverse of every a but 0, which gives 0.
func inverse(a byte) byte {
	out := byte(1)
	for bit := 7; bit >= 0; bit-- {
		out = mul(out, out)
		if 254>>bit&1 == 1 {
			out = mul(out, a)
		}
	}
	return out
}

// split gives the values at x = 1..n of one random polynomial of degree k-1 a byte, whose value at 0 is the secret.
func split(secret [32]byte, k, n int, draw func([]byte)) [][32]byte {
	coefficients := make([]byte, len(secret)*(k-1))
	draw(coefficients)
	defer clear(coefficients)
	out := make([][32]byte, n)
	for x := 1; x <= n; x++ {
		for i := range secret {
			var y byte
			for _, c := range coefficients[i*(k-1) : (i+1)*(k-1)] {
				y = mul(y^c, byte(x))
			}
			out[x-1][i] = y ^ secret[i]
		}
	}
	return out
}

// point is a share as the field sees it.
type point struct {
	x byte
	y [32]byte
}

// at gives the value at x of the polynomials through the points, whose x differ.
func at(points []point, x byte) (out [32]byte) {
	for i, p := range points {
		weight := byte(1)
		for j, q := range points {
			if i != j {
				weight = mul(weight, mul(q.x^x, inverse(q.x^p.x)))
			}
		}
		for n := range out {
			out[n] ^= mul(weight, p.y[n])
		}
	}
	return out
}

func fromSystem(b []byte) { rand.Read(b) } // never fails: Go ends the program first
