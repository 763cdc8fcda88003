import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isCounterPrefix } from '../support/counter-stream.js';
import { hasTmux, Terminal } from './terminal.js';

/** Enough for any step, in milliseconds. */
const PATIENCE = 20_000;

describe.runIf(hasTmux)('Ctrl-C in a pipeline', () => {
  let folder = '';
  let terminal: Terminal;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
    terminal = new Terminal(120, 20, { _: '' }); // these tests may run under nohup
    terminal.type(`cd ${folder}`);
  });
  afterEach(() => {
    terminal.close();
    rmSync(folder, { recursive: true });
  });

  /**
   * Runs a capture in a pipeline that ends with this command, and presses Ctrl-C when the command has
   * written to the file. Returns the summary of the capture.
   */
  async function interrupt(
    command: string,
    file: string,
    scenario = 'rate=20M',
  ): Promise<Record<string, unknown>> {
    const [output, summary] = [join(folder, file), join(folder, `${file}.json`)];
    const isWritten = (path: string) => existsSync(path) && statSync(path).size > 0;
    const read = `read -d 1234:5678 --scenario ${scenario} --transfer-size 4k --bytes 1T`;
    terminal.type(`usbxfer ${read} --json=${summary} | ${command}`);
    await vi.waitUntil(() => isWritten(output), { timeout: PATIENCE });
    terminal.press('C-c');
    await vi.waitUntil(() => isWritten(summary), { timeout: PATIENCE });
    return JSON.parse(readFileSync(summary, 'utf8'));
  }

  it('is the reason for the end, although the reader ends first', async () => {
    for (const file of ['cut1', 'cut2', 'cut3']) {
      expect(await interrupt(`cat > ${file}`, file)).toMatchObject({
        end_reason: 'interrupted',
        signal: 'SIGINT',
        reader_closed: true,
        error: expect.stringMatching(
          /^SIGINT before --bytes was reached; the reader closed the pipe, too; \d+ of \d+ bytes received were written$/,
        ),
        exit_code: 130,
      });
    }
  });

  it('ends the reader, too, also if nothing is written after that', async () => {
    const summary = await interrupt('cat > silent', 'silent', 'silence@100k');
    expect(summary).toMatchObject({
      reader_closed: true,
      bytes_written: 100 * 1024,
      bytes_unwritten: 0,
      exit_code: 130,
    });
  });

  it('does not end a reader that ignores it: every byte arrives', async () => {
    const summary = await interrupt("(trap '' INT; cat > whole)", 'whole');
    expect(summary).toMatchObject({ signal: 'SIGINT', reader_closed: false, exit_code: 130 });
    expect(summary['bytes_written']).toBe(summary['bytes_received']);
    const whole = join(folder, 'whole');
    await vi.waitUntil(() => statSync(whole).size === summary['bytes_written'], PATIENCE);
    expect(isCounterPrefix(readFileSync(whole))).toBe(true);
  });
});
