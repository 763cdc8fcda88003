import { type Command, Option } from 'commander';
import type { DeviceFilter } from '../../usb/model.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../options/backend.js';
import { addFilterOptions, addPlaceOptions, withOperand } from '../options/device.js';
import { addGroups, type Group, progressOption } from '../options/stream.js';
import { type ChoiceOptions, chooseDevice } from '../session/select-device.js';
import { ShutdownController, unlessInterrupted } from '../session/shutdown.js';
import { addColorOption } from '../terminal/style.js';
import type { Subject } from './measure.js';

/** The options that select what is measured. */
export interface SubjectOptions extends BackendOptions, ChoiceOptions {
  readonly ep?: number;
  readonly configuration?: number;
  readonly interface?: number;
  readonly alt?: number;
  readonly detach?: true;
}

/**
 * Adds the options of a command that measures a device.
 *
 * @param groups those of this command
 */
export function addSubjectOptions(command: Command, groups: readonly Group[]): void {
  const output: Group = [
    'Output:',
    progressOption(),
    new Option('-q, --quiet', 'print no progress'),
    new Option('--json', 'print one JSON object'),
  ];
  addPlaceOptions(addFilterOptions(command));
  addGroups(command, [...groups, output]);
  addColorOption(command);
  addBackendOptions(command);
}

/** Finds the device and measures it. Handles signals throughout. */
export async function withSubject(
  given: SubjectOptions,
  operand: readonly DeviceFilter[] | undefined,
  measure: (subject: Subject) => Promise<void>,
): Promise<void> {
  const options = withOperand(given, operand);
  const shutdown = new ShutdownController();
  try {
    const backend = await unlessInterrupted(shutdown, 'starting', (signal) =>
      loadBackend(options, signal),
    );
    const notices = { waiting: () => {}, waitingForNew: () => {} };
    const device = await chooseDevice(backend, options, shutdown, notices);
    const claim = { detachDriver: options.detach, sendSetting: options.alt !== undefined };
    await measure({ backend, device, claim, shutdown });
  } finally {
    shutdown.dispose();
  }
}
