package shares

import (
	"errors"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"amparo/internal/journal"
)

// counted fills bytes in a way that is the same at every run: for tests that compare.
func counted(from byte) func([]byte) {
	return func(b []byte) {
		for i := range b {
			b[i] = from
			from = from*5 + 11
		}
	}
}

func home(n byte) Home {
	return Home{Workspace: journal.WorkspaceID{n, 1, 2, 3}, Founder: journal.MemberID{n, 9, 8, 7}, Relay: "https://relay.example:8461/w"}
}

func made(t testing.TB, h Home, k, n int) (Seed, []Share) {
	t.Helper()
	seed := NewSeed()
	list, err := Split(seed, h, k, n)
	if err != nil {
		t.Fatal(err)
	}
	return seed, list
}

func drawSet(t *rapid.T) (seed Seed, list []Share, k, n int) {
	n = rapid.IntRange(1, Most).Draw(t, "n")
	k = rapid.IntRange(1, n).Draw(t, "k")
	copy(seed[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed"))
	list, err := Split(seed, home(rapid.Byte().Draw(t, "workspace")), k, n)
	if err != nil {
		t.Fatal(err)
	}
	return seed, list, k, n
}

func some(t *rapid.T, list []Share, count int) []Share {
	return slices.Clone(rapid.Permutation(list).Draw(t, "which")[:count])
}

func TestAnyKOfNGiveTheSeedBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, list, k, n := drawSet(t)
		which := some(t, list, rapid.IntRange(k, n).Draw(t, "given"))
		got, at, err := Combine(Home{}, which)
		if err != nil || got != seed || at != list[0].Home {
			t.Fatalf("%d of %d from %d: %v %v", k, n, len(which), err, at)
		}
	})
}

func TestFewerAreTooFewAndSayHowManyMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, list, k, _ := drawSet(t)
		if k == 1 {
			return
		}
		which := some(t, list, rapid.IntRange(1, k-1).Draw(t, "given"))
		got, _, err := Combine(Home{}, which)
		if !errors.Is(err, ErrTooFew) || got != (Seed{}) {
			t.Fatalf("%d of %d: %v", len(which), k, err)
		}
		if err := Check(Home{}, which); err != nil {
			t.Fatalf("they fit together: %v", err)
		}
	})
}

// To k-1 shares every secret is as likely: for each there is exactly one polynomial through them and it.
func TestKMinusOneSharesSayNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, list, k, _ := drawSet(t)
		if k == 1 {
			return
		}
		which := some(t, list, k-1)
		points := []point{{x: 0}}
		for _, s := range which {
			points = append(points, point{byte(s.Number), s.piece})
		}
		rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "another secret")
		copy(points[0].y[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "another secret"))
		next := byte(Most + 1) // a further share that would make that secret the one
		more := append(slices.Clone(points[1:]), point{next, at(points, next)})
		if at(more, 0) != points[0].y {
			t.Fatal("a secret that k-1 shares rule out")
		}
	})
}

// What one share says of a byte is spread evenly: chi-square over 256 values, 255 degrees of freedom; 400 is beyond 1 in 10^7.
func TestOneShareOfOneSecretIsSpreadEvenly(t *testing.T) {
	const rounds = 2000
	var counts [256]int
	for range rounds {
		pieces := split([32]byte{42}, 2, 2, fromSystem)
		for _, b := range pieces[1] {
			counts[b]++
		}
	}
	expected := float64(rounds*32) / 256
	chi := 0.0
	for _, c := range counts {
		chi += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	if chi > 400 {
		t.Errorf("chi-square %.0f", chi)
	}
}

// The field is checked against its definition: polynomials over two, reduced by x^8+x^4+x^3+x+1.
func TestTheFieldIsTheField(t *testing.T) {
	slow := func(a, b int) byte {
		product := 0
		for i := range 8 {
			if b>>i&1 == 1 {
				product ^= a << i
			}
		}
		for p := big.NewInt(int64(product)); p.BitLen() > 8; p.SetInt64(int64(product)) {
			product ^= 0x11b << (p.BitLen() - 9)
		}
		return byte(product)
	}
	for a := range 256 {
		for b := range 256 {
			if got, want := mul(byte(a), byte(b)), slow(a, b); got != want {
				t.Fatalf("%d·%d = %d, want %d", a, b, got, want)
			}
		}
		if got := mul(byte(a), inverse(byte(a))); a != 0 && got != 1 {
			t.Fatalf("%d·%d⁻¹ = %d", a, a, got)
		}
	}
}

func TestSharesThatDoNotBelongTogetherAreNamed(t *testing.T) {
	_, ours := made(t, home(1), 3, 5)
	_, older := made(t, home(1), 3, 5)
	_, others := made(t, home(2), 3, 5)
	forged := slices.Clone(ours)
	forged[1].piece[7] ^= 1
	fewer := ours[1]
	fewer.K = 2
	brief := slices.Clone(ours)
	for i := range brief {
		brief[i].Home = Home{}
	}
	for name, c := range map[string]struct {
		home Home
		list []Share
		want error
	}{
		"none":                                   {Home{}, nil, ErrNotShare},
		"three":                                  {Home{}, ours[:3], nil},
		"five":                                   {home(1), ours, nil},
		"words alone, workspace known":           {home(1), brief[2:], nil},
		"one by its code, others by their words": {Home{}, []Share{brief[0], ours[1], brief[2]}, nil},
		"two":                                    {Home{}, ours[:2], ErrTooFew},
		"the same twice":                         {Home{}, []Share{ours[0], ours[1], ours[0]}, ErrSameTwice},
		"the same twice in two spellings":        {Home{}, []Share{ours[0], brief[0], ours[2]}, ErrSameTwice},
		"of another workspace":                   {Home{}, []Share{ours[0], ours[1], others[2]}, ErrOtherWorkspace},
		"all of another workspace":               {home(1), others, ErrOtherWorkspace},
		"too few and of another workspace":       {home(1), others[:1], ErrOtherWorkspace},
		"of a set that was replaced":             {Home{}, []Share{ours[0], older[1], ours[2]}, ErrOtherSet},
		"one that was changed":                   {Home{}, []Share{ours[0], forged[1], ours[2]}, ErrInconsistent},
		"one too many that was changed":          {Home{}, []Share{ours[0], ours[2], ours[3], forged[1]}, ErrInconsistent},
		"two of one number":                      {Home{}, []Share{ours[0], ours[1], forged[1]}, ErrInconsistent},
		"another threshold":                      {Home{}, []Share{ours[0], fewer, ours[2]}, ErrInconsistent},
	} {
		if _, _, err := Combine(c.home, c.list); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestOnlySensibleNumbersOfSharesAreMade(t *testing.T) {
	for _, c := range [][2]int{{0, 3}, {4, 3}, {1, Most + 1}, {-1, -1}, {0, 0}} {
		if _, err := Split(NewSeed(), home(1), c[0], c[1]); !errors.Is(err, ErrNumber) {
			t.Errorf("%d of %d: %v", c[0], c[1], err)
		}
	}
	far := home(1)
	far.Relay = string(make([]byte, MostRelay+1))
	if _, err := Split(NewSeed(), far, 1, 1); err == nil {
		t.Errorf("an address longer than the code holds: %v", err)
	}
}

func TestWhatIsWipedIsGone(t *testing.T) {
	seed, list := made(t, home(1), 1, 1)
	seed.Wipe()
	list[0].Wipe()
	if seed != (Seed{}) || list[0].piece != [32]byte{} {
		t.Error("wiped, and still there")
	}
}
