package web

import (
	"encoding/json"
	"strconv"
	"strings"

	"amparo/internal/people"
	"amparo/internal/record"
)

// AlikeLine is somebody already here who may be the one being registered, with what speaks for it and against it.
type AlikeLine struct {
	HitLine
	Band         string
	Likely       bool
	For, Against string
	Also         string // that there are more records of the same person
	Open         string // what choosing them does
}

// alikeFrom is from which odds, in bits, somebody already here is shown before a new record is opened: one to eight.
const alikeFrom = -3

// alike finds people already here who may be the one being registered.
func (c *call) alike(data personData) ([]AlikeLine, error) {
	params := map[string][]string{"limit": {"4"}}
	for _, name := range []string{"given", "surname1", "surname2", "nickname", "spoken", "sex", "birth"} {
		var text string
		if json.Unmarshal(data[name], &text) == nil && text != "" {
			params[name] = []string{text}
		}
	}
	if len(params["given"])+len(params["surname1"])+len(params["surname2"])+len(params["nickname"])+len(params["spoken"]) == 0 {
		return nil, nil
	}
	var age int
	if json.Unmarshal(data["age"], &age) == nil && age > 0 {
		params["age"] = []string{strconv.Itoa(age)}
	}
	var countries []string
	if json.Unmarshal(data["nationality"], &countries) == nil && len(countries) > 0 {
		params["nationality"] = countries
	}
	found, err := askAll[people.Alike](c, "person.alike", params)
	if err != nil {
		return nil, err
	}
	var out []AlikeLine
	for _, one := range found.People {
		if one.Score < alikeFrom && one.Band != "likely" {
			continue
		}
		line := AlikeLine{HitLine: c.hit(people.Hit{Person: one.Person}), Band: c.T("band." + one.Band), Likely: one.Band == "likely", Open: c.T("alike.is")}
		line.For, line.Against = c.agreement(one.Fields)
		if len(one.Linked) > 0 {
			line.Also = c.T("same.also", "n", len(one.Linked))
		}
		out = append(out, line)
	}
	return out, nil
}

// others are those of whom it was said that none is the person being registered, as the button carries them.
func others(shown []AlikeLine) string {
	ids := make([]string, len(shown))
	for i, one := range shown {
		ids[i] = one.ID.String()
	}
	return strings.Join(ids, " ")
}

// notThem adds to what is registered who was shown and is not the person.
func (f *form) notThem(data personData) {
	var ids []string
	for _, text := range strings.Fields(f.value("_other")) {
		if id, err := record.ParseID(text); err == nil && len(ids) < 8 {
			ids = append(ids, id.String())
		}
	}
	if len(ids) > 0 && f.may("/people/{id}/same/{other}") && f.desk.MayDo("person.different") {
		data.set("different", ids)
	}
}
