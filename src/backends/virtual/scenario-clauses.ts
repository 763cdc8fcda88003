/**
 * Every clause of the language with its meaning in whole sentences, for messages, help and manuals.
 * Settings contain a `=`, faults an `@`, and flags neither.
 */
export const SCENARIO_CLAUSES: readonly (readonly [clause: string, meaning: string])[] = [
  [
    'speed=full|high|super',
    'The bus speed: packets of 64, 512 or 1024 bytes. The default is high.',
  ],
  [
    'rate=SIZE[/s]|bus|unlimited',
    'Bytes per second on each endpoint; bus is the rate that the bus speed allows. The default is ' +
      'unlimited.',
  ],
  ['seed=N', 'The seed of random choices. The same scenario always makes the same choices.'],
  [
    'memory=SIZE',
    'The memory limit of all transfers in flight, including the same small overhead as in the ' +
      'kernel. Transfers above the limit are rejected. The default is unlimited.',
  ],
  [
    'host-pause=TIME/TIME',
    'The host does nothing for the first time, once in each second time: it neither takes data nor submits ' +
      'transfers. The device fills the transfers in flight, and then waits.',
  ],
  [
    'message=SIZE[..SIZE]',
    'The counter sends messages of this size, or of random sizes in this range. A short packet ends ' +
      'each message, or a zero-length packet if the message fills its last packet. Without this ' +
      'clause, the stream never ends.',
  ],
  [
    'packet-header=N',
    'Each packet of the counter starts with N bytes that are not part of the stream: 0x01, 0x60 and ' +
      'zeros. FTDI chips send two. N must be less than a packet. The default is 0.',
  ],
  [
    'configurations=N',
    'The number of configurations of the counter, 1 or 2. Configuration 1 is active. In configuration ' +
      '2, interface 0 has EP 0x02 OUT, and interface 1 has EP 0x86 IN in place of EP 0x82. The default is 1.',
  ],
  [
    'start=power|request|firmware',
    'When the counter starts to send: as soon as the device is connected, after vendor request 0x01 ' +
      'with value 1 to the device, or after its firmware was uploaded. It takes firmware as an FX2 does: ' +
      'vendor request 0xa0 writes to its memory and to 0xe600, which holds its processor in reset (1) ' +
      'or releases it (0). It then disconnects for 300 ms. The default is power.',
  ],
  [
    'replug=TIME',
    'The counter is unplugged this long after the start, and plugged in again 100 ms later.',
  ],
  [
    'stale=SIZE',
    'The counter has a buffer: SIZE bytes 0xff of an earlier run come first, and when vendor request ' +
      '0x01 with value 0 stops it, SIZE more bytes of the stream follow, which end with a short packet.',
  ],
  [
    'start-halted',
    'The endpoints 0x82 and 0x02 are halted at the start, as if an earlier program had left them so.',
  ],
  [
    'cancel=keep|lose',
    'Whether a cancelled transfer keeps its data, or loses it as over USB/IP. The default is keep.',
  ],
  ['short@OFFSET', 'The device sends a short packet, which is empty if OFFSET is between packets.'],
  ['zlp@OFFSET', 'The device sends a zero-length packet.'],
  ['stall@OFFSET', 'The endpoint halts.'],
  ['error@OFFSET', 'The current transfer ends with a protocol error.'],
  ['babble@OFFSET', 'The device sends a packet that is too large. The packet is lost.'],
  ['drop@OFFSET', 'The device loses a packet: the stream continues after it, without an error.'],
  ['silence@OFFSET[=TIME]', 'The device sends nothing for this time; without TIME, forever.'],
  ['unplug@OFFSET[=TIME]', 'The device is unplugged for this time; without TIME, forever.'],
  [
    'deauthorize@OFFSET[=TIME]',
    'The system deauthorizes the device for this time, as USBGuard does; without TIME, forever.',
  ],
  ['reset@OFFSET', 'Another process resets the device. No transfer fails.'],
  [
    'hangs-until-reset@SIZE',
    'After every SIZE bytes, the device loses a packet and sends nothing until it is reset, or its halt ' +
      'is cleared, or its interface is claimed again.',
  ],
  ['out-stall@OFFSET', 'The OUT endpoint halts.'],
  ['out-error@OFFSET', 'The current OUT transfer ends with a protocol error.'],
  ['out-silence@OFFSET[=TIME]', 'The device accepts nothing for this time; without TIME, forever.'],
  ['out-unplug@OFFSET[=TIME]', 'The device is unplugged for this time; without TIME, forever.'],
  [
    'out-deauthorize@OFFSET[=TIME]',
    'The system deauthorizes the device for this time; without TIME, forever.',
  ],
  ['out-reset@OFFSET', 'Another process resets the device. No transfer fails.'],
];
