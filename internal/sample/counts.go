package sample

import "math"

type headcount struct {
	Total  int    `json:"total"`
	Method string `json:"method"`
	Low    *int   `json:"low,omitempty"`
	High   *int   `json:"high,omitempty"`
	Women  *int   `json:"women,omitempty"`
	Men    *int   `json:"men,omitempty"`
	Girls  *int   `json:"girls,omitempty"`
	Boys   *int   `json:"boys,omitempty"`
}

type flow struct {
	Direction   string `json:"direction"`
	Total       int    `json:"total"`
	Women       *int   `json:"women,omitempty"`
	Men         *int   `json:"men,omitempty"`
	Girls       *int   `json:"girls,omitempty"`
	Boys        *int   `json:"boys,omitempty"`
	Nationality string `json:"nationality,omitempty"`
	Mode        string `json:"mode"`
}

// countPeople counts who stays at each site every day (in Coatzacoalcos every other day), and who passes it three days a
// week. Levels follow the two waves of arrivals; they do not depend on how many people the story registers, as a count of a
// yard does not depend on who queued.
func (t *teller) countPeople() {
	level := [...]float64{Tapachula: 420, Coatzacoalcos: 160, Reynosa: 610}
	for day := range days {
		wave := 1 + 0.7*math.Exp(-math.Pow(float64(day-14)/4, 2)) + 0.5*math.Exp(-math.Pow(float64(day-33)/5, 2))
		for node := range level {
			if !t.open(node, day) {
				continue
			}
			if node != Coatzacoalcos || day%2 == 0 {
				total := bell(t.r, level[node]*wave, level[node]*0.06, 5, 5000)
				h := headcount{Total: total, Method: "count"}
				switch t.r.IntN(8) {
				case 0:
					h.Method = "informant"
					low, high := total*8/10, total*13/10
					h.Low, h.High = &low, &high
				case 1:
					h.Method = "occupancy"
				default:
					h.Women, h.Men, h.Girls, h.Boys = t.split(total)
				}
				t.do(node, t.at(node, day, 0, 0.12), "site.count", t.newID("h"), h)
			}
			if (day+2*node)%7 < 5 && (day+node)%2 == 0 {
				total := bell(t.r, level[node]*wave*0.16, 9, 0, 900)
				f := flow{Direction: t.direction(), Total: total, Mode: pick(t.r, "foot", "bus", "train", "truck")}
				if node != Coatzacoalcos && f.Mode == "train" { // freight trains are boarded in Coatzacoalcos
					f.Mode = "foot"
				}
				f.Women, f.Men, f.Girls, f.Boys = t.split(total)
				if t.r.IntN(3) == 0 {
					f.Nationality = drawOrigin(t.r).country
				}
				t.do(node, t.at(node, day, 0.1, 0.6), "flow.count", t.newID("f"), f)
			}
		}
	}
}

// split divides a count by sex and age.
func (t *teller) split(total int) (women, men, girls, boys *int) {
	w := min(bell(t.r, float64(total)*0.29, float64(total)*0.03, 0, total), total)
	g := min(bell(t.r, float64(total)*0.11, float64(total)*0.02, 0, total), total-w)
	b := min(bell(t.r, float64(total)*0.12, float64(total)*0.02, 0, total), total-w-g)
	m := total - w - g - b
	return &w, &m, &g, &b
}
