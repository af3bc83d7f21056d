package observatory

import (
	"errors"
	"fmt"
	"io"

	"amparo/internal/lang"
	"amparo/internal/record"
)

// ErrRejected reports a file of which lines were rejected. Nothing of it was recorded; Imported.Rejected says which and why.
var ErrRejected = errors.New("nothing was imported: the file has lines that are not understood")

// Import reads a file with an importer and records it as one action through apply. With dryRun nothing is written and the answer
// says what would be. A file of which anything is rejected gives the rejections and ErrRejected; an action that is
// refused gives its sentence as the error.
func Import(im Importer, file io.Reader, dryRun bool, tag lang.Tag, apply func(record.Request) record.Result) (Imported, error) {
	none := Imported{Series: []ImportedSeries{}, Months: []string{}, Rejected: []Rejection{}, DryRun: dryRun}
	p, err := im.Read(file)
	if err != nil {
		return none, fmt.Errorf("import %s: %w", im.Name, err)
	}
	if len(p.Rejected) > 0 {
		p.Explain(tag)
		none.Rejected, none.More = p.Rejected, p.More
		return none, ErrRejected
	}
	request, err := Request(p, dryRun)
	if err != nil {
		return none, fmt.Errorf("import %s: %w", im.Name, err)
	}
	result := apply(request)
	if !result.OK {
		if result.Error == nil {
			return none, fmt.Errorf("import %s: refused without a reason", im.Name)
		}
		return none, errors.New(result.Error.Message)
	}
	out, err := record.ResultAs[Imported](result)
	if err != nil {
		return none, fmt.Errorf("import %s: %w", im.Name, err)
	}
	out.Unpublished = p.Unpublished
	return out, nil
}
