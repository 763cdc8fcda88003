import { expect, it, vi } from 'vitest';
import { CheckedCall } from '../../../../src/engine/io/checked-call.js';

function checked() {
  const onDone = vi.fn();
  const onMisuse = vi.fn();
  return { call: new CheckedCall('the sink', onDone, onMisuse), onDone, onMisuse };
}

it('passes on each answer once, and reports any other', () => {
  const { call, onDone, onMisuse } = checked();
  const first = call.begin(10);
  first(undefined, 10);
  expect(onMisuse).not.toHaveBeenCalled();
  first(undefined, 10);
  expect(onMisuse).toHaveBeenCalledOnce();
  expect(onDone.mock.calls).toEqual([[undefined, 10]]);
});

it('does not take a second answer to a call for one to the next call', () => {
  const { call, onDone, onMisuse } = checked();
  for (let calls = 1; calls <= 3; calls += 1) {
    const done = call.begin(10);
    done(undefined, calls);
    const next = call.begin(10);
    done(undefined, 9);
    expect(onMisuse).toHaveBeenCalledTimes(calls);
    expect(onDone).not.toHaveBeenCalledWith(undefined, 9);
    next(undefined, calls);
  }
  expect(onDone).toHaveBeenCalledTimes(6);
});

it('reports an impossible number of bytes as an error without bytes', () => {
  const { call, onDone } = checked();
  for (const bytes of [-1, 11, 1.5, Number.NaN]) {
    call.begin(10)(undefined, bytes);
    expect(onDone).toHaveBeenLastCalledWith(expect.any(Error), 0);
  }
  const cause = new Error('no space left');
  call.begin(10)(cause, 3);
  expect(onDone).toHaveBeenLastCalledWith(cause, 3);
});
