import { receiveRows, target } from './read-summary.js';
import type { PipeReport } from './report.js';
import { sanitize } from './sanitize.js';
import type { Paint } from './style.js';
import { endpointText, endRow, inSeconds } from './summary-rows.js';
import { table } from './table.js';
import { sendRows } from './write-summary.js';

/** The summary for a person: a block for each direction. */
export function pipeSummary(report: PipeReport, paint: Paint): string {
  const { input, output, statistics, suspensions } = report;
  const rows = [
    ['from', input === undefined ? 'stdin' : sanitize(input)],
    ['to', endpointText(report, report.out)],
    // That the input is slow is no news here: a conversation has pauses.
    ...sendRows(statistics.out, paint),
    ['from', endpointText(report, report.in)],
    ['to', target(output)],
    ...receiveRows(report, statistics.in, paint),
    ...(suspensions.count > 0
      ? [['stopped', `${inSeconds(suspensions)}: the device may have lost data meanwhile`]]
      : []),
    endRow(report, 'the device fell silent'),
  ];
  return table(rows).join('\n');
}
