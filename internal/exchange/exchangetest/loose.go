package exchangetest

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"amparo/internal/journal"
	"amparo/internal/relay/wire"
)

// answering is a copy that others' questions are answered from; only of such can it be asked what it lacks.
func (b *bench) lacks(from int64, most int) (places []journal.PartPlace, told bool) {
	b.Helper()
	keys, answers := b.copy.(wire.Keys)
	if !answers {
		return nil, false
	}
	list, err := keys.MissingFrom(context.Background(), from, most)
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range list {
		places = append(places, m.Place)
	}
	return places, true
}

// bareRuns gives all the founder wrote, without what is sealed, and the parts apart.
func (b *bench) bareRuns() (runs []journal.Run, parts []journal.Loose) {
	for _, run := range b.all() {
		for i := range run.Commits {
			c := &run.Commits[i]
			for p, data := range c.Parts {
				if c.Header.Parts[p].Tag != 0 {
					parts = append(parts, journal.Loose{Place: journal.PartPlace{Writer: c.Writer, Seq: c.Seq, Index: uint8(p)}, Data: data})
				}
			}
		}
		wire.Withhold(&run)
		runs = append(runs, run)
	}
	return runs, parts
}

func places(parts []journal.Loose) (list []journal.PartPlace) {
	for _, p := range parts {
		list = append(list, p.Place)
	}
	return list
}

// Commits that came bare are given bare, say what is missing, and take the parts in any order.
func (b *bench) loose() {
	b.w.Founder.Batch(Bodies(70, 90, 1)...)
	runs, parts := b.bareRuns()
	b.good(runs...)
	ctx := context.Background()
	for _, p := range parts {
		if err := b.copy.Parts(ctx, []journal.PartPlace{p.Place}, func(int, []byte) error { return errors.New("given") }); err != nil {
			b.Fatal("gives a part that it was not given")
		}
	}
	if list, told := b.lacks(1, 1000); told && len(list) != len(parts) {
		b.Errorf("lacks %d parts of %d", len(list), len(parts))
	}
	for _, run := range RunsOf(b, b.copy, nil) {
		for i := range run.Commits {
			for p, data := range run.Commits[i].Parts {
				if data != nil && run.Commits[i].Header.Parts[p].Tag != 0 {
					b.Fatal("gives a part that it was not given")
				}
			}
		}
	}
	late := slices.Clone(parts)
	slices.Reverse(late)
	wrong := journal.Loose{Place: late[0].Place, Data: append(bytes.Clone(late[0].Data), 0)}
	nowhere := journal.Loose{Place: journal.PartPlace{Writer: b.w.Founder.Writer(), Seq: 1 << 40}, Data: late[0].Data}
	other := journal.Loose{Place: journal.PartPlace{Writer: late[0].Place.Writer, Seq: late[0].Place.Seq, Index: journal.MaxParts - 1}, Data: late[0].Data}
	if n, err := b.copy.Supply(ctx, []journal.Loose{wrong, nowhere, other}); n != 0 || err != nil {
		b.Errorf("took %d parts that no commit names: %v", n, err)
	}
	if n, err := b.copy.Supply(ctx, append(late[:40:40], wrong)); n != 40 || err != nil {
		b.Fatalf("took %d of 40 parts: %v", n, err)
	}
	if list, told := b.lacks(1, 1000); told && len(list) != len(parts)-40 {
		b.Errorf("lacks %d parts of %d", len(list), len(parts)-40)
	}
	if n, err := b.copy.Supply(ctx, late); n != len(late)-40 || err != nil {
		b.Fatalf("took %d of %d parts: %v", n, len(late)-40, err)
	}
	if n, err := b.copy.Supply(ctx, late); n != 0 || err != nil {
		b.Errorf("took %d parts twice: %v", n, err)
	}
	Same(b, b.w.Founder.Copy, b.copy)
	if list, told := b.lacks(1, 1000); told && len(list) != 0 {
		b.Errorf("lacks %d parts", len(list))
	}
	var got []journal.Loose
	if err := b.copy.Parts(ctx, places(parts), func(n int, data []byte) error {
		got = append(got, journal.Loose{Place: parts[n].Place, Data: bytes.Clone(data)})
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	if len(got) != len(parts) {
		b.Fatalf("gives %d parts of %d", len(got), len(parts))
	}
	for i := range got {
		if got[i].Place != parts[i].Place || !bytes.Equal(got[i].Data, parts[i].Data) {
			b.Fatalf("part %d is another", i)
		}
	}
	stop := errors.New("stop")
	if err := b.copy.Parts(ctx, places(parts), func(int, []byte) error { return stop }); !errors.Is(err, stop) {
		b.Errorf("an error of yield: %v", err)
	}
}

// Commits that came bare and come again whole bring their parts.
func (b *bench) wholeLater() {
	b.w.Founder.Batch(Bodies(70, 90, 1)...)
	whole := b.all()
	runs, _ := b.bareRuns()
	b.good(runs...)
	b.good(whole...)
	Same(b, b.w.Founder.Copy, b.copy)
	if list, told := b.lacks(1, 1000); told && len(list) != 0 {
		b.Errorf("lacks %d parts", len(list))
	}
}

// Bare gives the runs that Runs gives, without what is sealed; open parts are given.
func (b *bench) bare() {
	b.w.Founder.Batch(Bodies(150, 90, 1)...)
	b.w.Join("other", nil)
	b.good(b.all()...)
	whole := RunsOf(b, b.copy, nil)
	i := 0
	if err := b.copy.Bare(context.Background(), nil, func(run journal.Run) error {
		want := whole[i]
		wire.Withhold(&want)
		if i++; !bytes.Equal(run.Encode(), want.Encode()) {
			b.Errorf("run %d is not the one without its sealed parts", i)
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	if i != len(whole) {
		b.Errorf("%d runs of %d", i, len(whole))
	}
}

// What is missing is listed from any number on, once round.
func (b *bench) missing() {
	if _, told := b.lacks(1, 1); !told {
		return
	}
	b.w.Founder.Batch(Bodies(10, 90, 1)...)
	runs, parts := b.bareRuns()
	b.good(runs...)
	keys := b.copy.(wire.Keys)
	all, err := keys.MissingFrom(context.Background(), 1, 1000)
	if err != nil {
		b.Fatal(err)
	}
	for i, m := range all {
		if i > 0 && m.N < all[i-1].N {
			b.Fatal("not in the order of their numbers")
		}
	}
	middle, err := keys.MissingFrom(context.Background(), all[len(all)/2].N, 1000)
	if err != nil || len(middle) != len(parts) || middle[0].N != all[len(all)/2].N {
		b.Errorf("from the middle: %d of %d, %v", len(middle), len(parts), err)
	}
	if some, err := keys.MissingFrom(context.Background(), 1<<62, 3); err != nil || len(some) != 3 || some[0].N != all[0].N {
		b.Errorf("after the last: %v, %v", some, err)
	}
}
