/** A command that a document shows. */
export interface DocumentedCommand {
  /** The exact text. */
  readonly text: string;
  /** Exit code from its comment, `# exit code 6`; 0 without one. */
  readonly exitCode: number;
}

/** A fenced block of a Markdown document and its language. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** Returns the fenced blocks of a document. */
export function blocksIn(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** Returns the commands of a document: each line of a `sh` block, and each `bash` block as a whole. */
export function commandsIn(markdown: string): DocumentedCommand[] {
  return blocksIn(markdown).flatMap(({ language, text }) => {
    if (language === 'bash') {
      return [{ text, exitCode: 0 }];
    }
    const lines = language === 'sh' ? text.split('\n') : [];
    return lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => ({
        text: line,
        exitCode: Number(/ # exit code (\d+)$/.exec(line)?.[1] ?? 0),
      }));
  });
}

/** Returns the programs that a command runs, and shell keywords. */
export function toolsOf(text: string): string[] {
  const words = unquoted(text).matchAll(/(?:^|[|&;()])\s*([a-z][\w-]*)(?=\s|$)/gm);
  return [...new Set([...words].map(([, word = '']) => word))];
}

/** Returns the files that a command writes, unless their names have placeholders. */
export function outputsOf(text: string): string[] {
  const names = text.matchAll(/(?:>|-o|--stats)\s+'?([\w.-]+\.\w+)(?=[\s']|$)/gm);
  return [...names].map(([, name = '']) => name);
}

/** Returns the options of usbxfer in a command. */
export function optionsOf(text: string): string[] {
  return unquoted(text)
    .split(/[|;&\n]|\s#\s/)
    .flatMap((part) => /\busbxfer\s.*/.exec(part)?.[0].match(/(?<=\s)--?[a-z][a-z-]*/g) ?? []);
}

/** Removes quoted text, which may contain anything. */
function unquoted(text: string): string {
  return text.replace(/'[^']*'|"[^"\n]*"/g, "''");
}
