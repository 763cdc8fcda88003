import type { BusEvent } from '../usb/bus-events.js';
import { deviceName, UNKNOWN } from './device-name.js';
import { ids, signallingRate } from './format.js';
import { identityRecord } from './identity-record.js';
import { LONGEST_NAME, sanitize } from './sanitize.js';

const SCHEMA = 'usbxfer.watch/1';

/** What is rarely exceeded, so that the columns of lines that know nothing of each other meet. */
const PATH_WIDTH = 7;
const RATE_WIDTH = 4;
const NAME_WIDTH = 24;

/** An event as a line for a person: `2026-11-21T10:24:15.123Z  attach   3-1.2    1234:5678  480M  …` */
export function eventLine({ kind, device }: BusEvent, time: Date): string {
  const { path, speed, serial } = device;
  return [
    time.toISOString(),
    kind.padEnd('present'.length),
    path.padEnd(PATH_WIDTH),
    ids(device),
    (speed === undefined ? '' : signallingRate(speed)).padEnd(RATE_WIDTH),
    sanitize(deviceName(device, UNKNOWN), LONGEST_NAME).padEnd(NAME_WIDTH),
    sanitize(serial ?? ''),
  ]
    .join('  ')
    .trimEnd();
}

/** The same for programs (schema/watch.schema.json). */
export function eventRecord({ kind, device }: BusEvent, time: Date): Record<string, unknown> {
  return {
    schema: SCHEMA,
    event: kind,
    time: time.toISOString(),
    device: identityRecord(device),
  };
}
