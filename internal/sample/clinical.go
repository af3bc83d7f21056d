package sample

import (
	"math/rand/v2"
	"strings"
)

// consultation is the data of the action consultation.record.
type consultation struct {
	Person    string `json:"person"`
	Visit     string `json:"visit,omitempty"`
	Service   string `json:"service"`
	Reason    string `json:"reason"`
	Diagnosis string `json:"diagnosis,omitempty"`
	Note      string `json:"note"`
	Treatment string `json:"treatment,omitempty"`
	Plan      string `json:"plan,omitempty"`
	Referral  string `json:"referral,omitempty"`
	Severity  *int   `json:"severity,omitempty"`
	Next      string `json:"next,omitempty"` // date
}

// complaint is something people come with. Texts with bars are alternatives, of which the same one is taken in every text; {n} is a
// small number, {o} the ending, {lo} and {el} the pronouns of the person's sex.
type complaint struct {
	diagnosis string // of the short outpatient list, with its CIE-10 code; empty for social work
	weight    float64
	reason    string
	note      string
	treatment string
	plan      string
	referral  string // now and then
	severity  [2]int // 0 to 4
	women     bool   // only women of 15 to 49
	fromAge   int
	toAge     int // 0: no limit
}

// The short list of outpatient care in a humanitarian setting, with what is usual on foot and on trains.
var medical = []complaint{
	{diagnosis: "Infección respiratoria alta (J06.9)", weight: 19, reason: "tos y catarro|dolor de garganta y tos|gripe desde hace {n} días", note: "Cuadro de {n} días con rinorrea y tos seca, sin dificultad respiratoria. Afebril, murmullo vesicular conservado.|Tos productiva clara, viajó sobre el tren bajo la lluvia. Saturación 97 %.|Congestión nasal, odinofagia leve, tolera vía oral.", treatment: "paracetamol 500 mg cada 8 h por 3 días|suero fisiológico nasal y líquidos", plan: "regresar si hay fiebre o dificultad para respirar", severity: [2]int{0, 1}},
	{diagnosis: "Ampollas y heridas por caminata (T14.0)", weight: 16, reason: "ampollas en los pies|pies lastimados de caminar", note: "Camina desde hace {n} días con calzado roto. Ampollas en ambos talones, una abierta, sin datos de infección.|Flictenas plantares bilaterales y erosión en tercer dedo; pulsos presentes.", treatment: "curación, gasas y calcetines limpios|drenaje estéril y curación", plan: "reposo dos días en el albergue si puede; nueva curación", severity: [2]int{0, 2}, fromAge: 4},
	{diagnosis: "Diarrea aguda acuosa (A09)", weight: 12, reason: "diarrea desde hace {n} días|vómito y diarrea", note: "Evacuaciones líquidas sin sangre, {n} al día. Bebió agua de una toma junto a las vías. Mucosas secas, llenado capilar 2 s.|Diarrea acuosa, sin fiebre, tolera suero oral.", treatment: "sales de rehidratación oral|sales de rehidratación oral y zinc", plan: "datos de alarma explicados", severity: [2]int{1, 2}},
	{diagnosis: "Dolor musculoesquelético (M79.1)", weight: 9, reason: "dolor de espalda|dolor de rodilla", note: "Dolor lumbar mecánico tras caminar con carga. Sin déficit neurológico.|Dolor en rodilla derecha, sin derrame, cajón negativo.", treatment: "ibuprofeno 400 mg cada 8 h por 3 días", plan: "estiramientos, evitar carga", severity: [2]int{0, 2}, fromAge: 14},
	{diagnosis: "Hipertensión (I10)", weight: 6, reason: "se le terminaron las pastillas de la presión|dolor de cabeza, es hipertenso", note: "Hipertensión conocida, {n} días sin medicamento porque se lo quitaron en el retén. TA 158/96, sin datos de órgano blanco.|Control de presión: 142/88. Toma losartán desde hace años.", treatment: "losartán 50 mg al día, 30 días para el camino", plan: "control de presión en la siguiente ciudad", severity: [2]int{1, 3}, fromAge: 35},
	{diagnosis: "Diabetes tipo 2 (E11)", weight: 4, reason: "diabetes, sin medicamento|mucha sed y orina mucho", note: "Diabetes tipo 2, glucosa capilar 264 mg/dl en ayuno. Sin cetosis clínica. Pies sin úlcera.|Trae glucómetro sin tiras. Glucosa 188 mg/dl.", treatment: "metformina 850 mg cada 12 h, 30 días para el camino", plan: "revisar pies y glucosa en la siguiente consulta", severity: [2]int{1, 3}, fromAge: 32},
	{diagnosis: "Infección de piel (L08.9)", weight: 6, reason: "herida infectada|grano con pus", note: "Herida en pierna izquierda de {n} días, bordes eritematosos, secreción escasa. Sin fiebre.", treatment: "cefalexina 500 mg cada 6 h por 7 días y curación", plan: "curación diaria en el puesto", severity: [2]int{1, 2}},
	{diagnosis: "Escabiosis (B86)", weight: 4, reason: "comezón en la noche", note: "Pápulas interdigitales y en muñecas, familia con lo mismo. Duermen en el suelo del campamento.", treatment: "permetrina 5 % a toda la familia", plan: "repetir en 7 días", severity: [2]int{0, 1}},
	{diagnosis: "Infección urinaria (N39.0)", weight: 4, reason: "ardor al orinar", note: "Disuria y polaquiuria de {n} días, sin fiebre ni dolor lumbar.", treatment: "nitrofurantoína 100 mg cada 12 h por 5 días", plan: "agua abundante", severity: [2]int{1, 2}, fromAge: 10},
	{diagnosis: "Dengue, sospecha (A90)", weight: 3, reason: "fiebre y dolor de huesos", note: "Fiebre de {n} días, mialgias y dolor retroocular tras cruzar la selva. Prueba del torniquete negativa.", treatment: "paracetamol, líquidos; sin antiinflamatorios", plan: "regresar mañana; datos de alarma", referral: "hospital general para biometría", severity: [2]int{1, 3}, fromAge: 6},
	{diagnosis: "Gastritis (K29.7)", weight: 4, reason: "ardor de estómago", note: "Epigastralgia con ayunos largos, sin sangrado.", treatment: "omeprazol 20 mg al día por 14 días", plan: "comer en horarios cuando pueda", severity: [2]int{0, 1}, fromAge: 14},
	{diagnosis: "Deshidratación (E86)", weight: 3, reason: "mareo y debilidad, mucho calor", note: "Caminó {n} horas al sol. TA 96/60, mucosas secas, responde a líquidos.", treatment: "sales de rehidratación oral, sombra", plan: "observación dos horas", severity: [2]int{1, 2}},
	{diagnosis: "Control prenatal (Z34.9)", weight: 4, reason: "control de embarazo", note: "Embarazo de {n} meses por fecha de última regla, movimientos fetales presentes, TA 110/70. Sin control previo.", treatment: "ácido fólico y hierro", plan: "ultrasonido en la siguiente ciudad", referral: "hospital materno", severity: [2]int{0, 1}, women: true},
	{diagnosis: "Anticoncepción (Z30.0)", weight: 3, reason: "quiere un método anticonceptivo", note: "Orientación sobre métodos para el trayecto; sin contraindicaciones.", treatment: "inyectable trimestral", plan: "siguiente aplicación en 12 semanas", severity: [2]int{0, 0}, women: true},
	{diagnosis: "Lesión no violenta (T14.9)", weight: 4, reason: "se cayó del tren|torcedura", note: "Esguince de tobillo al bajar del vagón. Sin crepitación, apoya con dolor.", treatment: "vendaje e ibuprofeno", plan: "reposo; radiografía si no mejora en {n} días", referral: "radiografía en el hospital", severity: [2]int{1, 3}, fromAge: 8},
	{diagnosis: "Lesión por violencia (Y09)", weight: 4, reason: "{lo} golpearon en el camino", note: "Refiere golpes durante un asalto hace {n} días. Equimosis en tórax y antebrazo, sin fractura clínica. Se ofrece documentar lesiones.", treatment: "analgésico y curación", plan: "se ofrece atención psicológica y legal", severity: [2]int{1, 3}, fromAge: 14},
	{diagnosis: "Problema dental (K08.9)", weight: 3, reason: "dolor de muela", note: "Caries profunda en molar inferior, sin absceso.", treatment: "ibuprofeno 400 mg cada 8 h", plan: "extracción cuando haya jornada dental", referral: "odontología", severity: [2]int{0, 2}, fromAge: 5},
	{diagnosis: "Anemia (D64.9)", weight: 2, reason: "cansancio, mareo", note: "Palidez conjuntival, come una vez al día desde hace semanas.", treatment: "hierro oral por 30 días", plan: "control en la siguiente ciudad", severity: [2]int{1, 2}, toAge: 45},
	{diagnosis: "Sano (Z02.7)", weight: 3, reason: "revisión de crecimiento|certificado de salud", note: "Sano a la exploración, crecimiento adecuado, vacunas por revisar en cartilla.", plan: "orientación sobre agua segura", severity: [2]int{0, 0}, toAge: 17},
}

var mentalHealth = []complaint{
	{diagnosis: "Ansiedad (F41.9)", weight: 26, reason: "no puede dormir, preocupación|nervios, le late rápido el corazón", note: "Preocupación constante por la familia y por el siguiente tramo. Duerme {n} horas. Se trabaja respiración y regreso a los sentidos.|Ansiedad desde que {lo} detuvieron; anticipa que {lo} regresen. Recursos: fe, canto, su hermana.", plan: "segunda sesión antes de continuar el viaje", severity: [2]int{1, 3}, fromAge: 10},
	{diagnosis: "Reacción aguda al estrés (F43.0)", weight: 20, reason: "sueña con lo que vivió en el camino|llora sin motivo", note: "Reacción aguda tras un secuestro de {n} días. Revive sonidos; evita estar sol{o}. Sin ideas de muerte. Primeros auxilios psicológicos.|Vio morir a una persona en la selva. Sobresalto, irritabilidad.", plan: "plan de seguridad conversado; seguimiento en dos días", severity: [2]int{2, 4}, fromAge: 8},
	{diagnosis: "Duelo (F43.2)", weight: 14, reason: "perdió a un familiar", note: "Duelo por su hermano, del que no pudo despedirse. Se abre espacio para nombrarlo; pide encender una vela.|Duelo por la hija que quedó al cuidado de la abuela.", plan: "acompañamiento; ritual breve la próxima vez", severity: [2]int{1, 3}, fromAge: 7},
	{diagnosis: "Depresión (F32.9)", weight: 14, reason: "tristeza, sin ganas de nada", note: "Ánimo bajo desde la deportación, pierde peso, se aísla en la tienda. Niega plan suicida; conserva vínculo con su madre.", plan: "activación gradual; revisar riesgo cada sesión", referral: "psiquiatría del centro de atención", severity: [2]int{2, 4}, fromAge: 13},
	{diagnosis: "Estrés postraumático (F43.1)", weight: 10, reason: "pesadillas desde hace meses", note: "Síntomas postraumáticos de más de tres meses tras violencia en su colonia. Evita uniformes. Psicoeducación y estabilización.", plan: "continuar en la siguiente ciudad con la misma clave de sesión", severity: [2]int{2, 4}, fromAge: 12},
	{diagnosis: "Problema emocional de la niñez (F93.9)", weight: 9, reason: "ya no habla como antes|se orina en la noche", note: "Regresión desde el cruce de la selva. Juego y dibujo; la madre participa. Rutinas para la noche.", plan: "sesión con la familia", severity: [2]int{1, 2}, fromAge: 3, toAge: 14},
	{diagnosis: "Consumo de alcohol (F10.1)", weight: 5, reason: "quiere dejar de beber", note: "Consumo de alcohol para dormir en la calle, {n} noches por semana. Motivado por ver a su hijo.", plan: "acuerdo de reducción; regresar en {n} días", severity: [2]int{1, 3}, fromAge: 16},
	{diagnosis: "Sin diagnóstico (Z71.9)", weight: 6, reason: "orientación", note: "Sin síntomas clínicos. Cansancio esperable. Información sobre servicios en las siguientes ciudades.", severity: [2]int{0, 0}, fromAge: 10},
}

var social = []complaint{
	{weight: 22, reason: "quiere pedir refugio|pregunta por la solicitud de asilo", note: "Orientación sobre los 30 días hábiles y lo que debe llevar. Le negaron la información en la oficina. Teme regresar por amenazas.|Acompañamiento para la cita; no tiene constancia.", plan: "acompañar el jueves", referral: "asesoría legal"},
	{weight: 16, reason: "busca a su hermano|perdió contacto con su familia", note: "Último contacto hace {n} semanas en la frontera sur. Autoriza buscar por la red familiar, sin publicar nombre.", plan: "llamada con el servicio de contacto familiar", referral: "restablecimiento de contacto entre familiares"},
	{weight: 14, reason: "no tiene dónde dormir", note: "Duerme en la terminal con sus hijos. Se gestiona lugar en albergue por {n} noches.", plan: "confirmar el ingreso por la tarde", fromAge: 18},
	{weight: 12, reason: "le quitaron los documentos|perdió su pasaporte", note: "En la entrega le retuvieron pasaporte y teléfono. Sin copia. Se anota lo que recuerda, sin número.", plan: "contactar consulado solo si {el} lo pide", referral: "asesoría legal"},
	{weight: 10, reason: "quiere regresar a su país y no puede", note: "No tiene dinero y teme a quienes lo extorsionaban. Se explican riesgos y opciones, sin prometer fecha.", plan: "entrevista de protección", referral: "protección internacional", fromAge: 18},
	{weight: 8, reason: "medicamento y traslado", note: "Necesita traslado al hospital para su cita. Se entrega apoyo de transporte.", plan: "verificar que llegó"},
	{weight: 6, reason: "escuela para los niños", note: "Permanecerá mientras se resuelve su trámite. Se identifica escuela que recibe sin papeles.", plan: "carta de acompañamiento", fromAge: 18},
	{weight: 6, reason: "agresión en el campamento", note: "Pide cambiar de lugar para dormir. No quiere denunciar por ahora. Plan de seguridad conversado.", plan: "revisar mañana", referral: "albergue con espacio seguro"},
}

// drawComplaint draws one that fits age and sex.
func drawComplaint(r *rand.Rand, list []complaint, sex string, age int) complaint {
	fits := func(c complaint) bool {
		return age >= c.fromAge && (c.toAge == 0 || age <= c.toAge) && (!c.women || sex == "f" && age >= 15 && age <= 49)
	}
	sum := 0.0
	for _, c := range list {
		if fits(c) {
			sum += c.weight
		}
	}
	x := r.Float64() * sum
	last := list[0]
	for _, c := range list {
		if fits(c) {
			last = c
			if x -= c.weight; x < 0 {
				break
			}
		}
	}
	return last
}

// say takes one of the alternatives of a text and fills in what stands in braces.
func say(r *rand.Rand, text string, which int, sex string) string {
	if text == "" {
		return ""
	}
	options := strings.Split(text, "|")
	ending, pronoun, subject := "o", "lo", "él"
	if sex == "f" {
		ending, pronoun, subject = "a", "la", "ella"
	}
	return strings.NewReplacer("{n}", string(rune('2'+r.IntN(7))), "{o}", ending, "{lo}", pronoun, "{el}", subject).Replace(options[which%len(options)])
}
