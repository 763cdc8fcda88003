import { expect, it } from 'vitest';
import type { ErrorCode } from '../../../../src/cli/errors/codes.js';
import { usbxfer } from '../../../support/run-command.js';

it.each<[ErrorCode, number, string]>([
  ['usage', 2, 'read 1234:5678 1234:5679'],
  ['unknown-command', 2, 'raed'],
  ['unknown-option', 2, 'read --vdi 1234'],
  ['missing-argument', 2, 'read --ep'],
  ['missing-argument', 2, 'control 1234:5678'],
  ['invalid-value', 2, 'read --bytes lots'],
  ['invalid-value', 2, 'list --backend pigeon'],
  ['invalid-value', 2, 'list --scenario rate=fast'],
  ['invalid-value', 2, 'read --transfers 1024 --transfer-size 256M'],
  ['conflicting-options', 2, 'read -d 1234 --vid 1234'],
  ['conflicting-options', 2, 'read --pid 5678 --append'],
  ['conflicting-options', 2, 'read --pid 5678 --fsync'],
  ['conflicting-options', 2, 'list --backend libusb --scenario seed=1'],
  ['no-such-device', 3, 'read --vid dead'],
  ['ambiguous-device', 3, 'read --vid 1234'],
  ['no-such-endpoint', 3, 'read --pid 5678 --ep 0x85'],
  ['no-memory', 4, 'read --pid 5678 --scenario memory=1M --transfer-size 1M'],
  ['input-failed', 7, 'list --scenario @nowhere'],
])('%s exits %i with one line, or one JSON object with the same text: %s', async (code, exitCode, command) => {
  const [name = '', ...args] = command.split(' ');
  const text = await usbxfer([name, ...args]);
  const json = await usbxfer([name, '--json', ...args]);
  expect([text.stdout, json.stdout]).toEqual(['', '']);
  expect([text.code, json.code]).toEqual([exitCode, exitCode]);
  expect(text.stderr).toMatch(/^usbxfer: [^\p{Cc}]+\n$/u);
  const { schema, message, advice, ...rest } = JSON.parse(json.stderr);
  expect(schema).toBe('usbxfer.error/1');
  expect(rest).toMatchObject({ code, exit_code: exitCode });
  expect(rest).not.toHaveProperty('debug');
  const line = advice === undefined ? message : `${message}; ${advice}`;
  expect(text.stderr).toBe(`usbxfer: ${line}\n`);
});
