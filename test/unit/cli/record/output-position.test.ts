import { describe, expect, it } from 'vitest';
import { OutputPosition } from '../../../../src/cli/record/output-position.js';
import { PacketHeaders } from '../../../../src/engine/receive/packet-headers.js';

describe('the position in the output', () => {
  it('counts the payload of packets of the size that the endpoint has now', () => {
    const position = new OutputPosition(new PacketHeaders(2));
    expect(position.take(1024, 512)).toBe(1020);
    expect(position.take(1024, 64)).toBe(992); // the device was connected again, at another speed
    expect(position.offset).toBe(2012);
  });
});
