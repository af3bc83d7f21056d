package lang

import (
	"os"
	"testing"
	"time"
)

// BenchmarkLoad is what the catalogues cost a program that starts.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := load(os.DirFS("data")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		T(HT, "app.save")
	}
}

func BenchmarkPluralText(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		T(FR, "ago.days", "n", 12)
	}
}

func BenchmarkDate(b *testing.B) {
	b.ReportAllocs()
	t := time.Date(1991, 3, 27, 14, 0, 0, 0, time.UTC)
	for b.Loop() {
		DateTime(ES, t)
	}
}

func BenchmarkCountries(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Countries(FR)
	}
}
