import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COMMAND,
  commandOf,
  devIdOf,
  encodeSubmit,
  encodeSubmitReply,
  encodeUnlink,
  encodeUnlinkReply,
  HEAD_LENGTH,
  Submit,
  seqnumOf,
  statusOf,
  victimOf,
} from '../../../../../src/backends/usbip/protocol/commands.js';
import {
  decodeDevice,
  decodeOperation,
  encodeDevice,
  encodeImport,
  encodeOperation,
  SPEED_CODES,
  speedCode,
} from '../../../../../src/backends/usbip/protocol/operations.js';
import { fromWire, toWire } from '../../../../../src/backends/usbip/protocol/status.js';
import { TRANSFER_STATUSES } from '../../../../../src/usb/transfer-status.js';

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);

describe('operations', () => {
  it('have the layout of the protocol', () => {
    expect(encodeOperation(0x8005).toString('hex')).toBe('0111800500000000');
    const request = encodeImport('3-1.2');
    expect(request.length).toBe(40);
    expect(request.toString('hex', 0, 14)).toBe('0111800300000000332d312e3200');
    expect(decodeOperation(Buffer.from('0111000300000004', 'hex'))).toEqual({
      ...{ version: 0x111, code: 3, status: 4 },
    });
  });

  it('describe a device in 312 bytes, which decode to the same', () => {
    const text = (max: number) => fc.stringMatching(new RegExp(`^[ -~]{0,${max}}$`));
    const device = fc.record({
      ...{ path: text(255), busId: text(31) },
      ...{ bus: u32, address: u32, speed: u32, vid: u16, pid: u16, release: u16 },
      ...{ deviceClass: u8, deviceSubClass: u8, deviceProtocol: u8 },
      ...{ configurationValue: u8, configurations: u8, interfaces: u8 },
    });
    fc.assert(
      fc.property(device, (one) => {
        const bytes = encodeDevice(one);
        expect(bytes.length).toBe(312);
        expect(decodeDevice(bytes)).toEqual(one);
      }),
    );
  });

  it('cut texts that are too long before a NUL, and read none beyond a field', () => {
    const device = decodeDevice(Buffer.alloc(312, 'x'));
    expect([device.path.length, device.busId.length]).toEqual([256, 32]);
    const { path, busId } = decodeDevice(encodeDevice(device));
    expect([path.length, busId.length]).toEqual([255, 31]);
  });

  it('know the speeds', () => {
    for (const speed of [1.5, 12, 480, 5000, 10_000]) {
      expect(SPEED_CODES[speedCode(speed)]).toBe(speed);
    }
    expect([speedCode(20_000), speedCode(undefined)]).toEqual([6, 0]);
  });
});

describe('commands', () => {
  it('have the layout of the protocol', () => {
    const head = Buffer.alloc(HEAD_LENGTH, 0xee);
    encodeSubmit(head, 7, 0x1_0002, true, 2, 512, 4);
    expect(head.toString('hex')).toBe(
      '00000001000000070001000200000001000000020000020000000200' +
        '00000000ffffffff000000040000000000000000',
    );
    encodeSubmitReply(head, 7, -32, 5);
    expect(head.toString('hex')).toBe(
      `0000000300000007${'00'.repeat(12)}ffffffe00000000500000000ffffffff${'00'.repeat(12)}`,
    );
  });

  it('decode to what was encoded', () => {
    const setup = fc.uint8Array({ minLength: 8, maxLength: 8 });
    const numbers = fc.tuple(u32, u32, fc.boolean(), u32, u32, u32);
    fc.assert(
      fc.property(numbers, setup, ([seqnum, devId, isIn, endpoint, length, interval], bytes) => {
        const head = Buffer.alloc(HEAD_LENGTH, 0xee);
        const submit = new Submit();
        encodeSubmit(head, seqnum, devId, isIn, endpoint, length, interval, Buffer.from(bytes));
        submit.decode(head);
        expect(submit).toMatchObject({ seqnum, devId, isIn, endpoint, length, packets: 0 });
        expect([...submit.setup]).toEqual([...bytes]);
        const unlink = encodeUnlink(seqnum, devId, length);
        expect([commandOf(unlink), seqnumOf(unlink)]).toEqual([COMMAND.unlink, seqnum]);
        expect([devIdOf(unlink), victimOf(unlink)]).toEqual([devId, length]);
      }),
    );
    const reply = encodeUnlinkReply(9, -104);
    expect([commandOf(reply), seqnumOf(reply), statusOf(reply)]).toEqual([4, 9, -104]);
  });
});

describe('the status of a transfer', () => {
  it.each(TRANSFER_STATUSES)('%s returns from the wire', (status) => {
    expect(fromWire(toWire(status), true)).toBe(status);
  });

  it.each([
    [-2, 'cancelled', 'error'],
    [-104, 'cancelled', 'error'],
    [-71, 'error', 'error'],
    [-121, 'completed', 'completed'],
    [-19, 'no-device', 'no-device'],
    [-12, 'error', 'error'],
    [-9999, 'error', 'error'],
    [1, 'error', 'error'],
  ])('%d is %s if it was cancelled, and else %s', (status, cancelled, not) => {
    expect([fromWire(status, true), fromWire(status, false)]).toEqual([cancelled, not]);
  });
});
