package webtest

import (
	"time"

	"amparo/internal/attachment"
	"amparo/internal/record"
	"amparo/internal/web"
)

// Filed are the files about Maria, as far as the desk opens them.
func Filed(d *Desk, person string) attachment.Listed {
	out := attachment.Listed{Files: []attachment.File{}}
	if person != Maria.ID.String() {
		return out
	}
	file := func(n byte, in record.Compartment, what, name, media string, size int64, before time.Duration, s record.FileStanding) attachment.File {
		return attachment.File{ID: ID(n), Compartment: in, What: what, Name: name, Media: media, Size: size, At: Now.Add(-before), Zone: -360, Site: Tapachula.ID, By: Rosa.ID, ByName: Rosa.Name, FileStanding: s}
	}
	all := []attachment.File{
		file(91, record.Care, "medical", "ultrasonido-semana-22.pdf", "application/pdf", 1_843_000, 3*day, record.FileStanding{Pieces: 15, Here: 15, Elsewhere: true}),
		file(92, record.Law, "id_document", "acta de nacimiento, copia de la que quedó en Tegucigalpa con la hermana mayor.jpg", "image/jpeg", 2_310_000, 5*day, record.FileStanding{Pieces: 18, Here: 4}),
		file(93, record.Identity, "consent", "consentimiento.jpg", "image/jpeg", 412_000, 20*time.Hour, record.FileStanding{Pieces: 4, Here: 4}),
		file(94, record.Care, "other", "otra persona.pdf", "application/pdf", 90_000, 9*day, record.FileStanding{}),
	}
	all[0].Note, all[3].Removed = "Falta el informe firmado.", true
	for _, f := range all {
		if d.Opens(f.Compartment) {
			out.Files = append(out.Files, f)
		}
	}
	return out
}

// Files are some that wait.
func (d *Desk) Files() (web.FilesCount, error) {
	return web.FilesCount{Coming: 38_400_000, Going: 412_000, Held: 1_200_000, Exchange: 4 << 20, Today: 6_300_000}, nil
}

// SetFileBudget takes any that is not too large.
func (d *Desk) SetFileBudget(exchange, day int64) error {
	if max(exchange, day) > 1<<40 {
		return record.Refuse("exchange", "out_of_range", "field", "exchange", "got", "9999999", "low", "0", "high", "1048576")
	}
	return nil
}
