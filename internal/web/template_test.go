package web

import (
	"strings"
	"testing"

	"github.com/jba/templatecheck"
)

// Every page's template is checked against the struct that it is given: a field that is not there, a wrong argument or a
// wrong type is found here and not by a nurse.
func TestTemplatesFitTheirPages(t *testing.T) {
	given := map[string]any{
		"start.html": StartPage{}, "start_passphrase.html": StartPassphrase{}, "start_done.html": StartDone{}, "unlock.html": UnlockPage{},
		"measures.html": MeasuresPage{}, "board.html": BoardPage{}, "sites.html": SitesPage{}, "site_open.html": SiteOpenPage{},
		"find.html": FindPage{}, "register.html": RegisterPage{}, "person.html": PersonPage{}, "person_edit.html": PersonEditPage{},
		"visit.html": VisitPage{}, "consultation.html": ConsultationPage{}, "headcount.html": CountPage{}, "flow.html": CountPage{},
		"summary.html": SummaryPage{}, "series.html": SeriesPage{}, "conflicts.html": ConflictsPage{}, "pending.html": PendingPage{},
		"about.html": AboutPage{}, "keys.html": KeysPage{}, "error.html": ErrorPage{},
	}
	for name, page := range given {
		tmpl := pages().Lookup(name)
		if tmpl == nil {
			t.Errorf("%s: there is no such template", name)
			continue
		}
		if err := templatecheck.CheckHTMLStrict(tmpl, page); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	entries, err := files.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := given[e.Name()]; !ok && !strings.HasPrefix(e.Name(), "part_") {
			t.Errorf("templates/%s: no page is checked against it", e.Name())
		}
	}
}
