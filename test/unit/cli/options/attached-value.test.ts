import { Command, Option } from 'commander';
import { expect, it } from 'vitest';
import {
  AttachedValueOption,
  parseAttachedValues,
} from '../../../../src/cli/options/attached-value.js';

function parse(...args: string[]) {
  const command = new Command()
    .argument('[operand]')
    .option('-s, --serial <text>')
    .addOption(new Option('--wait [time]').preset('forever'))
    .addOption(new AttachedValueOption('--json', 'file', 'text'));
  parseAttachedValues(command);
  command.parse(args, { from: 'user' });
  return { ...command.opts(), args: command.args };
}

it.each([
  [[], { args: [] }],
  [['--json'], { json: true, args: [] }],
  [['--json', 'operand'], { json: true, args: ['operand'] }],
  [['--json', '--wait'], { json: true, wait: 'forever', args: [] }],
  [['--wait', '5s'], { wait: '5s', args: [] }],
  [['--wait', '1234:5678'], { wait: 'forever', args: ['1234:5678'] }],
  [['--wait', '3-1.2', '--json'], { wait: 'forever', json: true, args: ['3-1.2'] }],
  [['--serial', '--wait', '1:2'], { serial: '--wait', args: ['1:2'] }],
  [['--wait=1:2'], { wait: '1:2', args: [] }],
  [['--json=a'], { json: 'a', args: [] }],
  [['--json=a=b', 'operand'], { json: 'a=b', args: ['operand'] }],
  [['--json='], { json: '', args: [] }],
  [['--json=a', '--json'], { json: true, args: [] }],
  [['--serial', '--json'], { serial: '--json', args: [] }],
  [['-s', '--json', '--json'], { serial: '--json', json: true, args: [] }],
  [['--', '--json'], { args: ['--json'] }],
])('parses %j', (args, expected) => {
  expect(parse(...args)).toEqual(expected);
});
