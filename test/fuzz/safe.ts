import { expect } from 'vitest';
import { EXIT } from '../../src/cli/errors/codes.js';
import type { Result } from '../support/run-command.js';
import { FORGED } from './hostile-strings.js';

/** Everything that a terminal may act on. A line feed ends a line. */
const UNSAFE = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Checks that a command did not fail internally, and that no device controls the terminal. */
export function expectSafe({ stdout, stderr, code }: Result): void {
  expect(code, stderr).not.toBe(EXIT.internal);
  expectSafeText(stdout);
  expectSafeText(stderr);
}

/** Checks that a text has nothing that a terminal acts on, and no line that a device forged. */
export function expectSafeText(text: string): void {
  const [character] = UNSAFE.exec(text) ?? [];
  expect(character?.codePointAt(0)?.toString(16), text).toBeUndefined();
  expect(text.split('\n').find((line) => line.startsWith(FORGED))).toBeUndefined();
}
