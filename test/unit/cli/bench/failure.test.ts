import { expect, it } from 'vitest';
import { inRun } from '../../../../src/cli/bench/failure.js';
import { CliError } from '../../../../src/cli/errors/cli-error.js';
import { UsbError } from '../../../../src/usb/errors.js';

const LOST = new UsbError('no-device', 'the device is gone');

it('the failure of a run has its number, and keeps code and advice', () => {
  const error = new CliError('stall', 'it stalled', { advice: 'clear it' });
  expect(inRun(error, 'run 2 of 5', true)).toMatchObject({
    ...{ code: 'stall', message: 'run 2 of 5: it stalled', advice: 'clear it' },
  });
});

it('a device that cannot be opened again has the number of the run', () => {
  expect(inRun(LOST, 'run 2 of 5', false)).toMatchObject({
    ...{ code: 'no-such-device', message: 'run 2 of 5: the device is gone', cause: LOST },
  });
});

it('a signal has the number of the run', () => {
  const error = new CliError('interrupted', 'SIGINT while measuring', { signal: 'SIGINT' });
  expect(inRun(error, 'run 2 of 5', false)).toMatchObject({
    ...{ code: 'interrupted', message: 'SIGINT in run 2 of 5', signal: 'SIGINT' },
  });
});

it.each([
  ['a device that cannot be opened at all', LOST],
  ['a bug', new RangeError('depth')],
])('%s has no number', (_, error) => {
  expect(inRun(error, 'run 1 of 5', true)).toBe(error);
});
