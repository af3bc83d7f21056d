package web

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"amparo/internal/record"
)

// The document is made from what the node can do, so it cannot fall behind. Only the parts of OpenAPI that it uses are
// declared here.
type (
	apiDoc struct {
		OpenAPI    string             `json:"openapi"`
		Info       apiInfo            `json:"info"`
		Paths      map[string]apiPath `json:"paths"`
		Components apiComponents      `json:"components"`
		Security   []apiNeeds         `json:"security"`
	}
	apiInfo struct {
		Title       string `json:"title"`
		Version     string `json:"version"`
		Description string `json:"description"`
	}
	apiPath struct {
		Get    *apiOperation `json:"get,omitempty"`
		Post   *apiOperation `json:"post,omitempty"`
		Delete *apiOperation `json:"delete,omitempty"`
	}
	apiOperation struct {
		OperationID string               `json:"operationId"`
		Summary     string               `json:"summary"`
		Parameters  []apiParameter       `json:"parameters,omitempty"`
		RequestBody *apiBody             `json:"requestBody,omitempty"`
		Responses   map[string]apiAnswer `json:"responses"`
		Security    *[]apiNeeds          `json:"security,omitempty"`
	}
	apiParameter struct {
		Name        string             `json:"name"`
		In          string             `json:"in"`
		Description string             `json:"description,omitempty"`
		Schema      *jsonschema.Schema `json:"schema"`
	}
	apiBody struct {
		Required bool                `json:"required"`
		Content  map[string]apiMedia `json:"content"`
	}
	apiAnswer struct {
		Description string              `json:"description"`
		Content     map[string]apiMedia `json:"content,omitempty"`
	}
	apiMedia struct {
		Schema *jsonschema.Schema `json:"schema"`
	}
	apiComponents struct {
		SecuritySchemes map[string]apiScheme `json:"securitySchemes"`
	}
	apiScheme struct {
		Type   string `json:"type"`
		Scheme string `json:"scheme"`
	}
	apiNeeds map[string][]string
)

func apiDocument(c *call) error {
	return c.json(http.StatusOK, openAPI(c.config.House.Registry(), c.config.Version))
}

func openAPI(r *record.Registry, version string) apiDoc {
	if version == "" {
		version = "0"
	}
	doc := apiDoc{OpenAPI: "3.1.0", Info: apiInfo{"Amparo", version, "Actions and queries of one node, with the rights of the member whose session's token is given."},
		Paths: map[string]apiPath{}, Components: apiComponents{map[string]apiScheme{"bearer": {"http", "bearer"}}}, Security: []apiNeeds{{"bearer": {}}}}
	problems := apiAnswer{Description: "Refused: error.code and error.message say why; nothing was changed.", Content: jsonOf(record.Schema(reflect.TypeFor[record.Result]()))}
	result := apiAnswer{Description: "Done, or refused with ok false.", Content: jsonOf(record.Schema(reflect.TypeFor[record.Result]()))}

	var alternatives []*jsonschema.Schema
	for _, a := range r.Actions() {
		s := record.Schema(reflect.TypeFor[record.Request]())
		s.Title = a.Name
		s.Description = "verb " + string(a.Verb) + "; writes " + compartments(a.In)
		s.Properties.Set("action", &jsonschema.Schema{Const: a.Name})
		s.Properties.Set("data", record.Schema(a.Input))
		alternatives = append(alternatives, s)
	}
	one := &jsonschema.Schema{OneOf: alternatives}
	doc.Paths["/api/v1/actions"] = apiPath{Post: &apiOperation{OperationID: "actions", Summary: "Run one action, a list of them, or one a line",
		RequestBody: &apiBody{true, map[string]apiMedia{"application/json": {&jsonschema.Schema{AnyOf: []*jsonschema.Schema{one, {Type: "array", Items: one}}}}, "application/jsonl": {one}}},
		Responses:   map[string]apiAnswer{"200": result, "401": problems, "403": problems, "422": problems}}}
	for _, q := range r.Queries() {
		op := &apiOperation{OperationID: "query." + q.Name, Summary: "Read " + q.Name + " (shows " + compartments(q.In) + ")", Responses: map[string]apiAnswer{
			"200": {Description: "The answer", Content: jsonOf(&jsonschema.Schema{Type: "object"})}, "401": problems, "403": problems, "404": problems, "422": problems}}
		schema := record.Schema(q.Input)
		if schema.Properties != nil {
			for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
				op.Parameters = append(op.Parameters, apiParameter{Name: pair.Key, In: "query", Schema: pair.Value})
			}
		}
		doc.Paths["/api/v1/queries/"+q.Name] = apiPath{Get: op}
	}
	open := []apiNeeds{}
	doc.Paths["/api/v1/sessions"] = apiPath{
		Post: &apiOperation{OperationID: "unlock", Summary: "Open a session with a member's passphrase", Security: &open,
			RequestBody: &apiBody{true, jsonOf(record.Schema(reflect.TypeFor[apiUnlocking]()))},
			Responses:   map[string]apiAnswer{"201": {Description: "The token", Content: jsonOf(record.Schema(reflect.TypeFor[apiSession]()))}, "401": problems, "429": problems}},
		Delete: &apiOperation{OperationID: "lock", Summary: "Lock the session", Responses: map[string]apiAnswer{"204": {Description: "Locked"}}},
	}
	return doc
}

func jsonOf(s *jsonschema.Schema) map[string]apiMedia {
	return map[string]apiMedia{"application/json": {s}}
}

func compartments(in []record.Compartment) string {
	var names []string
	for _, c := range in {
		names = append(names, c.String())
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "nothing sealed"
	}
	return strings.Join(names, ", ")
}
