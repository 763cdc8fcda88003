/** Where a program's bytes go. */
export interface Output {
  readonly name: string;
  /**
   * The script that sends the output of `command` there, and sets `delivered` to the number of bytes
   * that came; to nothing where nobody can tell.
   */
  readonly script: (command: string) => string;
}

/** A folder in the guest's memory. */
const TMPFS = '/dev/shm';

export const OUTPUTS: readonly Output[] = [
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
