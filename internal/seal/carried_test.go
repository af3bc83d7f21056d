package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"amparo/internal/seal"
)

func TestCarriedUnderAPIN(t *testing.T) {
	pin, text := seal.NewPIN(), []byte(`{"name":"Ana"}`)
	if len(pin) != 12 || strings.Trim(string(pin), "0123456789") != "" || pin == seal.NewPIN() {
		t.Fatalf("PIN %q", pin)
	}
	c, err := seal.Carry(pin, text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Open(pin)
	if err != nil || !bytes.Equal(bytes.TrimRight(got, " "), text) {
		t.Fatalf("%q, %v", got, err)
	}
	other := []byte(pin)
	other[11] = '0' + (other[11]-'0'+1)%10
	if _, err := c.Open(seal.PIN(other)); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("with another PIN: %v", err)
	}
	changed, err := seal.CarryCheaply(pin, text)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := changed.Open(pin); err != nil || len(got) != 8<<10 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	changed.Sealed[3] ^= 1
	if _, err := changed.Open(pin); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("changed: %v", err)
	}
	for _, rounds := range []int{0, 1, 99_999, 1 << 40} {
		cheap := c
		cheap.Rounds = rounds
		if _, err := cheap.Open(pin); !errors.Is(err, seal.ErrCost) {
			t.Errorf("%d rounds: %v", rounds, err)
		}
	}
}

// How much is said of somebody does not show in the length, and the same said twice does not look the same.
func TestCarriedSaysNothingByItsLength(t *testing.T) {
	short, err := seal.CarryCheaply("000000000000", []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	long, err := seal.CarryCheaply("000000000000", bytes.Repeat([]byte("a"), 8<<10))
	if err != nil {
		t.Fatal(err)
	}
	if len(short.Sealed) != len(long.Sealed) || bytes.Equal(short.Salt, long.Salt) || bytes.Equal(short.Nonce, long.Nonce) {
		t.Errorf("%d bytes and %d", len(short.Sealed), len(long.Sealed))
	}
}
