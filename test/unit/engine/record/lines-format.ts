import type { TransferEvent } from '../../../../src/engine/record/event-ring.js';
import type { RecordFormat, StreamNote } from '../../../../src/engine/record/record-format.js';
import type { WriteBatch } from '../../../../src/engine/record/write-batch.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';

/** A format for tests: a line for each event, with its data in hexadecimal. */
export class LinesFormat implements RecordFormat {
  readonly keepsData = true;

  begin(_time: number, batch: WriteBatch): void {
    batch.put(Buffer.from('begin\n'));
  }

  add(event: TransferEvent, data: Buffer, batch: WriteBatch): void {
    const { isCompletion, endpoint, sequence, requested, status, actualLength } = event;
    const words = isCompletion ? ['C', actualLength, status] : ['S', requested];
    const notes = event.notes.map(({ kind }) => ` ${kind}`).join('');
    const line = `${endpoint.toString(16)} ${sequence} ${words.join(' ')}${notes} `;
    batch.put(Buffer.from(line));
    batch.put(Buffer.from(data.toString('hex')));
    batch.put(Buffer.from('\n'));
  }

  end(notes: readonly StreamNote[], end: Outcome | undefined, batch: WriteBatch): void {
    batch.put(Buffer.from(`end ${end?.reason}${notes.map(({ kind }) => ` ${kind}`).join('')}\n`));
  }
}

/** The completions among these lines. */
export function completionsIn(lines: string) {
  return lines
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , event]) => event === 'C')
    .map(([endpoint = '', sequence, , length, status, ...rest]) => ({
      endpoint: Number.parseInt(endpoint, 16),
      sequence: Number(sequence),
      length: Number(length),
      status,
      data: Buffer.from(rest.at(-1) ?? '', 'hex'),
    }));
}
