import { readFile } from 'node:fs/promises';
import { ReplayBackend, type ReplayOptions } from '../../backends/replay/backend.js';
import { type DeviceFile, parseDeviceFile } from '../../backends/replay/device-file.js';
import type { Mismatch } from '../../backends/replay/play-out.js';
import { type Recording, readRecording } from '../../backends/replay/recording.js';
import { CaptureError } from '../../pcapng/capture-error.js';
import { toError } from '../../usb/errors.js';
import { formatEndpoint, hex2 } from '../../usb/format.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import type { BackendOptions } from '../options/backend.js';
import { sanitize } from '../terminal/sanitize.js';
import { logToStderr } from '../terminal/stdio.js';
import { openCapture } from './capture-file.js';

/**
 * Creates the bus of `--backend replay`.
 *
 * @param signal ends the reading of the capture file
 * @throws CliError without `--capture`, and for a file that cannot be read, is damaged or no capture
 */
export async function loadReplay(
  options: BackendOptions,
  signal?: AbortSignal,
): Promise<ReplayBackend> {
  const { capture, deviceFile, replay, replaySpeed, replayCheck, quiet } = options;
  if (capture === undefined) {
    throw new CliError('conflicting-options', '--backend replay needs --capture', {
      advice: 'give the name of a pcapng or pcap file: --capture FILE',
    });
  }
  const recording = await loadRecording(capture, signal);
  if (recording.damage !== undefined) {
    throw damaged(capture, recording.damage, 'usbxfer extract gets the data before the damage');
  }
  const backend = new ReplayBackend(recording, {
    ...(replay && { mode: replay }),
    ...(replaySpeed !== undefined && { speed: replaySpeed }),
    ...(replayCheck && { onMismatch: reportMismatch }),
    deviceFiles: deviceFile === undefined ? [] : await readDeviceFile(deviceFile),
  } satisfies ReplayOptions);
  if (backend.madeUp.length > 0 && !quiet) {
    logToStderr(
      `usbxfer: ${backend.madeUp.join(', ')}: the capture has no descriptors; ` +
        'the device has the endpoints that were used (--device-file gives descriptors)',
    );
  }
  return backend;
}

/**
 * Reads through a capture file.
 *
 * @throws CliError if it cannot be read or is no capture. A damaged one is readable up to the damage.
 */
export async function loadRecording(name: string, signal?: AbortSignal): Promise<Recording> {
  try {
    return await readRecording(await openCapture(name, signal), signal);
  } catch (error) {
    if (error instanceof CaptureError) {
      throw damaged(name, error);
    }
    const cause = toError(error);
    throw new CliError('input-failed', `cannot read ${shown(name)}: ${systemReason(cause)}`, {
      cause,
    });
  }
}

/** The failure to read all of a capture file. */
export function damaged(name: string, cause: CaptureError, advice?: string): CliError {
  return new CliError('input-failed', `${shown(name)}: ${cause.message}`, { cause, advice });
}

async function readDeviceFile(name: string): Promise<DeviceFile[]> {
  try {
    const files = parseDeviceFile(await readFile(name, 'latin1'));
    if (files.length > 0) {
      return files;
    }
  } catch (cause) {
    throw new CliError('input-failed', `cannot read ${shown(name)}: ${systemReason(cause)}`, {
      cause,
    });
  }
  throw new CliError('invalid-value', `${shown(name)} has no USB device`, {
    advice: 'umockdev-record /dev/bus/usb/BUS/DEVICE writes such a file',
  });
}

function reportMismatch({ endpoint, offset, sent, recorded }: Mismatch): void {
  const place = `endpoint ${formatEndpoint(endpoint)}: byte ${offset}`;
  const is = `${place} is ${byteText(sent)}`;
  logToStderr(
    recorded === undefined
      ? `usbxfer: ${place} was not recorded: the recording ends before it`
      : `usbxfer: ${is}, but ${byteText(recorded)} was recorded`,
  );
}

function byteText(byte: number): string {
  return `0x${hex2(byte)}`;
}

function shown(name: string): string {
  return name === '-' ? 'stdin' : sanitize(name);
}
