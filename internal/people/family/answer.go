package family

import (
	"context"
	"fmt"
	"slices"
	"time"

	"amparo/internal/lang"
	"amparo/internal/people"
	"amparo/internal/people/typed"
	"amparo/internal/record"
)

// Stages of a proposal, in the order in which it goes (catalogue `code.family_stage.<code>`). Nobody is told before the person found
// has said yes.
const (
	ToLook    = "to_look"    // nobody has compared the two
	Rejected  = "rejected"   // it is somebody else
	ToAsk     = "to_ask"     // it is the person: they are asked, alone
	Thinking  = "thinking"   // they want to think about it
	NoContact = "no_contact" // they said no: the one who seeks is told nothing
	ToTell    = "to_tell"    // they said yes: the one who seeks can be told
	Told      = "told"
)

// Stages lists them.
var Stages = []string{ToLook, Rejected, ToAsk, Thinking, NoContact, ToTell, Told}

// Trace is how far somebody has come with a proposal, from what stands under both. Where two places said different things, what harms
// least counts: it is not the person, and they do not want contact.
type Trace struct {
	Verdict      string    `json:"verdict"`
	By           record.ID `json:"by,omitzero"` // who compared the two
	At           time.Time `json:"at,omitzero"`
	Answer       string    `json:"answer"`
	AnsweredAt   time.Time `json:"answered_at,omitzero"`
	BestInterest bool      `json:"best_interest"`
	ToldOn       string    `json:"told_on"`
}

// Stage says where it stands.
func (t Trace) Stage() string {
	switch {
	case t.Verdict == NotSame:
		return Rejected
	case t.Verdict != Same:
		return ToLook
	case t.Answer == Refuses:
		return NoContact
	case t.ToldOn != "":
		return Told
	case t.Answer == Agrees:
		return ToTell
	case t.Answer == Later:
		return Thinking
	}
	return ToAsk
}

// traced names a proposal: a search, and a person who may be the one.
type traced struct{ seek, candidate record.ID }

// traces reads how far proposals have come. where is SQL on the rows of tracing, called t, of searches called s.
func traces(ctx context.Context, r record.Reader, where string, args ...any) (map[traced]Trace, error) {
	out := map[traced]Trace{}
	err := r.Select(ctx, "SELECT t.seek, t.person, t.other, s.person, t._state FROM identity.tracing AS t JOIN identity.family_sought AS s ON s.id = t.seek WHERE "+where, args, func(row record.Row) error {
		key := traced{row.ID(0), row.ID(1)}
		if key.candidate == row.ID(3) {
			key.candidate = row.ID(2)
		}
		state, err := record.DecodeState(row.Blob(4))
		if err == nil {
			out[key] = out[key].join(state)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read proposals: %w", err)
	}
	return out, nil
}

var (
	verdictField, _  = Tracing.Field("tracing_verdict")
	answerField, _   = Tracing.Field("tracing_answer")
	interestField, _ = Tracing.Field("best_interest")
	toldField, _     = Tracing.Field("told")
)

// join adds what one of the two sides says.
func (t Trace) join(state *record.State) Trace {
	for _, st := range state.Standing(verdictField.Number) {
		if v, _ := st.Value.(string); v != "" && (t.Verdict == "" || v == NotSame && t.Verdict != NotSame) {
			t.Verdict, t.By, t.At = v, st.By, people.When(st.At, int64(st.Zone))
		}
	}
	for _, st := range state.Standing(answerField.Number) {
		if v, _ := st.Value.(string); slices.Index(careful, v) > slices.Index(careful, t.Answer) {
			t.Answer, t.AnsweredAt = v, people.When(st.At, int64(st.Zone))
		}
	}
	if yes, _ := state.Value(interestField).(bool); yes {
		t.BestInterest = true
	}
	if day, _ := state.Value(toldField).(string); day != "" {
		t.ToldOn = day
	}
	return t
}

// careful orders answers: of two that stand the later one in this list counts.
var careful = []string{"", Agrees, Later, Refuses}

// over lays one trace over another, of two records that are one person: what harms least counts.
func (t Trace) over(u Trace) Trace {
	if u.Verdict == "" || t.Verdict == NotSame {
		return t
	}
	if t.Verdict == "" || u.Verdict == NotSame {
		t.Verdict, t.By, t.At = u.Verdict, u.By, u.At
	}
	if slices.Index(careful, u.Answer) > slices.Index(careful, t.Answer) {
		t.Answer, t.AnsweredAt = u.Answer, u.AnsweredAt
	}
	t.BestInterest = t.BestInterest || u.BestInterest
	if t.ToldOn == "" {
		t.ToldOn = u.ToldOn
	}
	return t
}

// AnswerData is what family.answer takes: one step or several of a proposal, in their order. First somebody who looked at both records
// says whether it is the person; then what the person found answers, asked alone; then that the one who seeks was told.
type AnswerData struct {
	Seek         string `json:"seek"`
	Candidate    string `json:"candidate" jsonschema:"description=the person who may be the one"`
	Verdict      string `json:"verdict,omitempty" jsonschema:"enum=same,enum=not_same"`
	Again        bool   `json:"again,omitempty" jsonschema:"description=although somebody said that it is somebody else"`
	Answer       string `json:"answer,omitempty" jsonschema:"description=of the person found,enum=agrees,enum=refuses,enum=later"`
	Alone        bool   `json:"alone,omitempty" jsonschema:"description=they were asked alone and in a language they speak; needed for a yes"`
	BestInterest bool   `json:"best_interest,omitempty" jsonschema:"description=of a child: who answers for protection looked at whether contact is good for them; needed for a yes"`
	Told         bool   `json:"told,omitempty" jsonschema:"description=the one who seeks was told"`
}

// Answered is the result of family.answer.
type Answered struct {
	Seek      record.ID `json:"seek"`
	Candidate record.ID `json:"candidate"`
	Stage     string    `json:"stage"` // of Stages
	Changed   bool      `json:"changed"`
}

var answer = record.NewAction("family.answer", []record.Compartment{record.Identity}, func(c *record.Change, d AnswerData) (any, error) {
	now, err := readSeek(c, d.Seek, "seek")
	if err != nil {
		return nil, err
	}
	candidate, err := people.Known(c, "candidate", d.Candidate)
	if err != nil {
		return nil, err
	}
	together, err := people.Together(c.Context, c, now.Person)
	if err != nil {
		return nil, err
	}
	if slices.Contains(together, candidate) {
		return nil, record.Refuse("candidate", "same_person")
	}
	found, err := traces(c.Context, c, "t.seek = ?", now.ID)
	if err != nil {
		return nil, err
	}
	trace := found[traced{now.ID, candidate}]
	them, err := people.Together(c.Context, c, candidate)
	if err != nil {
		return nil, err
	}
	var others Trace // who said no once, on whichever of their records was open, said it for all
	for _, id := range them[1:] {
		others = others.over(found[traced{now.ID, id}])
	}
	fields := record.Fields{}
	for _, step := range []func(*record.Change, AnswerData, Seek, record.ID, *Trace, record.Fields) error{compared, asked, told} {
		if err := step(c, d, now, candidate, &trace, fields); err != nil {
			return nil, err
		}
	}
	if d.Told && trace.over(others).Stage() != Told {
		return nil, record.Refuse("told", "agree_first")
	}
	if len(fields) == 0 {
		return nil, record.Refuse("verdict", "required", "field", "tracing_verdict")
	}
	changed := false
	for _, side := range [][2]record.ID{{now.Person, candidate}, {candidate, now.Person}} {
		fields["seek"], fields["person"], fields["other"] = now.ID, side[0], side[1]
		_, some, err := c.Put(Tracing, fields)
		if err != nil {
			return nil, err
		}
		changed = changed || len(some) > 0
	}
	if d.Told {
		err = reached(c, now, candidate)
	}
	return Answered{now.ID, candidate, trace.over(others).Stage(), changed}, err
})

// compared takes what somebody says who looked at both records.
func compared(c *record.Change, d AnswerData, now Seek, _ record.ID, trace *Trace, fields record.Fields) error {
	verdict, err := typed.Code("verdict", d.Verdict, Verdicts)
	if err != nil || verdict == "" {
		return err
	}
	if verdict == Same && !now.Proposes() {
		return record.Refuse("seek", "search_not_open")
	}
	if verdict == Same && trace.Verdict == NotSame && !d.Again {
		name := ""
		err := c.Select(c.Context, "SELECT name FROM field.member WHERE member = ?", []any{trace.By}, func(r record.Row) error {
			name = r.Text(0)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read members: %w", err)
		}
		if name == "" {
			name = "—"
		}
		return record.Refuse("verdict", "said_not_sought", "name", name, "date", lang.Date(lang.Tag(c.Lang), trace.At))
	}
	fields["tracing_verdict"], trace.Verdict = verdict, verdict
	return nil
}

// asked takes what the person found answers.
func asked(c *record.Change, d AnswerData, now Seek, candidate record.ID, trace *Trace, fields record.Fields) error {
	said, err := typed.Code("answer", d.Answer, Answers)
	if err != nil || said == "" {
		return err
	}
	if trace.Verdict != Same {
		return record.Refuse("answer", "compare_first")
	}
	if said == Agrees {
		if !now.Proposes() && now.State != Found {
			return record.Refuse("seek", "search_not_open")
		}
		if !d.Alone {
			return record.Refuse("alone", "asked_alone")
		}
		them, err := people.Together(c.Context, c, candidate)
		if err != nil {
			return err
		}
		child, err := isMinor(c.Context, c, them, c.At)
		if err != nil {
			return err
		}
		if child && !d.BestInterest {
			return record.Refuse("best_interest", "child_interest")
		}
		if d.BestInterest {
			fields["best_interest"] = true
		}
	}
	fields["tracing_answer"], trace.Answer = said, said
	return nil
}

// told takes that the one who seeks was told.
func told(c *record.Change, d AnswerData, _ Seek, _ record.ID, trace *Trace, fields record.Fields) error {
	if !d.Told {
		return nil
	}
	if trace.Verdict != Same || trace.Answer != Agrees {
		return record.Refuse("told", "agree_first")
	}
	trace.ToldOn = c.At.Format(time.DateOnly)
	fields["told"] = trace.ToldOn
	return nil
}

// reached says that a search has come to its end, and what the two are to each other, when nobody has said it otherwise.
func reached(c *record.Change, now Seek, candidate record.ID) error {
	if _, err := c.Set(Sought, now.ID, record.Fields{"search_state": Found}); err != nil {
		return err
	}
	id, err := Relation.KeyID(map[uint8]any{1: now.Person[:], 2: candidate[:]})
	if err != nil {
		return err
	}
	if there, err := c.Exists(Relation, id); err != nil || there {
		return err
	}
	_, err = Relate(c, now.Person, candidate, now.Relation, "said_it")
	return err
}
