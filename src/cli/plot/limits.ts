/** With more curves in a chart, the bands around them would hide each other: the page has none. */
export const MOST_BANDS = 4;

/** Gaps that the page lists and marks, of all files together. */
export const MOST_GAPS = 1000;
