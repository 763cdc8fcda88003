import fc from 'fast-check';
import { expect, it } from 'vitest';
import { completionLines } from '../../src/cli/completion/complete.js';
import { VALUE_COMPLETIONS } from '../../src/cli/completion/values.js';
import { violations } from '../process/schema.js';
import { runCommand } from '../support/run-command.js';
import { runsOf, TIMEOUT } from './cases.js';
import { hostileString } from './hostile-strings.js';
import { HostileSystem, hostileDevices, PATHS } from './hostile-system.js';
import { expectSafe, expectSafeText } from './safe.js';

const system = new HostileSystem();
const schemas = { doctor: violations('doctor'), watch: violations('watch') };

it(
  'checks hostile devices',
  async () => {
    const devices = fc.constantFrom([], ...PATHS.map((path) => [`--path=${path}`]));
    await fc.assert(
      fc.asyncProperty(hostileDevices, devices, async (plugged, options) => {
        system.plug(plugged);
        expectSafe(await runCommand(['doctor', ...options]));
        const checked = await runCommand(['doctor', '--json', ...options]);
        expectSafe(checked);
        expect(schemas.doctor(JSON.parse(checked.stdout))).toBeUndefined();
      }),
      runsOf('doctor'),
    );
  },
  TIMEOUT,
);

it(
  'watches hostile devices',
  async () => {
    await fc.assert(
      fc.asyncProperty(hostileDevices, async (devices) => {
        system.plug(devices);
        const count = String((await system.backend.list()).length);
        const watch = ['watch', '--initial', '--count', count];
        expectSafe(await runCommand(watch));
        const watched = await runCommand([...watch, '--json']);
        expectSafe(watched);
        for (const line of watched.stdout.trimEnd().split('\n')) {
          expect(schemas.watch(JSON.parse(line))).toBeUndefined();
        }
      }),
      runsOf('watch'),
    );
  },
  TIMEOUT,
);

it(
  'completes the properties of hostile devices',
  async () => {
    const given = fc.record(
      { ep: fc.nat(0xff), interface: fc.nat(2), alt: fc.nat(2) },
      { requiredKeys: [] },
    );
    const words = fc.oneof(fc.constant(''), hostileString);
    await fc.assert(
      fc.asyncProperty(hostileDevices, given, words, async (devices, options, word) => {
        system.plug(devices);
        for (const complete of Object.values(VALUE_COMPLETIONS)) {
          const completions = await complete(word, { backend: 'libusb', ...options });
          for (const line of completionLines(completions, word)) {
            expectSafeText(line.replace('\t', ' ')); // before the description
            expect(line.startsWith(word) || line.startsWith('\t')).toBe(true);
          }
        }
      }),
      runsOf('completion'),
    );
  },
  TIMEOUT,
);

it(
  'prints a udev rule of one line for the serial number of a hostile device, or none',
  async () => {
    await fc.assert(
      fc.asyncProperty(hostileString, async (serial) => {
        const rule = await runCommand(['udev-rule', '--device=1234:5678', `--serial=${serial}`]);
        expectSafe(rule);
        expect(rule.stdout).toMatch(
          /^(SUBSYSTEM=="usb", ATTR\{idVendor\}=="1234", ATTR\{idProduct\}=="5678", ATTR\{serial\}=="[ \w.:-]+", TAG\+="uaccess"\n)?$/,
        );
      }),
      runsOf('udev'),
    );
  },
  TIMEOUT,
);
