#!/usr/bin/env node
// Before anything is loaded: main() decides what a signal at the start does. Without a listener, SIGUSR1
// would open Node's debugger port.
const received = new Set();
const keep = (signal) => received.add(signal);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1']) {
  process.on(signal, keep);
}
const { main } = await import('../dist/cli.js');
await main(process.argv, { received, keep });
// Without this, Node would remove the listeners first, and a late signal would change the exit status.
process.exit();
