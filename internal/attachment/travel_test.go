package attachment_test

import (
	"bytes"
	"testing"

	"amparo/internal/attachment"
	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/people"
	"amparo/internal/people/worktest"
)

func content(b *worktest.Bed, who, id string) []byte {
	b.Helper()
	return worktest.Ask[attachment.Content](b, "attachment.content", "person", who, "attachment", id).Content
}

func standing(b *worktest.Bed, who string) (here, pieces int) {
	b.Helper()
	for _, f := range worktest.Ask[attachment.Listed](b, "attachment.list", "person", who).Files {
		here, pieces = here+f.Here, pieces+f.Pieces
	}
	return here, pieces
}

func meet(b *worktest.Bed, url string) {
	b.Helper()
	sum, err := b.Session.Exchange(b.Context(), url, nil)
	if err == nil {
		err = sum.Files.Broken
	}
	if err != nil {
		b.Fatal(err)
	}
}

func TestAFileReachesTheOtherSites(t *testing.T) {
	one := worktest.New(t)
	site := one.Site("Sur", "07089")
	one.Stand(site)
	url := worktest.Relay(t)
	two := one.Join(url, "Berta", site, "clinician")
	far := one.Join(url, "Carla", site, "social_worker")
	who := person(one, "Ana")
	added := worktest.Do[attachment.Added](one, "attachment.add", "", file(who, "care", "informe.pdf", pdf))
	meet(one, url)
	if files, err := one.Session.Node().Files(); err != nil || files.Going.Chunks != 0 {
		t.Errorf("still only here: %+v, %v", files, err)
	}
	meet(two, url)
	if got := content(two, who, added.ID.String()); !bytes.Equal(got, pdf) {
		t.Fatalf("%d bytes arrived", len(got))
	}
	meet(far, url)
	if n := chunksOn(t, far); n != 0 {
		t.Errorf("who may not open it holds %d pieces of it", n)
	}
	if listed := worktest.Ask[attachment.Listed](far, "attachment.list", "person", who); len(listed.Files) != 0 {
		t.Errorf("who may not open it is told of it: %+v", listed)
	}
	// What was here once is not fetched again, and nothing is asked when there is nothing to move.
	sum, err := two.Session.Exchange(t.Context(), url, nil)
	if err != nil || sum.Files.RoundTrips != 0 {
		t.Errorf("with nothing to move: %+v, %v", sum.Files, err)
	}
}

func TestAFileComesAsFarAsTheBudgetAllowsAndGoesOnTheNextTime(t *testing.T) {
	one := worktest.New(t)
	site := one.Site("Sur", "07089")
	one.Stand(site)
	url := worktest.Relay(t)
	two := one.Join(url, "Berta", site, "clinician")
	who := person(one, "Ana")
	first := worktest.Do[attachment.Added](one, "attachment.add", "", file(who, "care", "uno.pdf", append([]byte("%PDF-1 "), make([]byte, 400<<10)...)))
	meet(one, url)
	for _, wrong := range []node.Budget{{Exchange: -1}, {Day: 1 << 50}} {
		if err := two.Session.Node().SetFileBudget(wrong); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
	if err := two.Session.Node().SetFileBudget(node.Budget{Exchange: 150 << 10}); err != nil {
		t.Fatal(err)
	}
	open := func(b *worktest.Bed) error {
		_, err := b.Session.Query(t.Context(), lang.ES, "attachment.content", map[string][]string{"person": {who}, "attachment": {first.ID.String()}})
		return err
	}
	for want := 1; want <= 4; want++ {
		meet(two, url)
		if here, pieces := standing(two, who); here != want || pieces != 4 {
			t.Fatalf("after %d exchanges %d of %d pieces are here", want, here, pieces)
		}
	}
	if err := open(two); err != nil {
		t.Errorf("whole, and it does not open: %v", err)
	}
	three := one.Join(url, "Carla", site, "clinician")
	if err := three.Session.Node().SetFileBudget(node.Budget{Exchange: 150 << 10}); err != nil {
		t.Fatal(err)
	}
	meet(three, url)
	if err := open(three); err == nil {
		t.Fatal("half a file opens")
	}
	meet(three, url) // somebody waits for it now: the rest comes whatever the budget
	if err := open(three); err != nil {
		t.Errorf("somebody waits for it, and it does not open: %v", err)
	}
}

func TestADayHasItsBudgetToo(t *testing.T) {
	one := worktest.New(t)
	site := one.Site("Sur", "07089")
	one.Stand(site)
	url := worktest.Relay(t)
	who := person(one, "Ana")
	worktest.Do[attachment.Added](one, "attachment.add", "", file(who, "care", "uno.pdf", append([]byte("%PDF-1 "), make([]byte, 400<<10)...)))
	if err := one.Session.Node().SetFileBudget(node.Budget{Day: 300 << 10}); err != nil {
		t.Fatal(err)
	}
	going := func() int {
		t.Helper()
		c, err := one.Session.Node().Files()
		if err != nil {
			t.Fatal(err)
		}
		return c.Going.Chunks
	}
	for range 3 {
		meet(one, url)
	}
	if n := going(); n != 2 {
		t.Fatalf("%d pieces wait", n)
	}
	one.Now = one.Now.AddDate(0, 0, 1)
	meet(one, url)
	if n := going(); n != 0 {
		t.Errorf("the next day %d pieces wait", n)
	}
}

func TestFilesOfWhoHasNotAgreedStayHere(t *testing.T) {
	one := worktest.New(t)
	site := one.Site("Sur", "07089")
	one.Stand(site)
	url := worktest.Relay(t)
	two := one.Join(url, "Berta", site, "clinician")
	who := worktest.Do[people.Registered](one, "person.register", "", fields{"given": "Eva", "consent": []string{"care"}}).Person.String()
	if one.Travels(who) {
		t.Fatal("the record travels: nothing is tried")
	}
	added := worktest.Do[attachment.Added](one, "attachment.add", "", file(who, "care", "informe.pdf", pdf))
	meet(one, url)
	c, err := one.Session.Node().Files()
	if err != nil || c.Held.Chunks != 2 || c.Going.Chunks != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	meet(two, url)
	if n := chunksOn(t, two); n != 0 {
		t.Fatalf("%d pieces left", n)
	}
	worktest.Do[any](one, "person.consent", "", fields{"person": who, "purpose": "sharing", "answer": "given", "language": "es", "medium": "spoken", "understood": true})
	meet(one, url)
	meet(two, url)
	if got := content(two, who, added.ID.String()); !bytes.Equal(got, pdf) {
		t.Errorf("once they agreed %d bytes arrived", len(got))
	}
}

func TestAnErasedPersonsFilesGoEverywhere(t *testing.T) {
	one := worktest.New(t)
	site := one.Site("Sur", "07089")
	one.Stand(site)
	url := worktest.Relay(t)
	two := one.Join(url, "Berta", site, "clinician")
	who, stays := person(one, "Ana"), person(one, "Eva")
	worktest.Do[attachment.Added](one, "attachment.add", "", file(who, "care", "informe.pdf", pdf))
	kept := worktest.Do[attachment.Added](one, "attachment.add", "", file(stays, "care", "otro.pdf", pdf))
	meet(one, url)
	meet(two, url)
	if n := chunksOn(t, two); n != 4 {
		t.Fatalf("%d pieces arrived: nothing is tried", n)
	}
	worktest.Do[any](one, "person.erase", "", fields{"person": who, "reason": "asked_by_person", "authority": "ella"})
	for range 2 {
		meet(one, url)
		meet(two, url)
	}
	for name, b := range map[string]*worktest.Bed{"who erased": one, "the other": two} {
		if n := chunksOn(t, b); n != 2 {
			t.Errorf("%s holds %d pieces", name, n)
		}
		if got := content(b, stays, kept.ID.String()); !bytes.Equal(got, pdf) {
			t.Errorf("%s lost somebody else's file", name)
		}
	}
	// A device that comes later finds the chunks of the one and not of the other.
	three := one.Join(url, "Dora", site, "clinician")
	meet(three, url)
	if n := chunksOn(t, three); n != 2 {
		t.Errorf("a later device holds %d pieces", n)
	}
}

func TestAFileTakenBackGoesEverywhereWhenWhoTookItBackMay(t *testing.T) {
	one := worktest.New(t)
	site := one.Site("Sur", "07089")
	one.Stand(site)
	url := worktest.Relay(t)
	two := one.Join(url, "Berta", site, "clinician")
	who := person(one, "Ana")
	added := worktest.Do[attachment.Added](one, "attachment.add", "", file(who, "care", "informe.pdf", pdf))
	meet(one, url)
	meet(two, url)
	worktest.Do[attachment.Removed](two, "attachment.remove", "", fields{"attachment": added.ID.String(), "reason": "de otra persona"})
	meet(two, url)
	meet(one, url)
	for name, b := range map[string]*worktest.Bed{"who added it": one, "who took it back": two} {
		if n := chunksOn(t, b); n != 0 {
			t.Errorf("%s holds %d pieces", name, n)
		}
	}
}

func TestADeviceThatLetsGoOfAPersonLetsGoOfTheirFiles(t *testing.T) {
	one := worktest.New(t)
	site := one.Site("Sur", "07089")
	one.Stand(site)
	url := worktest.Relay(t)
	two := one.Join(url, "Berta", site, "clinician")
	who := person(one, "Ana")
	added := worktest.Do[attachment.Added](one, "attachment.add", "", file(who, "care", "informe.pdf", pdf))
	meet(one, url)
	meet(two, url)
	if n := chunksOn(t, two); n != 2 {
		t.Fatalf("%d pieces arrived: nothing is tried", n)
	}
	if err := two.Session.SetFieldDays(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	for _, b := range []*worktest.Bed{one, two} {
		b.Now = b.Now.AddDate(0, 0, 9)
		meet(b, url)
	}
	meet(two, url)
	if n := chunksOn(t, two); n != 0 {
		t.Errorf("the person went, and %d pieces of their file stay", n)
	}
	if got := content(one, who, added.ID.String()); !bytes.Equal(got, pdf) {
		t.Error("it went from a device that keeps everybody")
	}
}
