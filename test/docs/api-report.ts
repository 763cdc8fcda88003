import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One statement of a declaration file, without comments. */
interface Declaration {
  readonly name: string;
  readonly text: string;
}

/**
 * Returns what an entry of the package declares, without comments and ordered by name: a change of it is a
 * change for users.
 *
 * @param entry the declaration file of the entry, as the compiler writes it
 */
export function apiReport(entry: string): string {
  const exported = [...exportsOf(entry)].sort((a, b) => a.name.localeCompare(b.name, 'en'));
  return `${exported.map(({ text }) => text).join('\n\n')}\n`;
}

/** Follows the exports of a file to their declarations. */
function exportsOf(entry: string): Declaration[] {
  const text = withoutComments(readFileSync(entry, 'utf8'));
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '(.*)\.js';/gm)].flatMap(
    ([, names = '', path = '']) => {
      const declarations = declarationsIn(join(dirname(entry), `${path}.d.ts`));
      return names.split(',').flatMap((item) => {
        const name = item.replace(/\btype\b/, '').trim();
        const found = declarations.filter((declaration) => declaration.name === name);
        if (found.length === 0 && name !== '') {
          throw new Error(`${path} does not declare ${name}`);
        }
        const constants = found.flatMap((one) => [...one.text.matchAll(/\btypeof (\w+)/g)]);
        const used = constants.map(([, constant]) => constant);
        return [...found, ...declarations.filter((other) => used.includes(other.name))];
      });
    },
  );
}

/** Returns the exported statements of a file. Each begins at the start of a line. */
function declarationsIn(file: string): Declaration[] {
  const statements = withoutComments(readFileSync(file, 'utf8')).split(/^(?=\S)(?!\})/m);
  return statements.flatMap((statement) => {
    const [, name] =
      /^export (?:declare )?(?:abstract )?(?:class|function|interface|type|const) (\w+)/.exec(
        statement,
      ) ?? [];
    return name === undefined ? [] : [{ name, text: statement.trim() }];
  });
}

function withoutComments(text: string): string {
  return text
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/^[ \t]*\n/gm, '')
    .replace(/[ \t]+$/gm, '');
}
