/** A command that a document shows. */
export interface DocumentedCommand {
  /** Word for word. */
  readonly text: string;
  /** What its comment says, `# exit code 6`; otherwise 0. */
  readonly exitCode: number;
}

/** A fenced block of a Markdown document, and the language that it says it is in. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a document. */
export function blocksIn(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** What a reader is to type: each line of a `sh` block, and each `bash` block as a whole. */
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

/** The programs that a command runs, and words of the shell. */
export function toolsOf(text: string): string[] {
  const words = unquoted(text).matchAll(/(?:^|[|&;()])\s*([a-z][\w-]*)(?=\s|$)/gm);
  return [...new Set([...words].map(([, word = '']) => word))];
}

/** The files that a command is to leave behind, as far as they are named, and not by a template. */
export function outputsOf(text: string): string[] {
  const names = text.matchAll(/(?:>|-o|--stats)\s+'?([\w.-]+\.\w+)(?=[\s']|$)/gm);
  return [...names].map(([, name = '']) => name);
}

/** The options of usbxfer that a command gives. */
export function optionsOf(text: string): string[] {
  return unquoted(text)
    .split(/[|;&\n]|\s#\s/)
    .flatMap((part) => /\busbxfer\s.*/.exec(part)?.[0].match(/(?<=\s)--?[a-z][a-z-]*/g) ?? []);
}

/** Without what stands in quotes, which may hold anything. */
function unquoted(text: string): string {
  return text.replace(/'[^']*'|"[^"\n]*"/g, "''");
}
