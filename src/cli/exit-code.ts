/**
 * Every code that usbxfer exits with; 128 + n stands for signal n before a limit was reached. Which
 * failure exits with which stands in `errors.ts`.
 */
export const EXIT = {
  done: 0,
  internal: 1,
  usage: 2,
  notFound: 3,
  cannotOpen: 4,
  deviceLost: 5,
  transferErrors: 6,
  ioFailed: 7,
  shortOfLimit: 8,
} as const;
