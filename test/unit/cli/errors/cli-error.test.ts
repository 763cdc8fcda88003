import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemReason } from '../../../../src/cli/errors/cli-error.js';

describe('the reason of a system error', () => {
  it('omits the code, the system call and the path', () => {
    let failure: unknown;
    try {
      readFileSync("/no/such 'file', here");
    } catch (error) {
      failure = error;
    }
    expect(systemReason(failure)).toBe('no such file or directory');
    expect(systemReason(new Error('EPIPE: broken pipe, write'))).toBe('broken pipe');
  });

  it('names fsync', () => {
    expect(systemReason(new Error('EIO: i/o error, fsync'))).toBe('i/o error at fsync');
  });
});
