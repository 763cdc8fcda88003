import type { Command } from 'commander';
import { ReplayBackend } from '../../backends/replay/backend.js';
import type {
  RecordedDevice,
  RecordedEndpoint,
  Recording,
} from '../../backends/replay/recording.js';
import { capture } from '../../engine/session/capture.js';
import { DEFAULT_TRANSFER_SIZE, DEFAULT_TRANSFERS } from '../../engine/session/defaults.js';
import { formatEndpoint, hex4, ids } from '../../usb/format.js';
import type { EndpointLocation } from '../../usb/locate.js';
import { type DeviceInfo, directionOf } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import { filterDevices, selectDevice } from '../options/device.js';
import { planRead, type RawStreamOptions } from '../options/plan.js';
import { addStreamOptions } from '../options/stream.js';
import { damaged, loadRecording } from '../replay/load-replay.js';
import { runSession } from '../session/session.js';
import { restoreSignals } from '../signals.js';
import { countOf } from '../terminal/format.js';
import { toJson } from '../terminal/sanitize.js';
import { logToStderr, print } from '../terminal/stdio.js';
import { table } from '../terminal/table.js';

interface ExtractOptions extends RawStreamOptions {
  readonly list?: true;
}

const LIST_SCHEMA = 'usbxfer.extract.list/1';

/** `usbxfer extract` */
export function define(command: Command): void {
  command.argument('<file>', 'pcapng or pcap file; - is stdin');
  addStreamOptions(command, 'extract');
  command.action(async (file: string) => {
    const options = command.optsWithGlobals<ExtractOptions>();
    process.exitCode = options.list ? await list(file, options) : await extract(file, options);
  });
}

/** An endpoint of a recorded device. */
interface Recorded {
  readonly info: DeviceInfo;
  readonly device: RecordedDevice;
  readonly endpoint: RecordedEndpoint;
}

/** Writes the data of one endpoint. Returns the exit code. */
function extract(file: string, options: ExtractOptions): Promise<number> {
  const plan = planRead({
    ...options,
    ...{ transfers: DEFAULT_TRANSFERS, transferSize: DEFAULT_TRANSFER_SIZE },
    ...{ backend: 'replay', keepGoing: Infinity, reconnect: Infinity },
  });
  const load = async (signal: AbortSignal) => {
    const recording = await loadRecording(file, signal);
    const only = choose(await endpointsIn(recording), options);
    reportMissing(only, options);
    return new ReplayBackend(recording, { only });
  };
  return runSession(
    plan,
    async (session) => {
      const location = locationIn(session.device);
      const receive = session.receiveOptions(plan.in, location);
      const { sink, observer, files } = await session.openOutput(plan.in);
      const { statistics, ...result } = await capture({
        ...session.request,
        ...{ location, sink, observer, receive },
        recovery: { ...plan.in.recovery, ...session.notices.recovery },
        onStart: (statistics) => session.start({ in: statistics }, receive),
      });
      return { ...result, in: { location, statistics, output: files(), limits: receive } };
    },
    load,
  );
}

/** Returns the place of the only endpoint of a device. */
function locationIn({ configurations }: DeviceInfo): EndpointLocation {
  const [setting] = configurations[0]?.settings ?? [];
  const [endpoint] = setting?.endpoints ?? [];
  if (setting === undefined || endpoint === undefined) {
    throw new CliError('internal', 'the recorded device has no endpoint');
  }
  const { interfaceNumber, alternateSetting } = setting;
  return { interfaceNumber, alternateSetting, endpoint };
}

/** Returns the endpoints in a recording, by device. */
async function endpointsIn(recording: Recording): Promise<Recorded[]> {
  const devices = await new ReplayBackend(recording).list();
  return recording.devices.flatMap((device) => {
    const info = devices.find(({ path }) => path === device.path);
    return info === undefined
      ? []
      : [...device.endpoints.values()].map((endpoint) => ({ info, device, endpoint }));
  });
}

/**
 * Returns the endpoint that the options select.
 *
 * @throws CliError if there is none, or more than one: then it lists the candidates
 */
function choose(recorded: readonly Recorded[], options: ExtractOptions): Recorded {
  const { ep } = options;
  const usable = recorded.filter(({ endpoint: { type, address } }) =>
    ep === undefined ? type === 'bulk' || type === 'interrupt' : address === ep,
  );
  const devices = [...new Set(usable.map(({ info }) => info))];
  if (devices.length === 0) {
    const what =
      ep === undefined ? 'no bulk or interrupt endpoint' : `no endpoint ${formatEndpoint(ep)}`;
    throw new CliError('no-such-endpoint', `the capture has ${what}`, {
      advice: 'usbxfer extract --list shows the endpoints in it',
    });
  }
  if (filterDevices(devices, options).length === 0) {
    throw new CliError('no-such-device', 'there is no such device in the capture', {
      advice: 'usbxfer extract --list shows the devices in it',
    });
  }
  const device = selectDevice(devices, options);
  const ofDevice = usable.filter(({ info }) => info === device);
  const candidates = [
    ofDevice,
    ofDevice.filter(({ endpoint: { address } }) => directionOf(address) === 'in'),
    ofDevice.filter(
      ({ endpoint: { address, type } }) => directionOf(address) === 'in' && type === 'bulk',
    ),
  ].find(({ length }) => length === 1);
  const [only] = candidates ?? [];
  if (only === undefined) {
    const names = ofDevice.map(({ endpoint }) => formatEndpoint(endpoint.address)).join(', ');
    throw new CliError('ambiguous-endpoint', `${device.path} has several endpoints: ${names}`, {
      advice: 'select one with --ep',
    });
  }
  if (only.endpoint.type === 'isochronous') {
    throw new CliError(
      'no-such-endpoint',
      `endpoint ${formatEndpoint(only.endpoint.address)} is isochronous`,
      { advice: 'only bulk and interrupt endpoints can be extracted' },
    );
  }
  return only;
}

/** Prints a notice if some data is not in the capture. */
function reportMissing({ endpoint: { missingBytes } }: Recorded, { quiet, json }: ExtractOptions) {
  if (missingBytes > 0 && !quiet && json === undefined) {
    logToStderr(
      `usbxfer: ${countOf(missingBytes, 'byte')} are not in the capture: it was cut; ` +
        'each place is a gap',
    );
  }
}

/** Prints the endpoints in a capture. Returns the exit code. */
async function list(file: string, options: ExtractOptions): Promise<number> {
  restoreSignals(); // there is nothing to end
  const recording = await loadRecording(file);
  const all = await endpointsIn(recording);
  const devices = new Set(filterDevices([...new Set(all.map(({ info }) => info))], options));
  const { ep } = options;
  const shown = all.filter(
    ({ info, endpoint: { address } }) => devices.has(info) && (ep === undefined || address === ep),
  );
  if (shown.length > 0) {
    print(options.json ? toJson(listRecord(shown)) : listLines(shown).join('\n'));
  }
  if (recording.damage !== undefined) {
    throw damaged(file, recording.damage);
  }
  if (shown.length === 0) {
    throw new CliError('no-such-endpoint', 'the capture has no such device or endpoint');
  }
  return 0;
}

function listLines(recorded: readonly Recorded[]): string[] {
  const rows = recorded.map(({ info, endpoint }) => [
    ...[info.path, ids(info), formatEndpoint(endpoint.address), endpoint.type],
    ...[endpoint.transfers, endpoint.bytes, endpoint.failures, endpoint.missingBytes].map(String),
  ]);
  const head = ['PATH', 'ID', 'ENDPOINT', 'TYPE', 'TRANSFERS', 'BYTES', 'FAILED', 'MISSING'];
  return table([head, ...rows]);
}

function listRecord(recorded: readonly Recorded[]): Record<string, unknown> {
  const devices = [...new Set(recorded.map(({ device }) => device))];
  return {
    schema: LIST_SCHEMA,
    devices: devices.map((device) => {
      const own = recorded.filter((one) => one.device === device);
      const [first] = own;
      return {
        path: device.path,
        bus: device.bus,
        addresses: device.addresses,
        vid: hex4(first?.info.vid ?? 0),
        pid: hex4(first?.info.pid ?? 0),
        endpoints: own.map(({ endpoint }) => ({
          endpoint: formatEndpoint(endpoint.address),
          type: endpoint.type,
          transfers: endpoint.transfers,
          bytes: endpoint.bytes,
          failed_transfers: endpoint.failures,
          missing_bytes: endpoint.missingBytes,
        })),
      };
    }),
  };
}
