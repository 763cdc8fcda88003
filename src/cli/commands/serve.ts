import type { Command } from 'commander';
import { Option } from 'commander';
import { type ServerEvent, UsbipServer } from '../../backends/usbip/server/server.js';
import type { DeviceFilter, DeviceInfo } from '../../usb/model.js';
import { formatServerAddress, type ServerAddress, USBIP_PORT } from '../../usb/server-address.js';
import { nameOf } from '../devices/details.js';
import { identityRecord } from '../devices/record.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../options/backend.js';
import {
  addDeviceOperands,
  addFilterOptions,
  addPlaceOptions,
  type FilterOptions,
  filterDevices,
  withOperand,
} from '../options/device.js';
import { listenAddress } from '../options/parsers.js';
import { ShutdownController, unlessInterrupted } from '../session/shutdown.js';
import { binarySize, countOf } from '../terminal/format.js';
import { LineOutput } from '../terminal/line-output.js';
import { escapeUnsafe, toJsonLine } from '../terminal/sanitize.js';
import { logToStderr, requireStdout } from '../terminal/stdio.js';

interface ServeOptions extends BackendOptions, FilterOptions {
  readonly listen: ServerAddress;
  readonly detach?: true;
  readonly json?: true;
}

/** The server listens here by default: the protocol has no authentication. */
const LOOPBACK: ServerAddress = { host: '127.0.0.1', port: USBIP_PORT };

/** `usbxfer serve` */
export function define(command: Command): void {
  const format = { repeatable: true };
  addDeviceOperands(command);
  addPlaceOptions(addFilterOptions(command, format), format);
  command
    .optionsGroup('Server:')
    .addOption(
      new Option('--listen <address[:port]>', 'where to accept connections')
        .argParser(listenAddress)
        .default(LOOPBACK, formatServerAddress(LOOPBACK)),
    )
    .option('--detach', 'detach kernel drivers while a client uses their interfaces')
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object per line');
  addBackendOptions(command);
  command.action(serve);
}

/** @throws CliError if no device matches, if it cannot listen, or stdout is closed or fails */
async function serve(operand: readonly DeviceFilter[], given: ServeOptions): Promise<void> {
  const options = withOperand(given, operand);
  requireStdout();
  const shutdown = new ShutdownController({ json: options.json ?? false });
  const output = new LineOutput();
  try {
    const backend = await unlessInterrupted(shutdown, 'starting', (signal) =>
      loadBackend(options, signal),
    );
    const isExported = (device: DeviceInfo) => filterDevices([device], options).length > 0;
    const log = (event: ServerEvent) => {
      const now = new Date();
      output.log(options.json ? toJsonLine(eventRecord(event, now)) : eventLine(event, now));
    };
    const { host, port } = options.listen;
    const server = await UsbipServer.listen(
      { backend, isExported, detachDriver: options.detach, onEvent: log },
      host,
      port,
    ).catch((cause) => {
      throw listenError(options.listen, cause);
    });
    try {
      await announce(server, options);
      await aborted(shutdown.signal);
    } finally {
      await server.close('the server was stopped');
    }
    await output.close();
  } finally {
    shutdown.dispose();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Prints what is exported, and what to know about the network. */
async function announce(server: UsbipServer, { listen, json }: ServeOptions): Promise<void> {
  const devices = await server.list();
  const address = { host: listen.host, port: server.port };
  if (json) {
    return;
  }
  const exported = devices.map((device) => escapeUnsafe(nameOf(device)));
  logToStderr(
    `usbxfer: serving ${countOf(devices.length, 'device')} at ${formatServerAddress(address)}` +
      `${exported.length === 0 ? '' : `: ${exported.join(', ')}`}; Ctrl-C ends the command`,
  );
  if (!isLoopback(listen.host)) {
    logToStderr(
      'usbxfer: USB/IP has neither authentication nor encryption: anyone who can connect to this port can ' +
        `use the devices; omit --listen, and run ssh -L ${server.port}:127.0.0.1:${server.port} HOST on the ` +
        'client',
    );
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Why the system refuses to listen, and what to do about it, by its error code. */
const LISTEN_ERRORS: Readonly<Record<string, readonly [why: string, advice: string]>> = {
  EADDRINUSE: [
    'another program uses the port',
    'end that program, or choose another port: --listen :3241',
  ],
  EADDRNOTAVAIL: ['this machine does not have the address', 'give an address of this machine'],
  EAI_AGAIN: ['the host name cannot be resolved now', 'give an address of this machine'],
  ENOTFOUND: ['the host name is not known', 'give an address of this machine'],
  EACCES: ['this user may not use the port', 'choose a port above 1023'],
};

function listenError(address: ServerAddress, cause: NodeJS.ErrnoException): CliError {
  const where = formatServerAddress(address);
  const [why, advice] = LISTEN_ERRORS[cause.code ?? ''] ?? [systemReason(cause)];
  return new CliError('cannot-listen', `cannot listen at ${where}: ${why}`, { cause, advice });
}

const SCHEMA = 'usbxfer.serve/1';

/** An event as a line of text. */
function eventLine(event: ServerEvent, time: Date): string {
  return `${time.toISOString()}  ${event.kind.padEnd('imported'.length)}  ${escapeUnsafe(textOf(event))}`;
}

function textOf(event: ServerEvent): string {
  const { client } = event;
  switch (event.kind) {
    case 'imported':
      return `${nameOf(event.device)} by ${client}`;
    case 'released': {
      const { device, reason, bytesIn, bytesOut } = event;
      const why = reason === undefined ? '' : `: ${reason}`;
      return `${nameOf(device)} by ${client}, ${binarySize(bytesIn)} in, ${binarySize(bytesOut)} out${why}`;
    }
    case 'refused':
      return `${event.path} to ${client}: ${event.message}`;
    case 'rejected':
      return `${client}: ${event.message}`;
  }
}

/** An event in the format of schema/serve.schema.json. */
function eventRecord(event: ServerEvent, time: Date): Record<string, unknown> {
  const { kind, client } = event;
  return {
    schema: SCHEMA,
    event: kind,
    time: time.toISOString(),
    client,
    device: 'device' in event ? identityRecord(event.device) : null,
    path: 'device' in event ? event.device.path : 'path' in event ? event.path : null,
    bytes_in: kind === 'released' ? event.bytesIn : null,
    bytes_out: kind === 'released' ? event.bytesOut : null,
    message: messageOf(event) ?? null,
  };
}

function messageOf(event: ServerEvent): string | undefined {
  switch (event.kind) {
    case 'imported':
      return undefined;
    case 'released':
      return event.reason;
    default:
      return event.message;
  }
}
