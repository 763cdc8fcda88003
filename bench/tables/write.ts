import { readFileSync, writeFileSync } from 'node:fs';
import { sections, withSection } from './tables.js';

/** Writes the tables of the newest results into the documents. Returns the files that changed. */
export function writeTables(): string[] {
  return sections().flatMap((section) => {
    const document = readFileSync(section.file, 'utf8');
    const written = withSection(document, section);
    if (written === document) {
      return [];
    }
    writeFileSync(section.file, written);
    return [`${section.file}: ${section.name}`];
  });
}
