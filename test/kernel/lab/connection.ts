/** How tests reach the guest. */
export interface LabConnection {
  /** The folder that host and guest share. */
  readonly share: string;
  /** The socket of the agent's serial line; it takes one connection at a time. */
  readonly socket: string;
  readonly consoleLog: string;
}
