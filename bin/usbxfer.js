#!/usr/bin/env node
// A CommonJS module (package.json), because Node starts it sooner: before anything is loaded, a signal is
// kept, and main() decides what it does. Without a listener, SIGUSR1 would open Node's debugger port.
const received = new Set();
const keep = (signal) => received.add(signal);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1']) {
  process.on(signal, keep);
}
import('../dist/cli.js')
  .then(({ main }) => main(process.argv, { received, keep }))
  // Node would remove the listeners before it ends, and a late signal would change the exit status.
  .then(() => process.exit());
