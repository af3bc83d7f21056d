package web

import (
	"html/template"
)

// strokes are the icons, drawn on a grid of 24 as lines of one weight. They stand in the page itself (CSP needs no
// exception, nothing flashes in late) and always beside words, so they are hidden from screen readers.
var strokes = map[string]template.HTML{
	"board":         `<path d="M4 5h16v14H4zM4 10h16M10 10v9"/>`,
	"find":          `<circle cx="11" cy="11" r="6"/><path d="m15.5 15.5 4.5 4.5"/>`,
	"people":        `<circle cx="9" cy="8" r="3"/><path d="M3 19c.5-3.5 3-5 6-5s5.5 1.5 6 5M16 5.5a3 3 0 0 1 0 5M18 14.5c1.7.7 2.7 2.3 3 4.5"/>`,
	"flow":          `<path d="M7 20V5M3.5 8.5 7 5l3.5 3.5M17 4v15M13.5 15.5 17 19l3.5-3.5"/>`,
	"chart":         `<path d="M4 4v16h16M8 16v-4M12 16V8M16 16v-6"/>`,
	"here":          `<path d="M5 5h14v14H5zM5 14h4l1.5 2h3l1.5-2h4"/>`,
	"kept":          `<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
	"leave":         `<path d="M10 4H5v16h5M14 8l4 4-4 4M18 12H9"/>`,
	"flag":          `<path d="M6 21V4M6 5h11l-2.5 4L17 13H6"/>`,
	"plus":          `<path d="M12 5v14M5 12h14"/>`,
	"note":          `<path d="M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h5"/>`,
	"edit":          `<path d="m5 19 1-4L16 5l3 3L9 18zM14 7l3 3"/>`,
	"print":         `<path d="M7 9V4h10v5M7 17H4v-7h16v7h-3M7 14h10v6H7z"/>`,
	"two":           `<path d="M8 4v16M16 4v16M4 8h4M4 16h4M16 8h4M16 16h4"/>`,
	"lock":          `<path d="M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3"/>`,
	"site":          `<path d="M4 20V10l8-6 8 6v10zM10 20v-6h4v6"/>`,
	"save":          `<path d="M12 4v11M7.5 11 12 15.5l4.5-4.5M4 20h16"/>`,
	"warn":          `<path d="M12 4 2.5 20h19zM12 10v4M12 17v.1"/>`,
	"number":        `<path d="M9 4 7 20M17 4l-2 16M4 9h16M4 15h16"/>`,
	"move":          `<path d="M4 9h14M14 5l4 4-4 4M20 16H6M10 12l-4 4 4 4"/>`,
	"visit":         `<path d="M5 6h14v14H5zM5 10h14M9 3v5M15 3v5M12 13v4M10 15h4"/>`,
	"medical":       `<path d="M9 4h6v5h5v6h-5v5H9v-5H4V9h5z"/>`,
	"mental_health": `<path d="M12 20s-7-4.5-7-9.5A4 4 0 0 1 12 8a4 4 0 0 1 7 2.5c0 5-7 9.5-7 9.5z"/>`,
	"social":        `<path d="M4 18c2-5 4-7 8-7s6 2 8 7M12 8a2.5 2.5 0 1 0 0-.1"/>`,
	"nursing":       `<path d="M5 12h3l2-5 3 10 2-5h4"/>`,
	"distribution":  `<path d="M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8"/>`,
	"scan":          `<path d="M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16"/>`,
	"left":          `<path d="m14 6-6 6 6 6"/>`,
	"right":         `<path d="m10 6 6 6-6 6"/>`,
	"other":         `<circle cx="12" cy="12" r="7"/>`,
}

// icon draws one; a name that is not there draws a dot rather than nothing, so a mistake is seen.
func icon(name string) template.HTML {
	lines, ok := strokes[name]
	if !ok {
		lines = strokes["other"]
	}
	return `<svg class="ic" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + lines + `</svg>`
}
