/** How tests connect to the guest. */
export interface LabConnection {
  /** Directory shared by host and guest. */
  readonly share: string;
  /** Socket of the agent's serial line; it accepts one connection at a time. */
  readonly socket: string;
  readonly consoleLog: string;
}
