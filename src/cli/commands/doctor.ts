import type { Command } from 'commander';
import type { Backend, DeviceInfo } from '../../usb/backend.js';
import { isHub } from '../../usb/device-class.js';
import { byDevice, type Finding } from '../../usb/diagnosis.js';
import { UsbError } from '../../usb/errors.js';
import { bulkInEndpoints } from '../../usb/locate-endpoint.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../backends.js';
import { checklist } from '../checklist.js';
import { endpointFinding, memoryFinding } from '../checks.js';
import { CliError } from '../cli-error.js';
import { addColorOption } from '../color-option.js';
import { countOf } from '../format.js';
import { toJson } from '../sanitize.js';
import {
  addFilterOptions,
  addPlaceOptions,
  type FilterOptions,
  filterDevices,
  filterOf,
} from '../selection.js';
import { print } from '../stdio.js';
import { painter } from '../style.js';
import { showsUnicode } from '../unicode.js';

interface DoctorOptions extends BackendOptions, FilterOptions {
  readonly json?: true;
}

const SCHEMA = 'usbxfer.doctor/1';

/** `usbxfer doctor` */
export function define(command: Command): void {
  addFilterOptions(command);
  addPlaceOptions(command);
  command.optionsGroup('Output:').option('--json', 'print one JSON object');
  addColorOption(command);
  addBackendOptions(command);
  command.action(doctor);
}

/** @throws CliError when there is a problem, or no device to look at; the checklist is out then */
async function doctor(options: DoctorOptions): Promise<void> {
  const backend = await loadBackend(options);
  const listed = await visibleDevices(backend);
  const areNamed = Object.keys(filterOf(options)).length > 0;
  const devices = areNamed
    ? filterDevices(listed ?? [], options)
    : (listed ?? []).filter((device) => !isHub(device));
  const findings = await findingsOf(backend, devices, areNamed);
  if (options.json) {
    print(toJson({ schema: SCHEMA, checks: findings.map(toRecord) }));
  } else {
    const looks = { unicode: showsUnicode(), paint: await painter('stdout') };
    print(checklist(findings, devices, looks));
  }
  const problems = findings.filter(({ status }) => status === 'problem').length;
  const isMissing = devices.length === 0 && listed !== undefined;
  if (isMissing && (areNamed || problems === 0)) {
    throw new CliError('no-such-device', 'no device fits');
  }
  if (problems > 0) {
    throw new CliError('problems-found', `${countOf(problems, 'problem')} found`);
  }
}

/** Undefined where there is no bus, which the backend finds as well. */
async function visibleDevices(backend: Backend): Promise<DeviceInfo[] | undefined> {
  try {
    return await backend.list();
  } catch (error) {
    if (error instanceof UsbError && error.code === 'no-bus') {
      return undefined;
    }
    throw error;
  }
}

/**
 * Of a device that there is nothing to read from it is of no matter what else is wrong with it,
 * unless somebody asks for it.
 */
async function findingsOf(
  backend: Backend,
  devices: readonly DeviceInfo[],
  areNamed: boolean,
): Promise<Finding[]> {
  const examined = devices.filter((device) => areNamed || bulkInEndpoints(device, {}).length > 0);
  const found = byDevice((await backend.diagnose?.(examined)) ?? []);
  return [
    ...(found.get(undefined) ?? []),
    memoryFinding(await backend.transferMemory()),
    ...devices.flatMap((device) => [endpointFinding(device), ...(found.get(device.path) ?? [])]),
  ];
}

function toRecord({ id, device, status, message, fix }: Finding): Record<string, unknown> {
  return { id, device: device ?? null, status, message, fix: fix ?? null };
}
