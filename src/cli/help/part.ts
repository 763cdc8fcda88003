/*
 * What a help topic is made of. A terminal shows it as text (`text.ts`); the manual pages have the
 * same (`man/generator/`).
 */

/** A term and what it means, in whole sentences. */
export type Term = readonly [term: string, meaning: string];

/** A paragraph, or a heading, or terms with their meanings. */
export type Part = string | { readonly heading: string } | { readonly terms: readonly Term[] };
