import type { Command } from 'commander';

/** One command, known by name; its module is loaded only when it is meant. */
export interface CommandEntry {
  readonly name: string;
  /** One line, for the help. */
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** What each file in `commands/` exports. */
export interface CommandModule {
  /** Gives a command its options, and what it does. */
  define(command: Command): void;
}

/** Every command, in the order in which the help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'list',
    summary: 'list USB devices, without opening any',
    load: () => import('./commands/list.js'),
  },
  {
    name: 'info',
    summary: 'tell all about one device, without opening it',
    load: () => import('./commands/info.js'),
  },
  {
    name: 'read',
    summary: 'stream a bulk IN endpoint to stdout or a file',
    load: () => import('./commands/read.js'),
  },
  {
    name: 'write',
    summary: 'send stdin or a file to a bulk or interrupt OUT endpoint',
    load: () => import('./commands/write.js'),
  },
  {
    name: 'pipe',
    summary: 'both at once: stdin to a device, its replies to stdout',
    load: () => import('./commands/pipe.js'),
  },
  {
    name: 'control',
    summary: 'send one control request to a device',
    load: () => import('./commands/control/control.js'),
  },
  {
    name: 'reset',
    summary: 'reset a device, and wait until it is back',
    load: () => import('./commands/reset.js'),
  },
  {
    name: 'watch',
    summary: 'tell of USB devices as they are plugged and unplugged',
    load: () => import('./commands/watch.js'),
  },
  {
    name: 'doctor',
    summary: 'find what keeps devices from being used, and how to mend it',
    load: () => import('./commands/doctor.js'),
  },
  {
    name: 'udev-rule',
    summary: 'print the udev rule that lets users open a device',
    load: () => import('./commands/udev-rule.js'),
  },
  {
    name: 'completion',
    summary: 'print what makes a shell complete usbxfer',
    load: () => import('./commands/completion.js'),
  },
];

/** What `usbxfer help` does, the one command that has no module of its own here. */
export const HELP_SUMMARY = 'help on a command or a topic';
