import { describe, expect, it } from 'vitest';
import type { ControlRequest } from '../../../../../src/usb/control.js';
import { Host } from '../../simulation/bus/host.js';

/** Returns a setup packet without wLength. */
function setup(requestType: number, request: number, value = 0, index = 0): ControlRequest {
  return { requestType, request, value, index };
}

/** Sends a request; returns the response in hexadecimal, or the error code. */
async function ask(host: Host, request: ControlRequest, room: number): Promise<string> {
  const data = Buffer.alloc(room);
  try {
    return data.toString('hex', 0, await host.device.control(request, data, 1000));
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

const START = setup(0x40, 1, 1);
const STOP = setup(0x40, 1, 0);

describe('the loader', () => {
  const write = (host: Host, address: number, ...bytes: number[]) =>
    host.device.control(setup(0x40, 0xa0, address), Buffer.from(bytes), 1000);

  it('starts the stream of a device that comes back when its processor is released', async () => {
    const host = await Host.counter('start=firmware');
    expect(host.read(1, 512)).toEqual(['waiting']);
    await write(host, 0xe600, 1);
    await write(host, 0x100, 1, 2, 3);
    expect(await ask(host, setup(0xc0, 0xa0, 0x101), 2)).toBe('0203');
    await write(host, 0xe600, 0);
    host.clock.pass(20);
    expect(await host.device.loss()).toBe('disconnected');
    host.clock.pass(300);
    const again = await host.again();
    expect(again.device.info.address).not.toBe(host.device.info.address);
    expect(again.read(1, 512)).toEqual(['completed 512']);
    await again.close();
  });

  it('starts nothing without firmware, or if the processor was not held', async () => {
    const host = await Host.counter('start=firmware');
    await write(host, 0xe600, 1);
    await write(host, 0xe600, 0);
    await write(host, 0x100, 1);
    await write(host, 0xe600, 0);
    host.clock.pass(1000);
    expect(await host.device.loss()).toBeUndefined();
    await host.close();
  });

  it('stalls beyond its memory, for other requests, and in other scenarios', async () => {
    const host = await Host.counter('start=firmware');
    await expect(write(host, 0xffff, 1, 2)).rejects.toMatchObject({ code: 'stall' });
    expect(await ask(host, setup(0xc0, 0xa0, 0, 1), 2)).toBe('stall');
    await host.close();
    const other = await Host.counter('');
    await expect(write(other, 0, 1)).rejects.toMatchObject({ code: 'stall' });
    await other.close();
  });
});

describe('standard requests', () => {
  it.each([
    ['GET_STATUS of the device', setup(0x80, 0), '0000'],
    ['GET_STATUS of the interface', setup(0x81, 0), '0000'],
    ['GET_STATUS of no interface', setup(0x81, 0, 0, 1), 'stall'],
    ['GET_STATUS of an endpoint', setup(0x82, 0, 0, 0x02), '0000'],
    ['GET_STATUS of no endpoint', setup(0x82, 0, 0, 0x05), 'not-found'],
    ['GET_CONFIGURATION', setup(0x80, 8), '01'],
    ['GET_INTERFACE', setup(0x81, 10), '00'],
    ['CLEAR_FEATURE(ENDPOINT_HALT)', setup(0x02, 1, 0, 0x82), ''],
    ['CLEAR_FEATURE of another feature', setup(0x02, 1, 1, 0x82), 'stall'],
    ['SET_FEATURE(ENDPOINT_HALT)', setup(0x02, 3, 0, 0x82), 'stall'],
    ['SET_CONFIGURATION of a claimed device', setup(0x00, 9, 1), 'invalid'],
    ['SET_INTERFACE', setup(0x01, 11, 1, 0), ''],
    ['SET_INTERFACE of no setting', setup(0x01, 11, 2, 0), 'not-found'],
    ['the languages', setup(0x80, 6, 0x0300), '04030904'],
    ['a string', setup(0x80, 6, 0x0303, 0x0409), '0c03560030003000'],
    ['a string that does not exist', setup(0x80, 6, 0x0304, 0x0409), 'stall'],
    ['a second device descriptor', setup(0x80, 6, 0x0101), 'stall'],
    ['a second configuration', setup(0x80, 6, 0x0201), 'stall'],
    ['a class request', setup(0xa1, 1), 'stall'],
    ['a reserved type', setup(0xe0, 6, 0x0100), 'stall'],
  ])('%s', async (_, request, expected) => {
    const host = await Host.counter('');
    expect(await ask(host, request, request.requestType < 0x80 ? 0 : 8)).toBe(expected);
    await host.close();
  });

  it.each([
    'full',
    'super',
  ])('return the descriptors of Backend.descriptors, %s speed', async (speed) => {
    const host = await Host.counter(`speed=${speed}`);
    const { descriptors } = await host.backend.descriptors(host.device.info);
    const whole = Buffer.from(descriptors).toString('hex');
    const device = await ask(host, setup(0x80, 6, 0x0100), 255);
    const configuration = await ask(host, setup(0x80, 6, 0x0200), 4096);
    expect(device + configuration).toBe(whole);
    expect(device.length).toBe(2 * 18);
    expect(await ask(host, setup(0x80, 6, 0x0200), 9)).toBe(configuration.slice(0, 18));
    await host.close();
  });

  it('return the selected alternate setting', async () => {
    const host = await Host.counter('');
    await host.claimed.release();
    const claimed = await host.device.claim(0, 1);
    expect(await ask(host, setup(0x81, 10), 1)).toBe('01');
    await claimed.release();
    expect(await ask(host, setup(0x81, 10), 1)).toBe('00');
    await host.close();
  });

  it('report a halt, and clear it', async () => {
    const host = await Host.counter('stall@0');
    host.read(1, 512);
    expect(await ask(host, setup(0x82, 0, 0, 0x82), 2)).toBe('0100');
    await ask(host, setup(0x02, 1, 0, 0x82), 0);
    expect(await ask(host, setup(0x82, 0, 0, 0x82), 2)).toBe('0000');
    expect(host.read(1, 512)).toEqual(['completed 512']);
    await host.close();
  });

  it('are refused for an interface that another handle has claimed, except vendor requests', async () => {
    const host = await Host.counter('');
    const other = await host.backend.open(host.device.info);
    const byOther = (request: ControlRequest) => other.control(request, Buffer.alloc(2), 1000);
    await expect(byOther(setup(0x81, 0))).rejects.toMatchObject({ code: 'busy' });
    await expect(byOther(setup(0x82, 0, 0, 0x82))).rejects.toMatchObject({ code: 'busy' });
    await expect(byOther(setup(0xc1, 0))).rejects.toMatchObject({ code: 'stall' });
    expect(await byOther(setup(0x80, 0))).toBe(2);
    await other.close();
    await host.close();
  });
});

describe('the requests of the counter', () => {
  it('store 64 bytes', async () => {
    const host = await Host.counter('');
    expect(await ask(host, setup(0xc0, 2), 100)).toBe('00'.repeat(64));
    const data = Buffer.from(Array.from({ length: 64 }, (_, index) => index + 1));
    expect(await host.device.control(setup(0x40, 2), data, 1000)).toBe(64);
    expect(await host.device.control(setup(0x40, 2), Buffer.from('eeff', 'hex'), 1000)).toBe(2);
    expect(await ask(host, setup(0xc0, 2), 4)).toBe('eeff0304');
    expect(await ask(host, setup(0xc0, 2), 64)).toBe(`eeff${data.toString('hex', 2)}`);
    await host.close();
  });

  it.each([
    ['65 bytes', setup(0x40, 2), 65],
    ['a wValue', setup(0x40, 2, 1), 64],
    ['a wIndex', setup(0x40, 2, 0, 1), 64],
    ['another recipient', setup(0x41, 2), 64],
    ['a start with data', START, 1],
    ['a start with value 2', setup(0x40, 1, 2), 0],
    ['a start in the IN direction', setup(0xc0, 1, 1), 0],
    ['request 3', setup(0x40, 3), 0],
  ])('reject %s', async (_, request, length) => {
    const host = await Host.counter('');
    expect(await ask(host, request, length)).toBe('stall');
    await host.close();
  });

  it('are not supported by the loopback', async () => {
    const host = await Host.loopback('');
    expect(await ask(host, setup(0xc0, 2), 64)).toBe('stall');
    expect(await ask(host, setup(0x80, 8), 1)).toBe('01');
    await host.close();
  });

  it('stop the stream, and resume it at the same offset', async () => {
    const host = await Host.counter('');
    expect(host.read(1, 1024)).toEqual(['completed 1024']);
    await host.device.control(STOP, Buffer.alloc(0), 1000);
    expect(host.read(1, 1024)).toEqual(['waiting']);
    await host.device.control(START, Buffer.alloc(0), 1000);
    host.clock.settle();
    expect(host.bytes().readUInt32LE(1024)).toBe(256);
    expect(host.bytes().length).toBe(2048);
    await host.close();
  });

  it('leave the event loop idle while the stream is stopped, also after a silence', async () => {
    const host = await Host.counter('silence@0=1s');
    host.read(1, 512);
    host.clock.pass(1000);
    await host.device.control(STOP, Buffer.alloc(0), 1000);
    expect(host.read(1, 512)).toEqual(['waiting']);
    expect(host.clock.resting).toBe(true);
    await host.close();
  });

  it('must start the stream if the scenario says so', async () => {
    const host = await Host.counter('start=request');
    expect(host.read(1, 512)).toEqual(['waiting']);
    expect(host.write(512)).toEqual(['completed 512']);
    await host.device.control(START, Buffer.alloc(0), 1000);
    host.clock.settle();
    expect(host.bytes().length).toBe(512);
    await host.close();
  });

  it('do not end a silence', async () => {
    const host = await Host.counter('silence@0=1s');
    host.read(1, 512);
    await host.device.control(STOP, Buffer.alloc(0), 1000);
    await host.device.control(START, Buffer.alloc(0), 1000);
    host.clock.pass(999);
    expect(host.completed.length).toBe(0);
    host.clock.pass(1);
    expect(host.completed.length).toBe(1);
    await host.close();
  });

  it.each(['replug', 'reset'])('restart the device at a %s', async (how) => {
    const host = await Host.counter('start=request, out-stall@0, silence@512');
    await host.device.control(START, Buffer.alloc(0), 1000);
    await host.device.control(setup(0x40, 2), Buffer.from([7]), 1000);
    host.read(2, 512);
    host.write(1);
    host.submissions[1]?.transfer.cancel();
    host.clock.settle();
    await host.claimed.release();
    if (how === 'reset') {
      await host.device.reset();
      expect(await host.backend.list()).toContainEqual(host.device.info);
    } else {
      host.backend.unplug('1-1');
      host.backend.replug('1-1');
    }
    const again = await host.again();
    expect(await ask(again, setup(0xc0, 2), 1)).toBe('00');
    expect(again.write(1)).toEqual(['completed 1']); // the halt was cleared
    expect(again.read(1, 512)).toEqual(['waiting']); // stopped
    await again.device.control(START, Buffer.alloc(0), 1000);
    again.clock.settle();
    expect(again.bytes().readUInt32LE(0)).toBe(128); // the counter continues, and the silence has ended
    await again.close();
    await host.close();
  });
});

it('a device is not reset while another handle has claimed an interface', async () => {
  const host = await Host.counter('');
  const other = await host.backend.open(host.device.info);
  await expect(other.reset()).rejects.toMatchObject({ code: 'invalid' });
  await other.close();
  await host.close();
});
