import { behind, type Candidate, type Completions } from './candidate.js';

/** For `list --output`: columns that are not there yet, behind the last comma. */
export async function columnNames(value: string): Promise<Completions> {
  const start = Math.max(value.lastIndexOf(',') + 1, value.startsWith('+') ? 1 : 0);
  const given = new Set(value.slice(0, start).toUpperCase().split(/[,+]/));
  const columns = (await candidates(value.slice(start))).filter(
    ({ text }) => !given.has(text.toUpperCase()),
  );
  const more = { text: '+', description: 'add to the usual columns' };
  return behind(value.slice(0, start), value === '' ? [...columns, more] : columns);
}

/** For `list --sort`. */
export async function columnToSortBy(value: string): Promise<Completions> {
  const start = value.startsWith('-') ? 1 : 0;
  return behind(value.slice(0, start), await candidates(value.slice(start)));
}

/** The columns; in small letters for who has begun so. */
async function candidates(word: string): Promise<Candidate[]> {
  const { COLUMNS } = await import('../list-columns.js');
  const small = word !== word.toUpperCase();
  return COLUMNS.map(({ name, meaning }) => ({
    text: small ? name.toLowerCase() : name,
    description: meaning,
  }));
}
