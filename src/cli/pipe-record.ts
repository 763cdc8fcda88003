import { receiveCounters, sendCounters } from './counters-record.js';
import { endRecord } from './end-record.js';
import { transferDeviceRecord } from './endpoint-record.js';
import { flowRecord, processRecord } from './flow-record.js';
import { endpointName } from './format.js';
import type { PipeReport } from './report.js';

const SCHEMA = 'usbxfer.pipe/1';

/** The summary for a program: the object that `--json` prints. */
export function pipeRecord(report: PipeReport): Record<string, unknown> {
  const { device, input, output } = report;
  const { in: received, out: sent } = report.statistics;
  return {
    schema: SCHEMA,
    device: transferDeviceRecord(device),
    interface: report.in.interfaceNumber,
    alternate_setting: report.in.alternateSetting,
    in: {
      endpoint: endpointName(report.in.endpoint.address),
      output: output ?? null,
      ...receiveCounters(received),
      ...flowRecord(received),
      backlog_peak_bytes: received.backlogPeak,
      dry_by_output_seconds: received.flow.dryByPeer.milliseconds / 1000,
    },
    out: {
      endpoint: endpointName(report.out.endpoint.address),
      input: input ?? null,
      ...sendCounters(sent),
      ...flowRecord(sent),
      read_ahead_peak_bytes: sent.readAheadPeak,
      dry_by_input_seconds: sent.flow.dryByPeer.milliseconds / 1000,
    },
    ...processRecord(report),
    ...endRecord(report),
  };
}
