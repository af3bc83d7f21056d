package observatory

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"amparo/internal/lang"
)

// shipped is CBP's file as text and as read.
var shipped = sync.OnceValues(func() (string, *Parsed) {
	text, err := io.ReadAll(Encounters())
	if err != nil {
		panic(err)
	}
	p, err := ReadEncounters(bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	return string(text), p
})

const cbpHeader = "Fiscal Year,Month Grouping,Month (abbv),Land Border Region,State,Demographic,Citizenship,Title of Authority,Encounter Count\n"

func read(t *testing.T, text string) *Parsed {
	t.Helper()
	p, err := ReadEncounters(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	p.Explain(lang.EN)
	return p
}

func TestShippedFileIsCBPsOwn(t *testing.T) {
	text, p := shipped()
	sum := sha256.Sum256([]byte(text))
	const published = "5b8fbc01f91f1d5d22091357fdb28e9ab5d91b6d4e1211ceafff32399f3803d0"
	if got := hex.EncodeToString(sum[:]); got != published || p.Series.SHA256 != published {
		t.Fatalf("sha256 %s, importer says %s", got, p.Series.SHA256)
	}
	if p.Rows != 42532 || len(p.Blocks) != 48 || len(p.Rejected) != 0 || p.Unpublished != 0 {
		t.Fatalf("%d rows, %d months, %d rejected, %d unpublished", p.Rows, len(p.Blocks), len(p.Rejected), p.Unpublished)
	}
	rows := 0
	for _, b := range p.Blocks {
		rows += b.Rows()
	}
	if rows != p.Rows {
		t.Errorf("%d rows in blocks of %d in the file: a row was lost or summed", rows, p.Rows)
	}
	if first, last := p.Blocks[0].Month.String(), p.Blocks[47].Month.String(); first != "2019-10" || last != "2023-09" {
		t.Errorf("from %s to %s", first, last)
	}
	if p.Series.Unit != "events" {
		t.Errorf("unit %q: encounters are events, not people", p.Series.Unit)
	}
}

func TestOtherIsNeverACountry(t *testing.T) {
	_, p := shipped()
	seen := 0
	for _, b := range p.Blocks {
		k := slices.Index(b.Keys, KeyNationality)
		for _, w := range b.Words[k] {
			if w == Other {
				seen++
			} else if len(w) != 3 || strings.ToUpper(w) != w {
				t.Errorf("%s: nationality %q is neither alpha-3 nor %s", b.Month, w, Other)
			}
		}
	}
	if seen != 48 {
		t.Errorf("OTHER in %d of 48 months", seen)
	}
}

func TestEveryWordHasItsCode(t *testing.T) {
	for word, want := range map[string]string{"CHINA, PEOPLES REPUBLIC OF": "CHN", "MYANMAR (BURMA)": "MMR", "OTHER": "OTHER", "TURKEY": "TUR", "EL SALVADOR": "SLV", "ROMANIA": "ROU"} {
		if got := cbpWords[columnCitizenship][word]; got != want {
			t.Errorf("%s: %q, want %s", word, got, want)
		}
	}
	if n := len(cbpWords[columnCitizenship]); n != 22 {
		t.Errorf("%d classes of citizenship; CBP has 22", n)
	}
}

func TestFiscalMonths(t *testing.T) {
	for _, tt := range []struct{ fiscal, month, want string }{
		{"2023", "OCT", "2022-10"}, {"2023", "NOV", "2022-11"}, {"2023", "DEC", "2022-12"}, {"2023", "JAN", "2023-01"}, {"2023", "SEP", "2023-09"},
		{"2000", "OCT", "1999-10"}, {"2026 (FYTD)", "OCT", "2025-10"},
	} {
		p := read(t, cbpHeader+tt.fiscal+",FYTD,"+tt.month+",Other,TX,FMUA,CUBA,Title 8,1\n")
		if len(p.Blocks) != 1 || p.Blocks[0].Month.String() != tt.want {
			t.Errorf("%s %s: %v %v", tt.fiscal, tt.month, p.Blocks, p.Rejected)
		}
	}
}

func TestByteOrderMarkAndLineEnds(t *testing.T) {
	plain := cbpHeader + "2023,FYTD,OCT,Other,TX,FMUA,\"CHINA, PEOPLES REPUBLIC OF\",Title 8,12\n"
	want := read(t, plain).Blocks
	for name, text := range map[string]string{
		"mark": "\ufeff" + plain, "CRLF": strings.ReplaceAll(plain, "\n", "\r\n"), "both": "\ufeff" + strings.ReplaceAll(plain, "\n", "\r\n"), "no last end": strings.TrimSuffix(plain, "\n"),
	} {
		got := read(t, text)
		if len(got.Rejected) > 0 || len(got.Blocks) != 1 || Compare(want[0], got.Blocks[0]) != (Difference{Unchanged: 1}) {
			t.Errorf("%s: %+v %v", name, got.Blocks, got.Rejected)
		}
	}
}

func TestWrongHeader(t *testing.T) {
	row := "2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1\n"
	for _, tt := range []struct {
		name, header string
		want         map[string]string // field → code
	}{
		{"another layout", "Fiscal Year,Month Grouping,Month (abbv),Component,Land Border Region,Area of Responsibility,AOR (Abbv),Demographic,Citizenship,Title of Authority,Encounter Type,Encounter Count\n",
			map[string]string{"Component": "import_column_unknown", "Area of Responsibility": "import_column_unknown", "AOR (Abbv)": "import_column_unknown",
				"Encounter Type": "import_column_unknown", "State": "import_column_missing"}},
		{"renamed", strings.Replace(cbpHeader, "Citizenship", "Nationality", 1), map[string]string{"Nationality": "import_column_unknown", "Citizenship": "import_column_missing"}},
		{"order", strings.Replace(cbpHeader, "State,Demographic", "Demographic,State", 1), map[string]string{"": "import_column_order"}},
		{"column twice", strings.Replace(cbpHeader, "State,", "State,State,", 1), map[string]string{"": "import_column_order"}},
		{"semicolons", strings.ReplaceAll(cbpHeader, ",", ";"), nil},
		{"no header", "", nil},
	} {
		p := read(t, tt.header+row)
		if len(p.Rejected) == 0 || len(p.Blocks) != 0 {
			t.Errorf("%s: taken", tt.name)
			continue
		}
		got := map[string]string{}
		for _, r := range p.Rejected {
			if r.Line != 1 {
				t.Errorf("%s: line %d", tt.name, r.Line)
			}
			if !strings.Contains(r.Reason, "Fiscal Year, Month Grouping") {
				t.Errorf("%s: the reason does not say what is expected: %s", tt.name, r.Reason)
			}
			got[r.Field] = r.Code
		}
		if tt.want != nil && fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	if p := read(t, ""); len(p.Rejected) != 1 || p.Rejected[0].Code != "import_no_header" {
		t.Errorf("empty file: %v", p.Rejected)
	}
	if p := read(t, cbpHeader); len(p.Rejected) != 1 || p.Rejected[0].Code != "import_empty" {
		t.Errorf("header only: %v", p.Rejected)
	}
}

func TestBadRowsAreRefused(t *testing.T) {
	good := "2023,FYTD,NOV,Other,TX,FMUA,CUBA,Title 8,1\n"
	for _, tt := range []struct{ row, field, code string }{
		{"20x3,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1", "Fiscal Year", "import_fiscal_year"},
		{"+2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1", "Fiscal Year", "import_fiscal_year"},
		{"1066,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1", "Fiscal Year", "import_fiscal_year"},
		{"2023,YTD,OCT,Other,TX,FMUA,CUBA,Title 8,1", "Month Grouping", "import_word"},
		{"2023,FYTD,October,Other,TX,FMUA,CUBA,Title 8,1", "Month (abbv)", "import_word"},
		{"2023,FYTD,OCT,South,TX,FMUA,CUBA,Title 8,1", "Land Border Region", "import_word"},
		{"2023,FYTD,OCT,Other,TM,FMUA,CUBA,Title 8,1", "State", "import_word"},
		{"2023,FYTD,OCT,Other,TX,Families,CUBA,Title 8,1", "Demographic", "import_word"},
		{"2023,FYTD,OCT,Other,TX,FMUA,ATLANTIS,Title 8,1", "Citizenship", "import_citizenship"},
		{"2023,FYTD,OCT,Other,TX,FMUA,Cuba,Title 8,1", "Citizenship", "import_citizenship"},
		{"2023,FYTD,OCT,Other,TX,FMUA,,Title 8,1", "Citizenship", "import_citizenship"},
		{"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 9,1", "Title of Authority", "import_word"},
		{"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,-1", "Encounter Count", "import_count"},
		{"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,\"6,500\"", "Encounter Count", "import_count"},
		{"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1.5", "Encounter Count", "import_count"},
		{"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,", "Encounter Count", "import_count"},
		{"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,99999999999999999999", "Encounter Count", "import_count"},
		{"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8", "", "import_fields"},
		{"2023,FYTD,OCT,Other,TX,FMUA,CUBA,Title 8,1,2", "", "import_fields"},
		{"2023,FYTD,OCT,Other,TX,FM\"UA,CUBA,Title 8,1", "", "import_quotes"},
		{"2023,FYTD,OCT,Other,TX,\"FMUA,CUBA,Title 8,1", "", "import_quotes"},
		{"2023,FYTD,NOV,Other,TX,FMUA,CUBA,Title 8,2", "", "import_repeated"},
		{"2023,FYTD,OCT,Other,TX,FMUA,\xff\xfe,Title 8,1", "Citizenship", "import_citizenship"},
	} {
		p := read(t, cbpHeader+good+tt.row+"\n")
		if len(p.Rejected) != 1 || len(p.Blocks) != 0 {
			t.Errorf("%s: %d rejected, %d blocks", tt.row, len(p.Rejected), len(p.Blocks))
			continue
		}
		r := p.Rejected[0]
		if r.Line != 3 || r.Field != tt.field || r.Code != tt.code || r.Reason == "" || strings.HasPrefix(r.Reason, "[") || strings.Contains(r.Reason, "{") {
			t.Errorf("%s: %+v", tt.row, r)
		}
	}
}

func TestEveryFaultOfALineIsNamed(t *testing.T) {
	p := read(t, cbpHeader+"2023,FYTD,XXX,Nowhere,TX,FMUA,ATLANTIS,Title 8,many\n")
	var fields []string
	for _, r := range p.Rejected {
		fields = append(fields, fmt.Sprintf("%s@%d", r.Field, r.Column))
	}
	if got := strings.Join(fields, " "); got != "Month (abbv)@11 Land Border Region@15 Citizenship@31 Encounter Count@48" {
		t.Error(got)
	}
}

func TestBadNumberOnLine40000(t *testing.T) {
	text, _ := shipped()
	lines := strings.SplitAfter(text, "\n")
	row := strings.TrimSuffix(lines[39999], "\n")
	lines[39999] = row[:strings.LastIndexByte(row, ',')+1] + "12O\n"
	p := read(t, strings.Join(lines, ""))
	if len(p.Rejected) != 1 || len(p.Blocks) != 0 {
		t.Fatalf("%d rejected, %d blocks", len(p.Rejected), len(p.Blocks))
	}
	r := p.Rejected[0]
	if r.Line != 40000 || r.Field != "Encounter Count" || r.Value != "12O" || !strings.Contains(r.Reason, "12O") {
		t.Errorf("%+v", r)
	}
	if _, err := Request(p, false); err == nil {
		t.Error("a file with a rejected line became an action")
	}
}

func TestManyRejectionsAreCountedNotListed(t *testing.T) {
	p := read(t, cbpHeader+strings.Repeat("2023,FYTD,OCT,Other,TX,FMUA,ATLANTIS,Title 8,1\n", 120))
	if len(p.Rejected) != 50 || p.More != 70 {
		t.Errorf("%d listed, %d more", len(p.Rejected), p.More)
	}
}

func TestAFileWithoutEndIsRefused(t *testing.T) {
	text, _ := shipped()
	print := newFingerprint(strings.NewReader(text))
	print.size = maxFileBytes - 1_000_000 // as if that much had been read
	p, err := readEncounters(print)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rejected) != 1 || p.Rejected[0].Code != "too_large" || p.Rejected[0].Line < 10_000 || len(p.Blocks) != 0 {
		t.Errorf("%d blocks, %+v", len(p.Blocks), p.Rejected)
	}
}

func TestAFileThatBreaksOffIsAnError(t *testing.T) {
	text, _ := shipped()
	broken := errors.New("the stick was pulled out")
	if _, err := ReadEncounters(io.MultiReader(strings.NewReader(text[:100_000]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestMonthsToComeAreGaps(t *testing.T) {
	p := read(t, cbpHeader+
		"2025 (FYTD),FYTD,JUN,Other,TX,FMUA,CUBA,Title 8,5\n"+
		"2025 (FYTD),Remaining,JUL,Other,TX,FMUA,CUBA,Title 8,6\n"+
		"2026 (FYTD),FYTD,JUN,Other,TX,FMUA,CUBA,Title 8,7\n"+
		"2026 (FYTD),Remaining,JUL,Other,TX,FMUA,CUBA,Title 8,0\n")
	var months []string
	for _, b := range p.Blocks {
		months = append(months, b.Month.String())
	}
	if got := strings.Join(months, " "); got != "2025-06 2025-07 2026-06" || p.Unpublished != 1 {
		t.Errorf("months %s, %d rows left out: %v", got, p.Unpublished, p.Rejected)
	}
	p = read(t, cbpHeader+"2026 (FYTD),Remaining,JUL,Other,TX,FMUA,CUBA,Title 8,3\n")
	if len(p.Rejected) != 1 || p.Rejected[0].Code != "import_remaining" || p.Rejected[0].Value != "3" {
		t.Errorf("a count for a month to come: %v", p.Rejected)
	}
}

func TestOrderOfLinesDoesNotMatter(t *testing.T) {
	text, p := shipped()
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	slices.Reverse(lines[1:])
	turned := read(t, strings.Join(lines, ""))
	for i, b := range p.Blocks {
		want, _ := EncodeBlock(b)
		got, err := EncodeBlock(turned.Blocks[i])
		if err != nil || !bytes.Equal(want, got) {
			t.Fatalf("%s: other bytes for the same rows (%v)", b.Month, err)
		}
	}
}

func FuzzReadEncounters(f *testing.F) {
	f.Add([]byte(cbpHeader + "2023,FYTD,OCT,Other,TX,FMUA,\"CHINA, PEOPLES REPUBLIC OF\",Title 8,12\n"))
	f.Add([]byte("\ufeff" + cbpHeader + "2026 (FYTD),Remaining,JUL,Other,TX,UAC,OTHER,Title 42,0\r\n"))
	f.Add([]byte(cbpHeader + "2023,FYTD,OCT,Other,TX,\"FMUA\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ReadEncounters(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("an error of reading, from memory: %v", err)
		}
		if len(p.Rejected) > 0 && len(p.Blocks) > 0 || len(p.Rejected) > maxRejections {
			t.Fatal("rejected lines and blocks together, or too many listed")
		}
		rows := p.Unpublished
		for _, b := range p.Blocks {
			rows += b.Rows()
			enc, err := EncodeBlock(b)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := DecodeBlock(b.Month, enc); err != nil {
				t.Fatal(err)
			}
		}
		if len(p.Rejected) == 0 && rows != p.Rows {
			t.Fatalf("%d rows of %d", rows, p.Rows)
		}
		p.Explain(lang.ES)
	})
}

func BenchmarkReadEncounters(b *testing.B) {
	text, _ := shipped()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadEncounters(strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
