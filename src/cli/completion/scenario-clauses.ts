import { SCENARIO_CLAUSES } from '../../backends/virtual/scenario.js';
import { behind, type Candidate, type Completions } from './candidate.js';

/** What a scenario may become: clauses behind the last comma, or the name of a file behind `@`. */
export function scenarioClauses(value: string): Completions {
  if (value.startsWith('@')) {
    return { prefix: '@' };
  }
  const start = value.lastIndexOf(',') + 1;
  const given = new Set(value.slice(0, start).match(/[a-z]+(?==)/g));
  const clauses = SCENARIO_CLAUSES.flatMap(([form, meaning]) => beginnings(form, meaning)).filter(
    ({ text }) => !given.has(text.replace(/=.*/, '')),
  );
  const file = { text: '@', description: 'read the scenario from a file' };
  return behind(value.slice(0, start), start === 0 ? [...clauses, file] : clauses);
}

/** What a clause begins with: `rate=SIZE[/s]|bus` is `rate=` and `rate=bus`. */
function beginnings(form: string, description: string): Candidate[] {
  const [, name = '', values = ''] = /^([a-z]+[=@])(.*)$/.exec(form) ?? [];
  const texts = values.split('|').map((value) => name + (/^[a-z]+$/.test(value) ? value : ''));
  return texts.map((text) => ({ text, description }));
}
