import type { Command } from 'commander';
import { each } from './selection.js';
import * as values from './values.js';

/** What a device is to be called, in part: one of these. */
export interface KindOptions {
  readonly name?: readonly string[];
}

/** Adds the options that filter devices by name and by class. Given twice, either will do. */
export function addKindOptions(command: Command): Command {
  return command.option('--name <text>', 'text in its name, in any case', eachText).option(
    '--class <class>',
    'class, by name or in hexadecimal, of the device or an interface',
    each((text) => ({ classCode: values.deviceClass(text) })),
  );
}

/** All values of an option that is given more than once. */
export function eachText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Whether a device of that name is meant. */
export function isCalled(name: string, { name: parts }: KindOptions): boolean {
  return parts?.some((part) => name.toLowerCase().includes(part.toLowerCase())) ?? true;
}
