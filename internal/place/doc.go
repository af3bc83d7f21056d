// Package place holds where the work happens: the sites of the organisation with their clock, how many people stay at them, and the
// gazetteer of Mexico by which a site names its municipality.
//
// All of it stands in the compartment field: a site and a number of people, never a person. A municipality is the finest place that
// is written down, and a day is always a day at the clock of the site, which is why [SiteBrief.Day] and [SiteBrief.DayOf] are the only
// way to cut time into days.
package place
