import { receiveCounters } from './counters-record.js';
import { endRecord } from './end-record.js';
import { locationRecord, transferDeviceRecord } from './endpoint-record.js';
import { flowRecord, processRecord } from './flow-record.js';
import type { ReadReport } from './report.js';

const SCHEMA = 'usbxfer.read/1';

/** The summary for a program: the object that `--json` prints. */
export function readRecord(report: ReadReport): Record<string, unknown> {
  const { device, location, output, statistics } = report;
  return {
    schema: SCHEMA,
    device: transferDeviceRecord(device),
    ...locationRecord(location),
    output: output ?? null,
    ...receiveCounters(statistics),
    ...flowRecord(statistics),
    backlog_peak_bytes: statistics.backlogPeak,
    dry_by_output_seconds: statistics.flow.dryByPeer.milliseconds / 1000,
    gaps: statistics.gaps,
    ...processRecord(report),
    ...endRecord(report),
  };
}
