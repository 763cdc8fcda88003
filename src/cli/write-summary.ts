import type { SendStatistics } from '../transfer/send-statistics.js';
import { countOf } from './format.js';
import type { WriteReport } from './report.js';
import { sanitize } from './sanitize.js';
import type { Paint } from './style.js';
import {
  bytesRow,
  delayRows,
  endpointText,
  endRow,
  inSeconds,
  paceRows,
  transferRows,
} from './summary-rows.js';
import { table } from './table.js';

/** The summary for a person: a block of what was counted, and more where bytes are left. */
export function writeSummary(report: WriteReport, paint: Paint): string {
  const { location, statistics, input, skip, suspensions } = report;
  const rows = [
    ['from', input === undefined ? 'stdin' : sanitize(input)],
    ...(skip > 0 ? [['', `behind its first ${skip} bytes`]] : []),
    ['to', endpointText(report, location)],
    ...sendRows(statistics, paint),
    ...waits(statistics),
    ...delayRows(statistics, report),
    ...(suspensions.count > 0
      ? [['stopped', `${inSeconds(suspensions)}: the device had to wait`]]
      : []),
    endRow(report, 'the device took nothing'),
  ];
  return table(rows).join('\n');
}

/** What was sent, and how. */
export function sendRows(statistics: SendStatistics, paint: Paint): string[][] {
  const { zeroLengthPackets } = statistics;
  return [
    bytesRow(statistics),
    ...aside(statistics, paint),
    ...paceRows(statistics),
    ...transferRows(statistics, paint),
    ...(zeroLengthPackets > 0 ? [['', countOf(zeroLengthPackets, 'zero-length packet')]] : []),
  ];
}

/** Bytes that were read and that the device did not take, or not in their place. */
function aside({ bytesUnsent, bytesBeyond }: SendStatistics, paint: Paint): string[][] {
  const told = [
    ...(bytesUnsent > bytesBeyond ? [`${bytesUnsent - bytesBeyond} not sent`] : []),
    ...(bytesBeyond > 0 ? [paint('red', `${bytesBeyond} taken behind a hole`)] : []),
  ];
  return told.length > 0 ? [['', `and read besides: ${told.join(', ')}`]] : [];
}

/** When the input was the reason that the device had to wait, or may have had, and what helps. */
function waits({ flow }: SendStatistics): string[][] {
  const { dryByPeer, heldUp } = flow;
  const rows: string[][] = [];
  if (heldUp.count > 0) {
    rows.push(['held up', `${inSeconds(heldUp)}: waited for the input`]);
  }
  if (dryByPeer.count > 0) {
    rows.push(
      ['dry', `${inSeconds(dryByPeer)}: the device had to wait, as the input was too slow;`],
      ['', 'a faster program or disk helps, for pauses of it a larger --buffer'],
    );
  }
  return rows;
}
