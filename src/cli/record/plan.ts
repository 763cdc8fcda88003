import { extname } from 'node:path';
import type { OverwriteOption } from '../errors/advice.js';
import { CliError } from '../errors/cli-error.js';
import { isSplit, type OutputPlan, planOutput, statOf } from '../session/output-name.js';
import { planSide, type SidePlan } from '../session/side-output.js';
import { STDOUT_NAMES } from '../session/startup-fds.js';
import { sanitize } from '../terminal/sanitize.js';
import { STDOUT } from '../terminal/stdio.js';
import type { SigmfType } from './sigmf-type.js';

/** The options of what is written about the transfers, as parsed. */
export interface RawRecordOptions {
  readonly record?: string | undefined;
  readonly index?: string | undefined;
  readonly sigmf?: SigmfType | undefined;
  /** The output of the data; undefined if there is none. */
  readonly output?: string | undefined;
  readonly force?: true | undefined;
  readonly append?: true | undefined;
  readonly splitBytes?: number | undefined;
  readonly splitEvery?: number | undefined;
}

/** A file of records that is not open yet. */
export interface RecordFile {
  readonly side: SidePlan;
  /** For a file by name. */
  readonly output: OutputPlan | undefined;
}

/** The metadata of a file with data. */
export interface SigmfPlan {
  readonly type: SigmfType;
  /** The names of both files. */
  readonly data: string;
  readonly metadata: OutputPlan;
}

/** What to write about the transfers of a stream, next to its data. */
export interface RecordPlan {
  readonly record: RecordFile | undefined;
  readonly index: RecordFile | undefined;
  readonly sigmf: SigmfPlan | undefined;
}

/**
 * Plans the records of a stream. Opens nothing. Returns undefined if there are none.
 *
 * @param offered the options for existing files that the command has
 * @throws CliError for options that are invalid or cannot be combined
 */
export function planRecords(
  raw: RawRecordOptions,
  offered: readonly OverwriteOption[] = ['append', 'overwrite'],
): RecordPlan | undefined {
  if (raw.record === undefined && raw.index === undefined && raw.sigmf === undefined) {
    return undefined;
  }
  const { splitBytes, splitEvery } = raw;
  const isData = raw.output !== undefined && STDOUT_NAMES.has(raw.output);
  const plan = (
    option: '--record' | '--index',
    value: string | undefined,
    split: Pick<RawRecordOptions, 'splitBytes' | 'splitEvery'>,
  ): RecordFile | undefined => {
    if (value === undefined) {
      return undefined;
    }
    const { force, append } = raw;
    const side = planSide(option, value, { force, append });
    if (typeof side.target === 'string') {
      const file = {
        output: value,
        optionName: option,
        force,
        append,
        ...split,
        follows: true,
      } as const;
      return { side, output: planOutput(file, offered) };
    }
    if (isSplit(split)) {
      throw new CliError('conflicting-options', `${option} ${value} cannot be split`, {
        advice: `give ${option} a file name with {index}`,
      });
    }
    if (side.target === STDOUT && isData) {
      throw new CliError('conflicting-options', `${option} ${value}: stdout is used for the data`, {
        advice: `give -o FILE; -o /dev/null discards the data`,
      });
    }
    return { side, output: undefined };
  };
  const record = plan('--record', raw.record, { splitBytes, splitEvery });
  const index = plan('--index', raw.index, {});
  if (record !== undefined && record.side.target === index?.side.target) {
    const message = '--record and --index cannot write to the same file';
    throw new CliError('conflicting-options', message, { advice: 'name another file' });
  }
  return {
    ...{ record, index },
    sigmf: raw.sigmf && planMetadata(raw.sigmf, raw),
  };
}

/**
 * Plans the metadata of the data: a file with the same name, and the extension `.sigmf-meta`.
 *
 * @throws CliError if the data does not go to a regular file
 */
function planMetadata(type: SigmfType, { output = '-', force }: RawRecordOptions): SigmfPlan {
  if (/[{}]/.test(output)) {
    throw new CliError('conflicting-options', '--sigmf needs a file name without {} in -o');
  }
  const existing = statOf(output);
  if (STDOUT_NAMES.has(output) || (existing !== undefined && !existing.isFile())) {
    throw new CliError('conflicting-options', '--sigmf needs -o FILE: a regular file', {
      advice: 'for example -o capture.sigmf-data',
    });
  }
  const name = `${output.slice(0, output.length - extname(output).length)}.sigmf-meta`;
  const metadata = planOutput({ output: name, optionName: '--sigmf', force }, ['overwrite']);
  return { type, data: output, metadata };
}

/** Returns how a record is named in messages: `--record usb.pcapng`. */
export function recordName({ side: { option, target } }: RecordFile): string {
  return `${option} ${typeof target === 'number' ? `fd:${target}` : sanitize(target)}`;
}
