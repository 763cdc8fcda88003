/*
 * Names that other programs use for commands and options. They are suggested, not accepted.
 */

/** Commands, each with the names that other programs use. */
export const COMMAND_NAMES: Readonly<Record<string, readonly string[]>> = {
  list: ['ls', 'lsusb', 'devices', 'enumerate', 'scan'],
  info: ['show', 'describe', 'inspect', 'descriptors'],
  read: ['dump', 'capture', 'cat', 'get', 'receive', 'recv', 'record'],
  write: ['send', 'put', 'upload', 'transmit'],
  pipe: ['duplex', 'exchange', 'loopback'],
  control: ['ctrl', 'request'],
  plot: ['chart', 'draw', 'graph', 'report', 'visualize'],
  watch: ['monitor', 'events', 'wait'],
  doctor: ['check', 'diagnose'],
  'udev-rule': ['udev', 'rule'],
};

/** Options, each with the names that other programs use. */
export const OPTION_NAMES: Readonly<Record<string, readonly string[]>> = {
  '--ep': ['--endpoint', '-e'],
  '--bytes': ['--size', '--length', '--limit', '-n'],
  '--duration': ['--time', '--seconds'],
  '--transfer-size': ['--block-size', '--chunk-size'],
  '--vid': ['--vendor', '--vendor-id'],
  '--pid': ['--product', '--product-id'],
  '--output': ['--file', '--out', '-f', '-w'],
  '--input': ['--file', '--in', '-f', '-r'],
};

/** Returns the commands that other programs call by this name. */
export function commandsCalled(name: string): string[] {
  return oursFor(name, COMMAND_NAMES);
}

/** Returns the options that other programs call by this name. A command may not have all of them. */
export function optionsCalled(name: string): string[] {
  return oursFor(name, OPTION_NAMES);
}

function oursFor(name: string, table: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.keys(table).filter((ours) => table[ours]?.includes(name));
}
