package web

import "amparo/internal/record"

// Need says who an address answers.
type Need uint8

const (
	// Session is the rule: nothing without an unlocked desk.
	Session Need = iota
	// Anyone is for the few addresses that show nothing about anybody.
	Anyone
	// Bearer is for programs: the session's token in the Authorization header, or the session's cookie.
	Bearer
)

// Route is one line of the table of everything this server answers to.
type Route struct {
	Method  string
	Pattern string
	Need    Need
	// In are the compartments of which the member must open at least one for the page to make sense. Nil: any member.
	In   []record.Compartment
	page func(*call) error
	big  bool // takes more than a form
}

func (r Route) most() int64 {
	if streamed[r.Pattern] {
		return largestStream
	}
	if r.big {
		return largestBatch
	}
	return largest
}

var (
	identity = []record.Compartment{record.Identity}
	field    = []record.Compartment{record.FieldWork}
	clinical = []record.Compartment{record.Care, record.Mind, record.Law}
)

// Routes lists every address with what it needs, for the test that proves that the others refuse.
func Routes() []Route { return append([]Route(nil), routes...) }

var routes []Route

// The table is filled in init because pages name addresses in it and would otherwise wait for each other.
func init() {
	routes = []Route{
		// Before anyone has unlocked.
		{"GET", "/{$}", Anyone, nil, home, false},
		{"GET", "/start", Anyone, nil, startPage, false},
		{"POST", "/start", Anyone, nil, startPage, false},
		{"POST", "/start/passphrase", Anyone, nil, startPassphrase, false},
		{"GET", "/start/done", Session, nil, startDone, false},
		{"GET", "/unlock", Anyone, nil, unlockPage, false},
		{"POST", "/unlock", Anyone, nil, unlockPage, false},
		{"POST", "/unlock/passkey", Anyone, nil, unlockByPasskey, false},
		{"POST", "/strength", Anyone, nil, strength, false},
		{"GET", "/join", Anyone, nil, joinPage, false},
		{"POST", "/join", Anyone, nil, joinPage, false},
		{"GET", "/recover", Anyone, nil, revivePage, false},
		{"POST", "/recover", Anyone, nil, revivePage, false},
		{"GET", "/restore", Anyone, nil, restorePage, false},
		{"POST", "/restore", Anyone, nil, restorePage, false},
		{"GET", "/awake", Anyone, nil, awake, false},
		{"POST", "/leave", Anyone, nil, leaveNow, false},
		{"GET", "/measures", Anyone, nil, measuresPage, false},
		{"POST", "/language", Anyone, nil, languageSwitch, false},
		{"GET", "/about", Anyone, nil, aboutPage, false},
		{"GET", "/health", Anyone, nil, health, false},
		{"GET", "/assets/{name}", Anyone, nil, assetFile, false},
		{"GET", "/favicon.ico", Anyone, nil, noIcon, false},

		// The day.
		{"POST", "/lock", Session, nil, lockNow, false},
		{"GET", "/board", Session, nil, boardPage, false},
		{"GET", "/sites", Session, nil, sitesPage, false},
		{"POST", "/sites", Session, nil, siteChoose, false},
		{"GET", "/sites/new", Session, field, siteOpenPage, false},
		{"POST", "/sites/new", Session, field, siteOpenPage, false},
		{"GET", "/headcount", Session, field, headcountPage, false},
		{"POST", "/headcount", Session, field, headcountPage, false},
		{"GET", "/flow", Session, field, flowPage, false},
		{"POST", "/flow", Session, field, flowPage, false},

		// People.
		{"GET", "/find", Session, identity, findPage, false},
		{"POST", "/find", Session, identity, findPage, false},
		{"GET", "/scan", Session, identity, scanPage, false},
		{"POST", "/scan", Session, identity, scanPage, true},
		{"POST", "/scan/frame", Session, identity, scanFrame, false},
		{"GET", "/cards", Session, identity, cardsPage, false},
		{"GET", "/people/{id}/card", Session, identity, personCardsPage, false},
		{"POST", "/people/{id}/card", Session, identity, personCardsPage, false},
		{"GET", "/register", Session, identity, registerPage, false},
		{"POST", "/register", Session, identity, registerPage, false},
		{"GET", "/people/import", Session, identity, intakePage, false},
		{"POST", "/people/import", Session, identity, intakeRead, false},
		{"POST", "/people/import/take", Session, identity, intakeTake, false},
		{"POST", "/people/import/leave", Session, identity, intakeLeave, false},
		{"GET", "/people/import/rejected", Session, identity, intakeRejected, false},
		{"GET", "/people/{id}", Session, identity, personPage, false},
		{"GET", "/group", Session, identity, groupPage, false},
		{"POST", "/group", Session, identity, groupPage, false},
		{"GET", "/people/{id}/child", Session, identity, childPage, false},
		{"POST", "/people/{id}/child", Session, identity, childPage, false},
		{"GET", "/children", Session, identity, childrenPage, false},
		{"GET", "/people/{id}/priority", Session, identity, priorityPage, false},
		{"POST", "/people/{id}/priority", Session, identity, priorityPage, false},
		{"GET", "/incomplete", Session, identity, incompletePage, false},
		{"GET", "/people/{id}/edit", Session, identity, personEditPage, false},
		{"POST", "/people/{id}/edit", Session, identity, personEditPage, false},
		{"GET", "/people/{id}/visit", Session, identity, visitPage, false},
		{"POST", "/people/{id}/visit", Session, identity, visitPage, false},
		{"GET", "/people/{id}/consultation/{service}", Session, clinical, consultationPage, false},
		{"POST", "/people/{id}/consultation/{service}", Session, clinical, consultationPage, false},
		{"POST", "/people/{id}/fetch", Session, identity, personFetch, false},
		{"GET", "/duplicates", Session, identity, duplicatesPage, false},
		{"GET", "/people/{id}/same/{other}", Session, identity, samePage, false},
		{"POST", "/people/{id}/same/{other}", Session, identity, samePage, false},
		{"GET", "/people/{id}/files", Session, identity, filesPage, false},
		{"GET", "/people/{id}/files/new", Session, identity, filesPage, false},
		{"POST", "/people/{id}/files/new", Session, identity, filesPage, true},
		{"GET", "/people/{id}/files/{file}", Session, identity, fileGet, false},
		{"POST", "/people/{id}/files/{file}/remove", Session, identity, fileRemove, false},
		{"GET", "/people/{id}/summary", Session, identity, summaryPage, false},
		{"POST", "/people/{id}/summary", Session, identity, summaryPage, false},
		{"POST", "/people/{id}/summary/file", Session, identity, summaryFile, false},
		{"GET", "/people/{id}/copy", Session, identity, copyPage, false},
		{"GET", "/people/{id}/rights", Session, identity, rightsPage, false},
		{"GET", "/people/{id}/history", Session, identity, historyPage, false},
		{"GET", "/people/{id}/journey", Session, identity, journeyPage, false},
		{"POST", "/people/{id}/journey", Session, identity, journeyPage, false},
		{"GET", "/people/{id}/family", Session, identity, familyPage, false},
		{"POST", "/people/{id}/family", Session, identity, familyPage, false},
		{"GET", "/people/{id}/family/with", Session, identity, familyWithPage, false},
		{"POST", "/people/{id}/family/with", Session, identity, familyWithPage, false},
		{"GET", "/people/{id}/family/relate", Session, identity, familyRelatePage, false},
		{"POST", "/people/{id}/family/relate", Session, identity, familyRelatePage, false},
		{"GET", "/people/{id}/family/seek", Session, identity, familySeekPage, false},
		{"POST", "/people/{id}/family/seek", Session, identity, familySeekPage, false},
		{"GET", "/people/{id}/family/seek/{seek}", Session, identity, familySeekPage, false},
		{"POST", "/people/{id}/family/seek/{seek}", Session, identity, familySeekPage, false},
		{"GET", "/people/{id}/family/seek/{seek}/sheet", Session, identity, familySheetPage, false},
		{"POST", "/people/{id}/family/seek/{seek}/sheet", Session, identity, familySheetPage, false},
		{"GET", "/families", Session, identity, familiesPage, false},
		{"GET", "/families/{seek}/{candidate}", Session, identity, familyProposalPage, false},
		{"POST", "/families/{seek}/{candidate}", Session, identity, familyProposalPage, false},
		{"GET", "/people/{id}/consent", Session, identity, consentPage, false},
		{"POST", "/people/{id}/consent", Session, identity, consentPage, false},
		{"GET", "/people/{id}/consent/read", Session, identity, consentAloud, false},
		{"GET", "/people/{id}/restrict", Session, identity, restrictPage, false},
		{"POST", "/people/{id}/restrict", Session, identity, restrictPage, false},
		{"GET", "/people/{id}/erase", Session, identity, erasePage, false},
		{"POST", "/people/{id}/erase", Session, identity, erasePage, false},
		{"GET", "/people/{id}/keep/{part}", Session, identity, keepPage, false},
		{"POST", "/people/{id}/keep/{part}", Session, identity, keepPage, false},
		{"GET", "/retention", Session, identity, retentionPage, false},
		{"GET", "/people/{id}/access", Session, identity, personAccessPage, false},
		{"GET", "/access", Session, identity, accessPage, false},
		{"GET", "/erasures", Session, field, erasuresPage, false},
		{"GET", "/erasures/{id}", Session, field, erasurePage, false},
		{"POST", "/erasures/{id}", Session, field, erasurePage, false},
		{"POST", "/erasures/{id}/confirm", Session, field, erasureConfirm, false},
		{"GET", "/audit", Session, nil, auditPage, false},
		{"POST", "/audit", Session, nil, auditPage, false},
		{"GET", "/glass", Session, identity, glassPage, false},
		{"POST", "/glass", Session, identity, glassPage, false},
		{"POST", "/glass/review", Session, identity, glassReview, false},
		{"POST", "/settle", Session, nil, settle, false},
		{"POST", "/undo", Session, nil, undo, false},
		{"POST", "/draft", Session, nil, keepDraft, false},
		{"POST", "/understand", Session, nil, understand, false},

		// What is known and where it is.
		{"GET", "/series", Session, nil, seriesPage, false},
		{"GET", "/series.csv", Session, nil, seriesFile, false},
		{"GET", "/conflicts", Session, nil, conflictsPage, false},
		{"GET", "/devices", Session, nil, devicesPage, false},
		{"GET", "/pending", Session, nil, pendingPage, false},
		{"GET", "/files", Session, nil, filesMovedPage, false},
		{"POST", "/files", Session, nil, filesMovedPage, false},
		{"POST", "/exchange", Session, nil, exchangeNow, false},
		{"GET", "/nearby", Session, nil, nearbyPage, false},
		{"POST", "/nearby", Session, nil, nearbyPage, false},
		{"POST", "/nearby/door", Session, nil, nearbyDoor, false},
		{"POST", "/nearby/forget", Session, nil, nearbyForget, false},
		{"GET", "/keys", Session, nil, keysPage, false},
		{"GET", "/carry", Session, nil, carryPage, false},
		{"POST", "/carry", Session, nil, carryWrite, false},
		{"POST", "/carry/read", Session, nil, carryRead, false},
		{"GET", "/backup", Session, nil, backupPage, false},
		{"POST", "/backup", Session, nil, backupPage, false},
		{"POST", "/backup/check", Session, nil, backupCheck, false},

		// Who works here.
		{"GET", "/me", Session, nil, mePage, false},
		{"POST", "/me", Session, nil, mePage, false},
		{"POST", "/me/passkeys", Session, nil, passkeyAdd, false},
		{"POST", "/me/passkeys/remove", Session, nil, passkeyRemove, false},
		{"GET", "/field", Session, nil, fieldPage, false},
		{"POST", "/field", Session, nil, fieldPage, false},
		{"GET", "/members", Session, nil, membersPage, false},
		{"POST", "/members", Session, nil, membersPage, false},
		{"GET", "/members/invite", Session, nil, invitePage, false},
		{"POST", "/members/invite", Session, nil, invitePage, false},
		{"GET", "/members/recovery", Session, nil, recoveryPage, false},
		{"POST", "/members/recovery", Session, nil, recoveryPage, false},
		{"GET", "/members/{id}", Session, nil, memberPage, false},
		{"POST", "/members/{id}", Session, nil, memberPage, false},
		{"POST", "/members/{id}/renew", Session, nil, memberRenew, false},
		{"GET", "/members/{id}/revoke", Session, nil, memberRevoke, false},
		{"POST", "/members/{id}/revoke", Session, nil, memberRevoke, false},

		// Programs.
		{"POST", "/api/v1/sessions", Anyone, nil, apiUnlock, false},
		{"DELETE", "/api/v1/sessions", Bearer, nil, apiLock, false},
		{"POST", "/api/v1/actions", Bearer, nil, apiActions, true},
		{"GET", "/api/v1/queries/{name}", Bearer, nil, apiQuery, false},
		{"GET", "/api/v1/openapi.json", Bearer, nil, apiDocument, false},
	}
}
