package web

import (
	"io"
	"regexp"
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
		"find.html": FindPage{}, "scan.html": ScanPage{}, "cards.html": CardsPage{}, "card.html": PersonCardsPage{}, "register.html": RegisterPage{}, "priority.html": PriorityPage{}, "group.html": GroupPage{}, "child.html": ChildPage{}, "children.html": ChildrenPage{}, "incomplete.html": IncompletePage{}, "person.html": PersonPage{}, "person_edit.html": PersonEditPage{},
		"visit.html": VisitPage{}, "consultation.html": ConsultationPage{}, "headcount.html": CountPage{}, "flow.html": CountPage{},
		"summary.html": SummaryPage{}, "summary_file.html": SummaryFilePage{}, "series.html": SeriesPage{}, "conflicts.html": ConflictsPage{}, "pending.html": PendingPage{}, "devices.html": DevicesPage{},
		"nearby.html": NearbyPage{}, "carry.html": CarryPage{}, "backup.html": BackupPage{}, "restore.html": RestorePage{}, "about.html": AboutPage{}, "keys.html": KeysPage{}, "me.html": MePage{}, "field.html": FieldPage{}, "members.html": MembersPage{}, "member.html": MemberPage{}, "member_invite.html": InvitePage{},
		"member_revoke.html": RevokePage{}, "recovery.html": RecoveryPage{}, "revive.html": RevivePage{}, "join.html": JoinPage{}, "error.html": ErrorPage{},
		"consent.html": ConsentPage{}, "consent_read.html": AloudPage{}, "restrict.html": RestrictPage{}, "erase.html": ErasePage{},
		"copy.html": CopyPage{}, "duplicates.html": DuplicatesPage{}, "same.html": SamePage{}, "journey.html": JourneyPage{}, "rights.html": RightsPage{}, "history.html": HistoryPage{}, "retention.html": RetentionPage{}, "keep.html": KeepPage{}, "files.html": FilesPage{}, "files_moved.html": FilesMovedPage{},
		"family.html": FamilyPage{}, "family_with.html": FamilyWithPage{}, "family_seek.html": FamilySeekPage{}, "family_sheet.html": FamilySheetPage{}, "families.html": FamiliesPage{}, "family_proposal.html": FamilyProposalPage{},
		"intake.html": IntakePage{}, "access.html": AccessPage{}, "audit.html": AuditPage{}, "glass.html": GlassPage{}, "erasures.html": ErasuresPage{}, "erasure.html": ErasurePage{},
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

// A name that is not there draws a dot: no template may rely on that.
func TestIconsAreThere(t *testing.T) {
	used := regexp.MustCompile(`\{\{icon "([a-z_]+)"\}\}`)
	entries, err := files.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		b, err := files.ReadFile("templates/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllSubmatch(b, -1) {
			if n++; strokes[string(m[1])] == "" {
				t.Errorf("%s: there is no icon %q", e.Name(), m[1])
			}
		}
	}
	for _, s := range services {
		if strokes[s] == "" {
			t.Errorf("the service %s has no icon", s)
		}
	}
	if n == 0 {
		t.Error("no icon was found: the test reads nothing")
	}
}

// The board is fetched every half minute by every screen that shows it.
func BenchmarkBoardOfAFullDay(b *testing.B) {
	page := BoardPage{Heading: "Tablero"}
	for range 200 {
		page.Queue = append(page.Queue, QueueLine{Number: "12", Alias: "M. F. L.", Card: "…4129", Service: "Consulta médica", Icon: "medical", Type: "Seguimiento", Since: "espera desde 14:05", Attend: "/people/x"})
	}
	for b.Loop() {
		if err := pages().ExecuteTemplate(io.Discard, "board.html", page); err != nil {
			b.Fatal(err)
		}
	}
}
