import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const PIPE = 'node bin/usbxfer.js pipe --vid 1234 --pid 5678';
const CONTROL = 'node bin/usbxfer.js control --vid 1234 --pid 5678';
const SIZE = 50_000_000;

afterEach(async () => {
  await guest('gadget down one; rm -f /run/scratch/input /run/scratch/summary /run/scratch/reply');
});

describeInLab('usbxfer pipe', () => {
  it.each([
    ['super', `--bytes ${SIZE}`, 'limit'],
    ['high', '--linger 5s', 'input-ended'],
  ])('receives from a loopback everything that it sends, at %s speed', async (speed, until, end) => {
    const { stdout, stderr, code } = await guest(`
      set -o pipefail
      gadget up one loopback --speed ${speed} >/dev/null || exit 99
      head -c ${SIZE} /dev/urandom > /run/scratch/input
      sha256sum < /run/scratch/input
      cat /run/scratch/input | ${PIPE} ${until} --json | sha256sum`);
    const [sent, received] = stdout.toString().split('\n');
    expect(received).toBe(sent);
    expect(JSON.parse(stderr)).toMatchObject({
      end_reason: end,
      error: null,
      in: { bytes_received: SIZE, bytes_written: SIZE },
      out: { bytes_read: SIZE, bytes_accepted: SIZE, bytes_unsent: 0 },
    });
    expect(code).toBe(0);
  });

  it('sends each line immediately, and writes its response before the next line', async () => {
    // If a line is a multiple of the packet size, only a zero-length packet marks its end.
    const lines = [6, 1024, 2, 100, 2048, 3];
    const { stdout, stderr, code } = await guest(`
      gadget up one loopback >/dev/null || exit 99
      coproc ${PIPE} --zlp always --linger 100ms -q
      pid=$COPROC_PID from=\${COPROC[0]} to=\${COPROC[1]}
      for length in ${lines.join(' ')}; do
        printf '%0*d\\n' $((length - 1)) $length >&$to
        read -r -t 30 reply <&$from || break
        echo \${#reply} $((10#$reply))
      done
      exec {to}>&-
      wait $pid`);
    expect(stderr).toBe('');
    expect(stdout.toString()).toBe(lines.map((length) => `${length - 1} ${length}\n`).join(''));
    expect(code).toBe(0);
  });

  it('waits for a response that the device sends after the end of the input', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- --start-by-request message 3000 >/dev/null || exit 99
      (until [[ $(gadget account one) == *'"bytes":17,'* ]]; do sleep 0.1; done
        ${CONTROL} out vendor device 1 1) &
      printf 'a question to it\\n' | ${PIPE} --linger 30s --bytes 3000 --json 2> /run/scratch/summary |
        check-counters; code=$?
      wait $!; cat /run/scratch/summary >&2; exit $code`);
    expect(stdout.toString()).toBe('3000\n');
    expect(JSON.parse(stderr)).toMatchObject({
      end_reason: 'limit',
      in: { bytes_written: 3000 },
      out: { bytes_accepted: 17 },
    });
    expect(code).toBe(0);
  });
});
