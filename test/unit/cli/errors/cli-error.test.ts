import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemReason } from '../../../../src/cli/errors/cli-error.js';

describe('what the system said', () => {
  it('is without the code, the call and the path', () => {
    let failure: unknown;
    try {
      readFileSync("/no/such 'file', here");
    } catch (error) {
      failure = error;
    }
    expect(systemReason(failure)).toBe('no such file or directory');
    expect(systemReason(new Error('EPIPE: broken pipe, write'))).toBe('broken pipe');
  });

  it('names an fsync: all is written, and yet may not be on the disk', () => {
    expect(systemReason(new Error('EIO: i/o error, fsync'))).toBe('i/o error at fsync');
  });
});
