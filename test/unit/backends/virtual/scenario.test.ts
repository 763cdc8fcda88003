import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SCENARIO, parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { SCENARIO_CLAUSES } from '../../../../src/backends/virtual/scenario-clauses.js';
import { UsbError } from '../../../../src/usb/errors.js';

const EVER = Number.POSITIVE_INFINITY;

describe('parseScenario', () => {
  it.each([
    '',
    ' ',
    ',',
    '\n\n',
    '# nothing',
    ' , # a\n ,',
  ])('accepts %j as the default scenario', (text) => {
    expect(parseScenario(text)).toEqual(DEFAULT_SCENARIO);
  });

  it.each([
    ['speed=full', { speed: 'full' }],
    ['speed=super', { speed: 'super' }],
    ['rate=40M', { rate: 40 * 2 ** 20 }],
    ['rate=40MB/s', { rate: 40_000_000 }],
    ['rate = 40 MB / s', { rate: 40_000_000 }],
    ['rate=bus', { rate: 'bus' }],
    ['rate=unlimited', { rate: EVER }],
    ['seed=42', { seed: 42 }],
    ['memory=16M', { memory: 2 ** 24 }],
    ['message=1000', { message: { min: 1000, max: 1000 } }],
    ['message=0..64k', { message: { min: 0, max: 65_536 } }],
    ['message = 1k .. 2k', { message: { min: 1024, max: 2048 } }],
    ['short@1000', { faults: [{ kind: 'short', offset: 1000, duration: EVER }] }],
    ['zlp @ 1M', { faults: [{ kind: 'zlp', offset: 2 ** 20, duration: EVER }] }],
    ['stall@0', { faults: [{ kind: 'stall', offset: 0, duration: EVER }] }],
    ['error@1T', { faults: [{ kind: 'error', offset: 2 ** 40, duration: EVER }] }],
    ['babble@512', { faults: [{ kind: 'babble', offset: 512, duration: EVER }] }],
    ['silence@1k', { faults: [{ kind: 'silence', offset: 1024, duration: EVER }] }],
    ['silence@1k=250ms', { faults: [{ kind: 'silence', offset: 1024, duration: 250 }] }],
    ['unplug@1k', { faults: [{ kind: 'unplug', offset: 1024, duration: EVER }] }],
    ['packet-header=2', { packetHeader: 2 }],
    ['packet-header=511', { packetHeader: 511 }],
    ['deauthorize@1k=2s', { faults: [{ kind: 'deauthorize', offset: 1024, duration: 2000 }] }],
    ['reset@1k', { faults: [{ kind: 'reset', offset: 1024, duration: EVER }] }],
    ['out-reset@1k', { outFaults: [{ kind: 'reset', offset: 1024, duration: EVER }] }],
    ['out-deauthorize@0', { outFaults: [{ kind: 'deauthorize', offset: 0, duration: EVER }] }],
    ['start=request', { start: 'request' }],
    ['start=firmware', { start: 'firmware' }],
    ['start=power', { start: 'power' }],
    ['replug=2s', { replug: 2000 }],
    ['start-halted', { startHalted: true }],
    ['stale=4k', { stale: 4096 }],
    ['hangs-until-reset@2M', { hangEvery: 2 ** 21 }],
    ['cancel=lose', { cancelKeepsData: false }],
    ['cancel=keep', { cancelKeepsData: true }],
    ['out-stall@1000', { outFaults: [{ kind: 'stall', offset: 1000, duration: EVER }] }],
    ['out-error @ 0', { outFaults: [{ kind: 'error', offset: 0, duration: EVER }] }],
    ['out-silence@1k=250ms', { outFaults: [{ kind: 'silence', offset: 1024, duration: 250 }] }],
    ['out-unplug@1k', { outFaults: [{ kind: 'unplug', offset: 1024, duration: EVER }] }],
    ['unplug @ 1k = 2s', { faults: [{ kind: 'unplug', offset: 1024, duration: 2000 }] }],
  ])('parses %j', (text, part) => {
    expect(parseScenario(text)).toEqual({ ...DEFAULT_SCENARIO, ...part });
  });

  it('parses clauses on lines, with comments, and sorts faults by offset', () => {
    const scenario = parseScenario(`
      speed=super, rate=100M   # a fast one
      # then the trouble
      stall@3k, zlp@1k,
      short@1k\r\nunplug@2k=1s
    `);
    expect(scenario.speed).toBe('super');
    expect(scenario.faults.map(({ kind }) => kind)).toEqual(['zlp', 'short', 'unplug', 'stall']);
  });

  it.each([
    ['rate=', 'rate=SIZE[/s]|bus|unlimited'],
    ['rate=0', 'rate=SIZE[/s]|bus|unlimited'],
    ['rate=-1', 'rate=SIZE[/s]|bus|unlimited'],
    ['rate=1e6', 'rate=SIZE[/s]|bus|unlimited'],
    ['rate=fast', 'rate=SIZE[/s]|bus|unlimited'],
    ['rate=1M/h', 'rate=SIZE[/s]|bus|unlimited'],
    ['rate@5', 'rate=SIZE[/s]|bus|unlimited'],
    ['speed=low', 'speed=full|high|super'],
    ['seed=x', 'seed=N'],
    ['seed=-1', 'seed=N'],
    ['seed=1.5', 'seed=N'],
    ['memory=0', 'memory=SIZE'],
    ['memory=all', 'memory=SIZE'],
    ['message=', 'message=SIZE[..SIZE]'],
    ['message=5..', 'message=SIZE[..SIZE]'],
    ['message=..5', 'message=SIZE[..SIZE]'],
    ['message=5..4', 'message=SIZE[..SIZE]'],
    ['message=1..2..3', 'message=SIZE[..SIZE]'],
    ['stall', 'stall@OFFSET'],
    ['stall@', 'stall@OFFSET'],
    ['stall@-1', 'stall@OFFSET'],
    ['stall@1=1s', 'stall@OFFSET'],
    ['stall=5', 'stall@OFFSET'],
    ['silence@1=', 'silence@OFFSET[=TIME]'],
    ['silence@1=soon', 'silence@OFFSET[=TIME]'],
    ['silence@1=1s=2s', 'silence@OFFSET[=TIME]'],
    ['unplug@1M=1M', 'unplug@OFFSET[=TIME]'],
    ['packet-header=', 'packet-header=N'],
    ['packet-header=2k', 'packet-header=N'],
    ['packet-header=512', 'packets have 512 bytes; give at most 511'],
    ['speed=full, packet-header=64', 'packets have 64 bytes; give at most 63'],
    ['start=now', 'start=power|request|firmware'],
    ['replug=soon', 'replug=TIME'],
    ['cancel=loses', 'cancel=keep|lose'],
    ['out-stall', 'out-stall@OFFSET'],
    ['out-stall@1=1s', 'out-stall@OFFSET'],
    ['out-silence@x', 'out-silence@OFFSET[=TIME]'],
    ['out-short@1', 'is unknown'],
    ['out-@1', 'is unknown'],
    ['seed=1, seed=2', 'given twice'],
    ['start-halted, start-halted', 'given twice'],
    ['start-halted=1', 'the form is: start-halted'],
    ['start-halted@1', 'the form is: start-halted'],
    ['stall', 'the form is: stall@OFFSET'],
    ['halted', 'is unknown'],
    ['stale=0', 'stale=SIZE'],
    ['hangs-until-reset', 'hangs-until-reset@SIZE'],
    ['hangs-until-reset=1', 'hangs-until-reset@SIZE'],
    ['hangs-until-reset@0', 'hangs-until-reset@SIZE'],
    ['hangs-until-reset@1k=1s', 'hangs-until-reset@SIZE'],
    ['toString@1k', 'is unknown'],
    ['toString', 'is unknown'],
    ['fire@5', 'is unknown; the clauses are: speed=full|high|super, rate='],
    ['constructor=1', 'is unknown'],
    ['toString@1', 'is unknown'],
    ['stall@5 stall@6', 'stall@OFFSET'],
    ['speed=high; seed=1', 'speed=full|high|super'],
    ['=5', 'is unknown'],
  ])('rejects %j with the clause and its correct form', (text, hint) => {
    const [clause = ''] = text.split(', ').slice(-1);
    expect(() => parseScenario(text)).toThrow(UsbError);
    try {
      parseScenario(text);
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid' });
      const { message } = error as UsbError;
      expect(message).toContain(JSON.stringify(clause));
      expect(message).toContain(hint);
      expect(message).not.toContain('\n');
    }
  });

  it('returns a scenario or throws a UsbError for any text', () => {
    const likely = fc.stringMatching(
      /^[a-z]{0,7}[=@][0-9kM.=sa-z]{0,9}(,[a-z]{4,7}@[0-9]{1,20})?$/,
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), likely), (text) => {
        try {
          parseScenario(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UsbError);
        }
      }),
    );
  });

  it('documents every clause in its own syntax', () => {
    for (const [form] of SCENARIO_CLAUSES) {
      expect(form).toMatch(/^[a-z-]+([=@][A-Za-z]|$)/);
    }
  });
});
