import fc from 'fast-check';
import { expect, it } from 'vitest';
import { COLUMNS } from '../../src/cli/devices/columns.js';
import { violations } from '../process/schema.js';
import { runCommand } from '../support/run-command.js';
import { runsOf, TIMEOUT } from './cases.js';
import { HostileSystem, hostileDevices, PATHS } from './hostile-system.js';
import { expectSafe } from './safe.js';

const system = new HostileSystem();
const schemas = { list: violations('list'), info: violations('info') };

const names = COLUMNS.map(({ name }) => name);

const sorted = fc
  .tuple(fc.constantFrom('', '-'), fc.constantFrom(...names))
  .map(([sign, name]) => ['list', `--output=${names.join()}`, `--sort=${sign}${name}`]);

const list = fc
  .subarray(['--tree', '--no-header', '--output=+CLASS,FILES,USB,MAXSPEED'])
  .map((options) => ['list', '--verbose', ...options]);

const info = fc.constantFrom(...PATHS).map((path) => ['info', path]);

const others = fc.constantFrom<string[]>(
  ['list', '--name=a', '--class=vendor', '--driver=cdc_acm'],
  ['info', '--raw', PATHS[0]],
  ['info', '--device=1234:5678'],
);

const width = fc.option(fc.nat(200), { nil: undefined });

it(
  'lists and shows hostile devices as text',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        hostileDevices,
        fc.oneof(sorted, list, info, others),
        width,
        async (devices, args, columns) => {
          system.plug(devices);
          expectSafe(await runCommand(args, { columns }));
        },
      ),
      runsOf('text'),
    );
  },
  TIMEOUT,
);

it(
  'lists and shows hostile devices as JSON in the format of the schemas',
  async () => {
    await fc.assert(
      fc.asyncProperty(hostileDevices, async (devices) => {
        system.plug(devices);
        const listed = await runCommand(['list', '--json']);
        expectSafe(listed);
        expect(schemas.list(JSON.parse(listed.stdout))).toBeUndefined();
        for (const { path } of JSON.parse(listed.stdout).devices) {
          const shown = await runCommand(['info', '--json', '--path', path]);
          expectSafe(shown);
          const record = JSON.parse(shown.stdout);
          expect(schemas.info(record)).toBeUndefined();
          const active = record.configurations.filter((one: { active: boolean }) => one.active);
          expect(active.length).toBeLessThanOrEqual(1);
          expect(active.flatMap(endpointsOf)).toEqual(endpointsOf(record.device));
        }
      }),
      runsOf('json'),
    );
  },
  TIMEOUT,
);

interface Interfaces {
  readonly interfaces: readonly { readonly endpoints: readonly Record<string, unknown>[] }[];
}

/** Returns direction, type and packet size of the endpoints. */
function endpointsOf({ interfaces }: Interfaces): unknown[] {
  return interfaces.map(({ endpoints }) =>
    endpoints.map(({ direction, type, max_packet_size }) => [direction, type, max_packet_size]),
  );
}
