/** Texts that stand in several pages, by name. */
export type Sections = ReadonlyMap<string, string>;

/**
 * Splits a shared source into its sections. A section begins after a line `@section NAME`.
 *
 * @throws Error when text stands before the first section, or a name occurs twice
 */
export function parseSections(text: string): Sections {
  const [before = '', ...parts] = text.split(/^@section /m);
  if (before.split('\n').some((line) => line !== '' && !line.startsWith('.\\"'))) {
    throw new Error('man/src/shared.roff: text before the first @section');
  }
  const sections = new Map<string, string>();
  for (const part of parts) {
    const end = part.indexOf('\n');
    const name = part.slice(0, end);
    if (sections.has(name)) {
      throw new Error(`man/src/shared.roff: two sections ${name}`);
    }
    sections.set(name, part.slice(end + 1).trimEnd());
  }
  return sections;
}

/**
 * Replaces each line `@include NAME` of a source by that section. A section may hold other
 * directives and further includes.
 *
 * @throws Error when there is no such section
 */
export function expandIncludes(source: string, sections: Sections): string {
  return source.replace(/^@include (.*)$/gm, (_, name: string) => {
    const section = sections.get(name);
    if (section === undefined) {
      throw new Error(`man/src/shared.roff: no section ${name}`);
    }
    return expandIncludes(section, sections);
  });
}
