package report_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"amparo/internal/lang"
	"amparo/internal/observatory"
	"amparo/internal/report"
)

// The answer of the query `series`, asked by month, becomes a chart: one line, fiscal years as bands, months that are not held as gaps.
func ExampleTimeChart() {
	file, err := observatory.ReadEncounters(observatory.Encounters())
	if err != nil {
		fmt.Println(err)
		return
	}
	table := observatory.Table{Blocks: file.Blocks, FiscalStart: time.October}
	sums, _ := table.Answer(observatory.Question{By: []string{"month"}, Where: []observatory.Condition{{Key: "region", Values: []string{"southwest"}}}})

	tag := lang.ES
	line := report.Series{}
	for _, sum := range sums {
		month, err := report.ParseMonth(sum.Code("month"))
		if err != nil {
			fmt.Println(err)
			return
		}
		line.Points = append(line.Points, report.Point{At: month, Value: sum.Value})
	}
	chart := report.Chart{
		ID:          "encounters",
		Title:       "El mes con más encuentros en la frontera suroeste fue septiembre de 2023",
		Description: "Línea por mes, de octubre de 2019 a septiembre de 2023.",
		Unit:        "encuentros por mes (eventos, no personas)",
		From:        line.Points[0].At, To: line.Points[len(line.Points)-1].At,
		Series: []report.Series{line},
		NoData: "sin datos",
		Number: func(n int64) string { return lang.Number(tag, n) },
		Period: func(m report.Month) string { return fmt.Sprintf("%d-%02d", m.Year(), m.Month()) },
	}
	for year := 2020; year <= 2023; year++ {
		chart.Bands = append(chart.Bands, report.Band{From: report.MonthOf(year-1, time.October), To: report.MonthOf(year, time.September), Label: "AF " + strconv.Itoa(year)})
	}
	figure, err := report.TimeChart(chart)
	fmt.Println(err, strings.Contains(string(figure), "269,735 · 2023-09"), len(figure) < 6000)
	// Output: <nil> true true
}
