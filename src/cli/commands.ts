import type { Command } from 'commander';

/** A command. Its module is loaded only if the command line names it. */
interface CommandEntry {
  readonly name: string;
  /** One line, for the help. */
  readonly summary: string;
  /** Whether it ends by itself at a signal. The others have nothing to end: a signal kills them. */
  readonly handlesSignals?: true;
  readonly load: () => Promise<CommandModule>;
}

/** The exports of each module in `commands/`. */
interface CommandModule {
  /** Adds the options and the action to a command. */
  define(command: Command): void;
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'list',
    summary: 'list USB devices without opening them',
    load: () => import('./commands/list.js'),
  },
  {
    name: 'info',
    summary: 'show details of one device',
    load: () => import('./commands/info.js'),
  },
  {
    name: 'read',
    summary: 'stream a bulk or interrupt IN endpoint to stdout or a file',
    handlesSignals: true,
    load: () => import('./commands/stream.js'),
  },
  {
    name: 'write',
    summary: 'send stdin or a file to a bulk or interrupt OUT endpoint',
    handlesSignals: true,
    load: () => import('./commands/stream.js'),
  },
  {
    name: 'pipe',
    summary: 'send stdin to a device and write its replies to stdout',
    handlesSignals: true,
    load: () => import('./commands/stream.js'),
  },
  {
    name: 'extract',
    summary: 'write the data of an endpoint in a capture file',
    handlesSignals: true,
    load: () => import('./commands/extract.js'),
  },
  {
    name: 'control',
    summary: 'send one control request to a device',
    handlesSignals: true,
    load: () => import('./commands/control/control.js'),
  },
  {
    name: 'index',
    summary: 'sum up an index of usbxfer read --index',
    handlesSignals: true,
    load: () => import('./commands/index-file.js'),
  },
  {
    name: 'plot',
    summary: 'draw stats, summaries and indexes in an HTML page',
    handlesSignals: true,
    load: () => import('./commands/plot.js'),
  },
  {
    name: 'bench',
    summary: 'measure rate, latency and CPU time of transfers',
    handlesSignals: true,
    load: () => import('./commands/bench.js'),
  },
  {
    name: 'tune',
    summary: 'find the best size and number of transfers',
    handlesSignals: true,
    load: () => import('./commands/tune.js'),
  },
  {
    name: 'clear-halt',
    summary: 'clear the halt of endpoints',
    load: () => import('./commands/clear-halt.js'),
  },
  {
    name: 'reset',
    summary: 'reset a device and wait until it is back',
    load: () => import('./commands/reset.js'),
  },
  {
    name: 'watch',
    summary: 'watch devices being connected and disconnected',
    handlesSignals: true,
    load: () => import('./commands/watch.js'),
  },
  {
    name: 'serve',
    summary: 'export USB devices to other programs and machines',
    handlesSignals: true,
    load: () => import('./commands/serve.js'),
  },
  {
    name: 'doctor',
    summary: 'diagnose problems and suggest fixes',
    load: () => import('./commands/doctor.js'),
  },
  {
    name: 'udev-rule',
    summary: 'print a udev rule that lets users open a device',
    load: () => import('./commands/udev-rule.js'),
  },
  {
    name: 'completion',
    summary: 'print a shell completion script',
    load: () => import('./commands/completion.js'),
  },
];

/** The summary of `usbxfer help`, which has no module in `commands/`. */
export const HELP_SUMMARY = 'show help for a command or a topic';

/** Finds the command that the arguments name: only options without values and `help` may precede it. */
export function findCommand(args: readonly string[]): CommandEntry | undefined {
  return COMMANDS.find(({ name }) => name === args.find(isCommand));
}

function isCommand(arg: string): boolean {
  return COMMANDS.some(({ name }) => name === arg);
}
