/** Where a program's bytes go or come from. */
export interface Place {
  readonly name: string;
  /**
   * Returns a script that runs `command` with its stdout, or its stdin with this many bytes, at this
   * place. The script sets `delivered` to the number of bytes that arrived, or to nothing if unknown.
   */
  readonly script: (command: string, bytes: number) => string;
}

/** A directory in memory. */
const TMPFS = '/dev/shm';

/** Capacity of a pipe; each run moves a multiple of it. */
const PIPE = 64 * 1024;

export const OUTPUTS: readonly Place[] = [
  {
    name: 'file',
    script: (command) => `
      ${command} >${TMPFS}/output
      delivered=$(stat -c %s ${TMPFS}/output)
      rm ${TMPFS}/output`,
  },
  {
    name: 'pipe',
    script: (command) => `delivered=$(${command} | wc -c)`,
  },
  {
    name: 'null',
    script: (command) => `${command} >/dev/null; delivered=`,
  },
];

export const INPUTS: readonly Place[] = [
  {
    name: 'file',
    script: (command, bytes) => `
      head -c ${bytes} /dev/zero >${TMPFS}/input
      ${command} <${TMPFS}/input
      delivered=
      rm ${TMPFS}/input`,
  },
  {
    name: 'pipe',
    // dd writes as much as a pipe holds; head's small writes would limit the rate.
    script: (command, bytes) => `
      dd if=/dev/zero bs=${PIPE} count=${bytes / PIPE} status=none | ${command}
      delivered=`,
  },
  {
    name: 'zero',
    script: (command) => `${command} </dev/zero; delivered=`,
  },
];
