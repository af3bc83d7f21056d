package record

import (
	"crypto/sha256"
	"fmt"
)

// KeyID computes the id of a Keyed record from its canonical values.
func (k *Kind) KeyID(values map[uint8]any) (ID, error) {
	key := []any{"amparo keyed record v1", int64(k.Number)}
	for _, name := range k.Key {
		f, _ := k.Field(name)
		v, there := values[f.Number]
		if !there || v == nil {
			return ID{}, fmt.Errorf("kind %s: key field %s is missing", k.Name, name)
		}
		key = append(key, v)
	}
	enc, _ := stateModes()
	data, err := enc.Marshal(key)
	if err != nil {
		return ID{}, fmt.Errorf("kind %s: key: %w", k.Name, err)
	}
	sum := sha256.Sum256(data)
	return ID(sum[:16]), nil
}
