import { sendCounters } from './counters-record.js';
import { endRecord } from './end-record.js';
import { locationRecord, transferDeviceRecord } from './endpoint-record.js';
import { flowRecord, processRecord } from './flow-record.js';
import type { WriteReport } from './report.js';

const SCHEMA = 'usbxfer.write/1';

/** The summary for a program: the object that `--json` prints. */
export function writeRecord(report: WriteReport): Record<string, unknown> {
  const { device, location, input, skip, statistics } = report;
  return {
    schema: SCHEMA,
    device: transferDeviceRecord(device),
    ...locationRecord(location),
    input: input ?? null,
    skip,
    ...sendCounters(statistics),
    resume_at: skip + statistics.bytesAccepted,
    ...flowRecord(statistics),
    read_ahead_peak_bytes: statistics.readAheadPeak,
    dry_by_input_seconds: statistics.flow.dryByPeer.milliseconds / 1000,
    ...processRecord(report),
    ...endRecord(report),
  };
}
