package web

import "amparo/internal/record"

// uses names the queries and the actions that an address stands on: whoever may not ask or do all of them is not shown it.
type uses struct {
	asks, does  []string
	administers bool // only who administers
}

// needs says it of every address behind a session, by pattern. The addresses of programs are free: each action and query
// they name is asked for by itself.
var needs = map[string]uses{
	"/group":             {does: []string{"group.register"}},
	"/people/{id}/child": {asks: []string{"child.path"}, does: []string{"child.step", "child.company"}},
	"/children":          {asks: []string{"child.list"}},

	"/start/done": {},
	"/lock":       {},
	"/board":      {asks: []string{"site.list", "site.board"}},
	"/sites":      {asks: []string{"site.list"}},
	"/sites/new":  {does: []string{"site.open"}},
	"/headcount":  {does: []string{"site.count"}},
	"/flow":       {does: []string{"flow.count"}},

	"/find":                                 {asks: []string{"person.find"}},
	"/scan":                                 {asks: []string{"person.find", "card.read"}},
	"/scan/frame":                           {asks: []string{"card.read"}},
	"/cards":                                {asks: []string{"card.blank"}},
	"/people/{id}/card":                     {asks: []string{"person.cards"}},
	"/register":                             {asks: []string{"person.find", "person.alike"}, does: []string{"person.register"}},
	"/people/import":                        {does: []string{"person.register"}},
	"/people/import/take":                   {does: []string{"person.register"}},
	"/people/import/leave":                  {does: []string{"person.register"}},
	"/people/import/rejected":               {does: []string{"person.register"}},
	"/people/{id}":                          {asks: []string{"person.show", "person.timeline"}},
	"/people/{id}/priority":                 {asks: []string{"person.show"}, does: []string{"person.priority"}},
	"/incomplete":                           {asks: []string{"group.incomplete"}},
	"/people/{id}/edit":                     {asks: []string{"person.show"}, does: []string{"person.update"}},
	"/people/{id}/visit":                    {asks: []string{"person.show"}, does: []string{"visit.open"}},
	"/people/{id}/consultation/{service}":   {asks: []string{"person.show"}, does: []string{"consultation.record"}},
	"/duplicates":                           {asks: []string{"person.duplicates", "person.compare"}},
	"/people/{id}/same/{other}":             {asks: []string{"person.compare"}},
	"/people/{id}/files":                    {asks: []string{"person.show", "attachment.list"}},
	"/people/{id}/files/new":                {asks: []string{"person.show", "attachment.list"}, does: []string{"attachment.add"}},
	"/people/{id}/files/{file}":             {asks: []string{"attachment.content"}},
	"/people/{id}/files/{file}/remove":      {does: []string{"attachment.remove"}},
	"/people/{id}/summary":                  {asks: []string{"person.copy"}},
	"/people/{id}/summary/file":             {asks: []string{"person.copy"}},
	"/people/{id}/fetch":                    {asks: []string{"person.show"}},
	"/people/{id}/access":                   {asks: []string{"person.show", "access", "person.readers"}},
	"/people/{id}/rights":                   {asks: []string{"person.show"}},
	"/people/{id}/history":                  {asks: []string{"person.history"}},
	"/people/{id}/journey":                  {asks: []string{"journey.show"}},
	"/people/{id}/copy":                     {asks: []string{"person.copy"}},
	"/people/{id}/family":                   {asks: []string{"family.show"}},
	"/people/{id}/family/with":              {asks: []string{"family.show", "person.find", "person.show"}, does: []string{"household.join"}},
	"/people/{id}/family/relate":            {asks: []string{"family.show", "person.find", "person.show"}, does: []string{"person.relate"}},
	"/people/{id}/family/seek":              {asks: []string{"family.show", "person.show"}, does: []string{"family.seek"}},
	"/people/{id}/family/seek/{seek}":       {asks: []string{"family.show", "person.show"}, does: []string{"family.seek"}},
	"/people/{id}/family/seek/{seek}/sheet": {asks: []string{"family.show"}, does: []string{"family.hand"}},
	"/families":                             {asks: []string{"family.proposals"}},
	"/families/{seek}/{candidate}":          {asks: []string{"family.proposal"}, does: []string{"family.answer"}},
	"/people/{id}/consent":                  {asks: []string{"person.consents"}, does: []string{"person.consent"}},
	"/people/{id}/consent/read":             {asks: []string{"person.consents"}},
	"/people/{id}/restrict":                 {asks: []string{"person.restrictions"}, does: []string{"person.restrict"}},
	"/people/{id}/erase":                    {asks: []string{"person.show"}, does: []string{"person.erase"}},
	"/people/{id}/keep/{part}":              {asks: []string{"person.show"}, does: []string{"retention.hold"}},
	"/retention":                            {asks: []string{"retention"}},
	"/settle":                               {does: []string{"conflict.settle"}},
	"/undo":                                 {},
	"/draft":                                {},
	"/understand":                           {},

	"/series":     {asks: []string{"series.list", "series"}},
	"/series.csv": {asks: []string{"series.list", "series"}},
	"/conflicts":  {asks: []string{"conflicts"}},
	"/devices":    {asks: []string{"devices"}},
	"/pending":    {asks: []string{"pending"}},
	"/files":      {},
	"/exchange":   {},
	"/keys":       {},

	"/carry":        {},
	"/carry/read":   {},
	"/backup":       {},
	"/backup/check": {},

	"/nearby":        {},
	"/nearby/door":   {},
	"/nearby/forget": {},

	"/me":                  {},
	"/me/passkeys":         {},
	"/me/passkeys/remove":  {},
	"/field":               {},
	"/members":             {administers: true},
	"/members/invite":      {administers: true},
	"/members/recovery":    {administers: true},
	"/members/{id}":        {administers: true},
	"/members/{id}/renew":  {administers: true},
	"/members/{id}/revoke": {administers: true},

	"/access":   {asks: []string{"access"}},
	"/audit":    {asks: []string{"audit"}},
	"/erasures": {asks: []string{"erasures"}},

	"/erasures/{id}":         {asks: []string{"erasures"}, does: []string{"erasure.refuse"}},
	"/erasures/{id}/confirm": {asks: []string{"erasures"}, does: []string{"erasure.confirm"}},

	"/glass":        {does: []string{"person.glass"}},
	"/glass/review": {does: []string{"glass.review"}},

	"/api/v1/sessions":       {},
	"/api/v1/actions":        {},
	"/api/v1/queries/{name}": {},
	"/api/v1/openapi.json":   {},
}

// Uses names the queries and actions that an address stands on, and whether it is only for who administers; listed is false
// when the table does not know it.
func (r Route) Uses() (asks, does []string, administers, listed bool) {
	u, listed := needs[r.Pattern]
	return u.asks, u.does, u.administers, listed
}

// attends reports whether the member writes consultations of a compartment.
func (c *call) attends(in record.Compartment) bool {
	return c.desk.Opens(in) && c.desk.MayDo("consultation.record")
}

// may reports whether the member's role lets them use an address. One that the table forgot is nobody's.
func (c *call) may(pattern string) bool {
	u, listed := needs[pattern]
	if !listed {
		return false
	}
	if u.administers && !c.administers() {
		return false
	}
	for _, q := range u.asks {
		if !c.desk.MayAsk(q) {
			return false
		}
	}
	for _, a := range u.does {
		if !c.desk.MayDo(a) {
			return false
		}
	}
	return true
}
